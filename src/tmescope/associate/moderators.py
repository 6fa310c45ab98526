"""What goes with an effect across cohorts: meta-regression on numbers and on kinds of cohorts, feature by feature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.associate.across_cohorts import ANSWER_KEY, numbers_to_pool
from tmescope.associate.families import adjust_within
from tmescope.foundation.errors import InputError
from tmescope.stats.between_studies import usable_studies
from tmescope.stats.meta_analysis import MetaRegression, PoolingOptions, regress_effects

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["moderate_answers"]


@dataclass(frozen=True)
class _Moderator:
    """One property of cohorts: a number, or one column for each kind but the most common."""

    name: str
    design: Mapping[str, tuple[float, ...]]
    levels: tuple[str, ...]
    reference: str
    kinds: Mapping[str, str] = field(default_factory=dict)

    def among(self, cohorts: Iterable[str]) -> _Moderator:
        """Return it with a reference that some of these cohorts are of, where kinds are compared."""
        here = [self.kinds[c] for c in cohorts if c in self.kinds]
        return self if not here or self.reference in here else _of_kinds(self.name, self.kinds, here)


def moderate_answers(
    answers: pd.DataFrame,
    values: Mapping[str, float] | Mapping[str, str] | Mapping[str, float | str],
    *,
    moderator: str,
    options: PoolingOptions | None = None,
) -> pd.DataFrame:
    """Ask whether an effect goes with a property of the cohorts, such as the year or the class of the drug.

    Says what differs between cohorts, not between patients: cohorts differ in more than the property. To be stated
    beforehand; with few cohorts it sees little.

    Parameters
    ----------
    answers : pandas.DataFrame
        Rows of the table ``answers``, on the scales of `tmescope.associate.across_cohorts.pool_answers`.
    values : mapping of str to float or str
        Cohort to its value: numbers, or words for kinds. Cohorts without one are left out and named.
    moderator : str
        Its name, with its unit where it has one.
    options : PoolingOptions, optional
        Estimator, test, level; REML and Hartung-Knapp if omitted.

    Returns
    -------
    pandas.DataFrame
        The table ``meta_regression``: one row for each feature, kind of effect, adjustment and slope. ``level`` is
        empty for a number, whose slope is per unit; for kinds it is the kind that is compared with ``reference``, the
        most common one, or, where no cohort of that is estimated, the most common of those that are. ``coefficient``,
        its limits and tau2 are on ``scale`` (log, logit, or empty for differences); ``p_moderator`` is of all slopes of
        the moderator together; ``r2`` the percentage of the variance between cohorts that it explains; ``tau2`` what is
        left, ``tau2_without`` what there was. Numbers are NaN, with the reason in ``method``, where cohorts are fewer
        than slopes + 2 or of one kind. Families of q-values are all features of one question, kind of effect,
        adjustment, moderator, level and reference.

    Raises
    ------
    InputError
        If values are numbers and words, or of one kind in all cohorts.

    Notes
    -----
    See `tmescope.stats.meta_analysis.regress_effects`. Cohorts must not share patients: see
    `tmescope.associate.shared_patients.count_once`.
    """
    chosen = options or PoolingOptions()
    asked = _read(values, moderator)
    rows: list[dict[str, object]] = []
    for key, part in answers.groupby(ANSWER_KEY, sort=False, dropna=False):
        pooled = numbers_to_pool(part)
        if pooled is not None:
            scale, y, s = pooled
            head = dict(zip(ANSWER_KEY, key, strict=True))
            rows += [{**head, "scale": scale, **row} for row in _rows(part, asked, (y, s), options=chosen)]
    return _with_families(pd.DataFrame(rows))


def _read(values: Mapping[str, float] | Mapping[str, str] | Mapping[str, float | str], name: str) -> _Moderator:
    words = {c: v for c, v in values.items() if isinstance(v, str)}
    if words and len(words) < len(values):
        raise InputError(
            f"the moderator {name!r} has numbers and words",
            where="argument values",
            expected="numbers of all cohorts, or words of all",
        )
    if len(set(values.values())) < 2:
        raise InputError(
            f"the moderator {name!r} has one value in all cohorts",
            where="argument values",
            expected="cohorts that differ in it",
        )
    if not words:
        return _Moderator(name, {c: (float(v),) for c, v in values.items()}, ("",), "")
    return _of_kinds(name, words, list(words.values()))


def _of_kinds(name: str, words: Mapping[str, str], counted: list[str]) -> _Moderator:
    """Compare kinds with the most common of those that are counted."""
    counts = Counter(counted)
    reference = min(counts, key=lambda word: (-counts[word], word))
    levels = tuple(sorted(set(words.values()) - {reference}))
    design = {c: tuple(float(w == k) for k in levels) for c, w in words.items()}
    return _Moderator(name, design, levels, reference, words)


def _rows(
    part: pd.DataFrame,
    asked: _Moderator,
    numbers: tuple[NDArray[np.float64], NDArray[np.float64]],
    *,
    options: PoolingOptions,
) -> Iterator[dict[str, object]]:
    y, s = numbers
    cohorts = part["cohort_id"].astype(str)
    estimated = usable_studies(y, s)
    asked = asked.among(cohorts[estimated])
    nothing = (np.nan,) * len(asked.levels)
    x = np.array([asked.design.get(c, nothing) for c in cohorts], dtype=np.float64).reshape(-1, len(asked.levels))
    used = estimated & np.isfinite(x).all(axis=1)
    # a kind that no estimated cohort is of has no slope, and takes none from the others
    there = [i for i in range(len(asked.levels)) if not asked.levels[i] or x[used, i].any()]
    found = regress_effects(y, s, x[:, there], options=options) if there else None
    reasons = np.where(estimated, "no value of the moderator", part["method"].astype(str))
    out = [f"{c} ({r})" for c, r, used_ in zip(cohorts, reasons, used, strict=True) if not used_]
    for i, level in enumerate(asked.levels):
        yield {
            "moderator": asked.name,
            "level": level,
            "reference": asked.reference,
            "k": int(used.sum()),
            **_slope(found, there.index(i) + 1 if i in there else None),
            "cohorts": ", ".join(cohorts[used]),
            "left_out": "; ".join(out),
        }


def _slope(found: MetaRegression | None, at: int | None) -> dict[str, object]:
    if found is None or at is None:
        names = ("coefficient", "std_error", "ci_low", "ci_high", "p_value", "p_moderator", "intercept", "tau2")
        nothing = dict.fromkeys((*names, "tau2_without", "r2"), float("nan"))
        return {**nothing, "method": "not estimated (no cohort of this kind)"}
    return {
        "coefficient": found.coefficients[at],
        "std_error": found.std_errors[at],
        "ci_low": found.ci_low[at],
        "ci_high": found.ci_high[at],
        "p_value": found.p_values[at],
        "p_moderator": found.p_value,
        "intercept": found.coefficients[0],
        "tau2": found.tau2,
        "tau2_without": found.tau2_without,
        "r2": found.r2,
        "method": f"not estimated ({found.reason})" if found.reason else f"meta-regression: {found.method}",
    }


def _with_families(table: pd.DataFrame) -> pd.DataFrame:
    if not len(table):
        return table
    names = [
        " | ".join(
            str(word)
            for word in (
                "meta-regression", row["question_id"], row["endpoint"], row["effect_name"],
                f"adjusted for {row['adjusted_for']}" if row["adjusted_for"] else "", row["moderator"],
                f"{row['level']} against {row['reference']}" if row["level"] else "",
            )
            if word
        )
        for row in table.to_dict(orient="records")
    ]  # fmt: skip
    return adjust_within(table.assign(family=names))
