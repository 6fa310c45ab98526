"""Cut-offs that were chosen once: frozen, and carried to cohorts that had no part in choosing them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.associate.outcomes import read_outcome
from tmescope.associate.rows import count_left_out
from tmescope.foundation.errors import InputError
from tmescope.foundation.result import RunWarning

if TYPE_CHECKING:
    from tmescope.associate.features import Feature

__all__ = ["FrozenCutoff", "assign_groups", "carry_cutoff", "freeze_cutoff", "give_cutoff"]


@dataclass(frozen=True, kw_only=True)
class FrozenCutoff:
    """A cut-off with all that must be known to apply and to judge it.

    Parameters
    ----------
    feature, source : str
        Of what; must be the same where it is applied.
    unit : str
        Of its values, such as ``log2(tpm+1)``; empty where it is not known.
    cut : float
        Values at or below it are low, others high.
    direction : int
        1 where high values had more events (or responses), -1 where fewer, 0 where that is not known.
    chosen_by : str
        How it was found, in words.
    cohort_id, endpoint : str
        On what.
    n, n_events, n_low, n_high : int
        On how many.
    statistic, p_naive, p_lau92, p_lau94, p_exact_gauss, p_permutation : float
        As in `tmescope.stats.cutpoints.CutPoint`; NaN where the cut was not looked for.
    """

    feature: str
    source: str
    unit: str
    cut: float
    direction: int
    chosen_by: str
    cohort_id: str
    endpoint: str
    n: int
    n_events: int
    n_low: int
    n_high: int
    statistic: float
    p_naive: float
    p_lau92: float
    p_lau94: float
    p_exact_gauss: float
    p_permutation: float

    def __post_init__(self) -> None:
        if not np.isfinite(self.cut):
            raise InputError(
                f"the cut-off of {self.feature} is {self.cut}",
                where="argument cut",
                expected="a number",
                next_step="look at the column reason of the table of cuts",
            )
        if self.direction not in (-1, 0, 1):
            raise InputError(
                f"the direction is {self.direction!r}", where="argument direction", expected="1, -1 or 0 (not known)"
            )


def freeze_cutoff(answers: pd.DataFrame, cuts: pd.DataFrame, *, feature: str, source: str, unit: str) -> FrozenCutoff:
    """Freeze the cut of one feature as `tmescope.associate.cutpoints.associate_cutpoints` found it.

    Parameters
    ----------
    answers, cuts : pandas.DataFrame
        Its two tables, of one cohort and endpoint.
    feature, source : str
        Which feature.
    unit : str
        Of its values; empty where it is not known.

    Raises
    ------
    InputError
        If the feature has not exactly one row, or no cut.
    """
    row = _only(cuts, feature=feature, source=source, what="cuts")
    corrected = answers[answers["effect_name"].str.endswith("_at_cut")]
    told = _only(corrected, feature=feature, source=source, what="answers")
    return FrozenCutoff(
        feature=feature,
        source=source,
        unit=unit,
        cut=float(row["cut"]),
        direction=int(row["direction"]),
        chosen_by=str(told["method"]),
        cohort_id=str(row["cohort_id"]),
        endpoint=str(row["endpoint"]),
        n=int(told["n"]),
        n_events=int(told["n_events"]),
        n_low=int(row["n_low"]),
        n_high=int(row["n_high"]),
        statistic=float(row["statistic"]),
        p_naive=float(row["p_naive"]),
        p_lau92=float(row["p_lau92"]),
        p_lau94=float(row["p_lau94"]),
        p_exact_gauss=float(row["p_exact_gauss"]),
        p_permutation=float(row["p_permutation"]),
    )


def give_cutoff(feature: Feature, cut: float, *, unit: str, chosen_by: str, cohort_id: str) -> FrozenCutoff:
    """Freeze a cut-off that was not looked for here: from a paper, an assay, or a median.

    Parameters
    ----------
    feature : Feature
        Of what, with its values in the cohort where it was taken from; no values where there is none.
    cut : float
        Values at or below it are low.
    unit : str
        Of the values; empty where it is not known.
    chosen_by : str
        Where it comes from, in words; not empty.
    cohort_id : str
        Cohort that it comes from; empty where there is none.

    Raises
    ------
    InputError
        If the cut is no number, or nothing is said about its origin.
    """
    if not chosen_by.strip():
        raise InputError(
            "nothing is said about where the cut-off comes from",
            where="argument chosen_by",
            expected="a source, such as a DOI or 'median of cohort x'",
        )
    values = feature.values.to_numpy(dtype=np.float64)
    nan = float("nan")
    return FrozenCutoff(
        feature=feature.name,
        source=feature.source,
        unit=unit,
        cut=float(cut),
        direction=0,
        chosen_by=chosen_by,
        cohort_id=cohort_id,
        endpoint="",
        n=int((~np.isnan(values)).sum()),
        n_events=0,
        n_low=int((values <= cut).sum()),
        n_high=int((values > cut).sum()),
        statistic=nan,
        p_naive=nan,
        p_lau92=nan,
        p_lau94=nan,
        p_exact_gauss=nan,
        p_permutation=nan,
    )


def assign_groups(cutoff: FrozenCutoff, feature: Feature, *, unit: str) -> pd.Series[float]:
    """Return who is above a frozen cut-off: 1 above, 0 at or below, NaN where the value is missing.

    Parameters
    ----------
    cutoff : FrozenCutoff
        From `freeze_cutoff`, `give_cutoff` or a file.
    feature : Feature
        The same feature of any cohort.
    unit : str
        Of its values; must be the same.

    Raises
    ------
    InputError
        If it is another feature, or in another unit: a cut-off is a number on one scale.
    """
    asked, frozen = (feature.name, feature.source, unit), (cutoff.feature, cutoff.source, cutoff.unit)
    if asked != frozen:
        raise InputError(
            f"the cut-off is one of {' / '.join(frozen)}, the values are {' / '.join(asked)}",
            where="argument feature",
            expected="the same feature, source and unit",
            next_step="score the cohort as the one in which the cut-off was chosen",
        )
    values = feature.values.astype("float64")
    return (values > cutoff.cut).astype("float64").where(values.notna())


def carry_cutoff(
    cutoff: FrozenCutoff,
    feature: Feature,
    outcome: pd.DataFrame | pd.Series[str],
    *,
    unit: str,
    cohort_id: str,
    endpoint: str,
) -> tuple[pd.DataFrame, tuple[RunWarning, ...]]:
    """Estimate the effect of a frozen cut-off in a cohort that had no part in choosing it.

    Parameters
    ----------
    cutoff : FrozenCutoff
        Not changed by anything in this cohort.
    feature : Feature
        The same feature, here.
    outcome : pandas.DataFrame or pandas.Series
        As for `tmescope.associate.cutpoints.associate_cutpoints`.
    unit : str
        Of the values; must be that of the cut-off.
    cohort_id, endpoint : str
        Names for the table.

    Returns
    -------
    answers : pandas.DataFrame
        One row, ``hazard_ratio_at_frozen_cut`` or ``odds_ratio_at_frozen_cut`` (high against low), with the columns of
        `tmescope.associate.cutpoints.CutPointAnswers.answers`. Its p needs no correction for the choice of the cut.
    warnings : tuple of RunWarning
        About the endpoint; all on one side of the cut; another endpoint; the effect goes the other way.

    Raises
    ------
    InputError
        If this is the cohort that chose the cut-off, or feature or unit differ.
    SampleError, EndpointError
        If the outcome is not one row a sample, or holds what its kind does not allow.
    """
    if cutoff.endpoint and cohort_id == cutoff.cohort_id:
        raise InputError(
            f"cohort {cohort_id} chose this cut-off: its effect there is too large by construction",
            where="argument cohort_id",
            expected="another cohort",
            next_step="take the held-out effect of that cohort",
        )
    where = f"{cohort_id}: {endpoint}"
    known = read_outcome(outcome, where=where)
    groups = np.asarray(assign_groups(cutoff, feature, unit=unit).reindex(known.sample_ids), dtype=np.float64)
    # a group is 1 above one half: `compare` then cuts the groups as they are
    found = known.compare(groups, 0.5)
    n_left_out, left_out = count_left_out([(known.n_without, "endpoint"), (int(np.isnan(groups).sum()), "value")])
    reason = found.pop("reason")
    origin = f"cut {cutoff.cut:.6g} frozen on {cutoff.cohort_id or 'no cohort'}: {cutoff.chosen_by}"
    method = f"not estimated ({reason})" if reason else found["method"]
    sides = f"low {int((groups == 0.0).sum())}, high {int((groups == 1.0).sum())}"
    row = {
        "question_id": f"cutpoint:{endpoint}",
        "cohort_id": cohort_id,
        "feature": feature.name,
        "source": feature.source,
        "endpoint": endpoint,
        **found,
        "effect_name": f"{known.ratio}_at_frozen_cut",
        "method": method,
        "adjusted_for": "",
        "n_left_out": n_left_out,
        "left_out": left_out,
        "checks": f"{origin}; {sides}{_corrected(cutoff)}",
    }
    return pd.DataFrame([row]), (*known.warnings, *_tell(cutoff, row, reason=reason, where=where))


def _corrected(cutoff: FrozenCutoff) -> str:
    if np.isnan(cutoff.p_naive):
        return ""
    return f"; there p naive {cutoff.p_naive:.3g}, Lausen-Schumacher 1994 {cutoff.p_lau94:.3g}"


def _tell(cutoff: FrozenCutoff, row: dict[str, Any], *, reason: str, where: str) -> Iterator[RunWarning]:
    if cutoff.endpoint and row["endpoint"] != cutoff.endpoint:
        message = f"the cut-off was chosen for {cutoff.endpoint} and is applied to {row['endpoint']}"
        yield RunWarning("cutpoints.other_endpoint", message, where, 1, (cutoff.feature,))
    if reason:
        message = f"the effect of the frozen cut-off could not be estimated ({reason})"
        yield RunWarning("cutpoints.not_estimated", message, where, 1, (cutoff.feature,))
    elif cutoff.direction and (row["effect"] - 1.0) * cutoff.direction < 0.0:
        message = "the effect goes the other way than where the cut-off was chosen"
        yield RunWarning("cutpoints.other_direction", message, where, 1, (cutoff.feature,))


def _only(table: pd.DataFrame, *, feature: str, source: str, what: str) -> Any:
    rows = table[(table["feature"] == feature) & (table["source"] == source)]
    if len(rows) != 1:
        raise InputError(
            f"{feature} ({source}) has {len(rows)} rows in the {what}",
            where=f"argument {what}",
            expected="one, from one cohort and endpoint",
        )
    return rows.iloc[0]
