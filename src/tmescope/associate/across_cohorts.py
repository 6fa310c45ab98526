"""Does an effect hold in other cohorts: cohorts' answers pooled, or regressed on what differs between them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from tmescope.associate.families import adjust_within
from tmescope.foundation.result import RunWarning
from tmescope.stats.between_studies import usable_studies
from tmescope.stats.meta_analysis import PooledEffect, PoolingOptions, pool_effects, regress_effects
from tmescope.stats.study_influence import egger_test, leave_one_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = [
    "ANSWER_KEY",
    "OVERALL",
    "PoolPlan",
    "PooledAnswers",
    "numbers_to_pool",
    "pool_answers",
    "regress_answers",
]

OVERALL = ""
"""Stratum of what is pooled over all cohorts."""

ANSWER_KEY = ["question_id", "endpoint", "effect_name", "adjusted_for", "source", "feature"]
"""Columns that tell apart what is never pooled together."""

_FAMILY = ["question_id", "endpoint", "effect_name", "adjusted_for", "stratum"]
_RATIOS = (
    "odds_ratio",
    "cumulative_odds_ratio",
    "hazard_ratio",
    "cause_specific_hazard_ratio",
    "competing_hazard_ratio",
    "subdistribution_hazard_ratio",
    "interaction_ratio",
    "interaction_odds_ratio",
    "restricted_mean_ratio",
)
_DIFFERENCES = ("restricted_mean_difference", "log_fold_change", "difference", "change_")
_FEWEST_LEFT = 2


@dataclass(frozen=True, kw_only=True)
class PoolPlan:
    """How answers are pooled; all of it said before they are seen.

    Parameters
    ----------
    options : PoolingOptions
        Estimator, test, level.
    strata : mapping of str to str
        Cohort to stratum: pooled within each, and over all cohorts. Cohorts without one are in the latter alone.
    fewest_cohorts : int
        Fewer estimates than this are not pooled.
    """

    options: PoolingOptions = field(default_factory=PoolingOptions)
    strata: Mapping[str, str] = field(default_factory=dict)
    fewest_cohorts: int = 2


@dataclass(frozen=True)
class PooledAnswers:
    """Outcome of `pool_answers`.

    Parameters
    ----------
    pooled : pandas.DataFrame
        The table ``pooled``: one row for each feature, kind of effect, adjustment and stratum.
    leave_one_out : pandas.DataFrame
        The table ``leave_one_out``.
    warnings : tuple of RunWarning
        Intervals narrower than those of a fixed effect, features that too few cohorts could estimate.
    """

    pooled: pd.DataFrame
    leave_one_out: pd.DataFrame
    warnings: tuple[RunWarning, ...]


def pool_answers(answers: pd.DataFrame, *, plan: PoolPlan) -> PooledAnswers:
    """Pool the answers of several cohorts, feature by feature; endpoints and kinds of effect are never mixed.

    Parameters
    ----------
    answers : pandas.DataFrame
        Rows of the table ``answers``. Ratios are pooled as logarithms, areas under the curve as logits, differences as
        they are; other effects (test statistics) are not pooled.
    plan : PoolPlan
        Estimator, strata.

    Returns
    -------
    PooledAnswers
        Effects on their natural scale, ``std_error`` and ``tau2`` on the one that they were pooled on. Families of
        q-values are all features of one question, endpoint, kind of effect, adjustment and stratum. `checks` says in
        words where cohorts agree by luck; the columns that end in ``max1`` hold what Hartung-Knapp not below one gives.

    Notes
    -----
    Cohorts whose effect could not be estimated are named in ``left_out`` with their reason. Cohorts must not share
    patients: see `tmescope.associate.shared_patients.count_once`.
    """
    rows: list[dict[str, object]] = []
    without: list[dict[str, object]] = []
    few: list[str] = []
    strata = dict(plan.strata)
    for key, part in answers.groupby(ANSWER_KEY, sort=False, dropna=False):
        head = dict(zip(ANSWER_KEY, key, strict=True))
        scale = _scale(str(head["effect_name"]))
        if scale is None:
            continue
        for stratum in [OVERALL, *dict.fromkeys(strata.values())]:
            inside = part if stratum == OVERALL else part[part["cohort_id"].map(strata) == stratum]
            if int(inside["effect"].notna().sum()) < plan.fewest_cohorts:
                few += [str(head["feature"])] if stratum == OVERALL else []
                continue
            row, left = _pool(inside, scale, plan.options)
            rows.append({**head, "stratum": stratum, **row})
            without += [{**head, "stratum": stratum, **r} for r in left]
    pooled = _with_families(pd.DataFrame(rows))
    return PooledAnswers(pooled, pd.DataFrame(without), tuple(_warnings(pooled, few)))


def regress_answers(
    answers: pd.DataFrame, values: Mapping[str, float], *, covariate: str, options: PoolingOptions | None = None
) -> pd.DataFrame:
    """Ask whether an effect goes with a property of the cohorts: meta-regression, feature by feature.

    Says what differs between cohorts, not between patients: a share of women in a cohort that goes with its effect does
    not show that the effect differs by sex. To be stated beforehand; with few cohorts it sees little.

    Parameters
    ----------
    answers : pandas.DataFrame
        Rows of the table ``answers``, pooled on the scales of `pool_answers`.
    values : mapping of str to float
        Cohort to the covariate. Cohorts without a finite one are left out and named.
    covariate : str
        Its name, with its unit.
    options : PoolingOptions, optional
        Estimator, test, level; REML and Hartung-Knapp if omitted.

    Returns
    -------
    pandas.DataFrame
        One row for each feature, kind of effect and adjustment: the columns that tell them apart, covariate, scale
        (``log``, ``logit`` or empty: slope, std_error, limits, intercept and tau2 are on it), k, slope (change of the
        effect per unit), std_error, ci_low, ci_high, p_value, intercept, tau2 (what is left), tau2_without, r2
        (percent explained), method, cohorts, left_out. Numbers NaN, with the reason in method, where cohorts are fewer
        than three or all have one value.

    Notes
    -----
    See `tmescope.stats.meta_analysis.regress_effects`. Cohorts must not share patients: see
    `tmescope.associate.shared_patients.count_once`.
    """
    chosen = options or PoolingOptions()
    rows: list[dict[str, object]] = []
    for key, part in answers.groupby(ANSWER_KEY, sort=False, dropna=False):
        head = dict(zip(ANSWER_KEY, key, strict=True))
        scale = _scale(str(head["effect_name"]))
        if scale is not None:
            rows.append({**head, "covariate": covariate, **_regress(part, values, scale=scale, options=chosen)})
    return pd.DataFrame(rows)


def _regress(
    part: pd.DataFrame, values: Mapping[str, float], *, scale: _Scale, options: PoolingOptions
) -> dict[str, object]:
    y, s = scale.numbers(part)
    cohorts = part["cohort_id"].astype(str)
    x = np.array([values.get(c, np.nan) for c in cohorts], dtype=np.float64)
    estimated, placed = usable_studies(y, s), np.isfinite(x)
    found = regress_effects(y, s, x, options=options)
    reasons = np.where(estimated, "no value of the covariate", part["method"].astype(str))
    out = [f"{c} ({r})" for c, r, used in zip(cohorts, reasons, estimated & placed, strict=True) if not used]
    return {
        "scale": scale.name,
        "k": found.k,
        "slope": found.coefficients[1],
        "std_error": found.std_errors[1],
        "ci_low": found.ci_low[1],
        "ci_high": found.ci_high[1],
        "p_value": found.p_values[1],
        "intercept": found.coefficients[0],
        "tau2": found.tau2,
        "tau2_without": found.tau2_without,
        "r2": found.r2,
        "method": f"not estimated ({found.reason})" if found.reason else f"meta-regression: {found.method}",
        "cohorts": ", ".join(cohorts[estimated & placed]),
        "left_out": "; ".join(out),
    }


@dataclass(frozen=True)
class _Scale:
    """Where effects are about normal: there, back, and what an error becomes there."""

    name: str
    there: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    back: Callable[[float], float]

    def errors(self, effects: NDArray[np.float64], std_errors: NDArray[np.float64]) -> NDArray[np.float64]:
        # errors of ratios are already those of the logarithm
        return std_errors / (effects * (1.0 - effects)) if self.name == "logit" else std_errors

    def numbers(self, part: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return effects and standard errors on this scale."""
        effect = part["effect"].to_numpy(dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.there(effect), self.errors(effect, part["std_error"].to_numpy(dtype=np.float64))


def numbers_to_pool(answers: pd.DataFrame) -> tuple[str, NDArray[np.float64], NDArray[np.float64]] | None:
    """Return effects of one kind on the scale that they are pooled on.

    Parameters
    ----------
    answers : pandas.DataFrame
        Rows of the table ``answers`` of one effect_name.

    Returns
    -------
    tuple of str, array, array; or None
        ``log``, ``logit`` or empty, the effects, their standard errors; None for kinds that are not pooled.
    """
    scale = _scale(str(answers["effect_name"].iloc[0]))
    return None if scale is None else (scale.name, *scale.numbers(answers))


def _scale(effect_name: str) -> _Scale | None:
    if "_at_cut" in effect_name and not effect_name.endswith("_held_out"):
        return None  # effects at a cut that was sought in the same patients are too large by construction
    if effect_name.startswith(_RATIOS):
        return _Scale("log", np.log, lambda v: float(np.exp(v)))
    if effect_name == "auc":
        return _Scale("logit", special.logit, lambda v: float(special.expit(v)))
    if effect_name.startswith(_DIFFERENCES):
        return _Scale("", lambda v: v, float)
    return None


def _pool(
    part: pd.DataFrame, scale: _Scale, options: PoolingOptions
) -> tuple[dict[str, object], list[dict[str, object]]]:
    y, s = scale.numbers(part)
    found = pool_effects(y, s, options=options)
    used = part[found.used]
    lost = part[~found.used]
    how = f"{found.method}, on the {scale.name} scale" if scale.name == "logit" else found.method
    spread = found.spread
    row: dict[str, object] = {
        "k": found.k,
        "n": int(used["n"].sum()),
        "n_events": int(used["n_events"].sum()),
        "effect": scale.back(found.estimate),
        "std_error": found.std_error,
        "ci_low": scale.back(found.ci_low),
        "ci_high": scale.back(found.ci_high),
        "p_value": found.p_value,
        "method": how,
        "tau2": spread.tau2,
        "tau2_low": spread.tau2_low,
        "tau2_high": spread.tau2_high,
        "i2": spread.i2,
        "q": spread.q,
        "q_p_value": spread.q_p_value,
        "prediction_low": scale.back(found.prediction_low),
        "prediction_high": scale.back(found.prediction_high),
        "prediction_df": found.prediction_df,
        "narrower_than_fixed": found.narrower_than_fixed,
        "fixed_effect": scale.back(found.fixed_estimate),
        "fixed_ci_low": scale.back(found.fixed_ci_low),
        "fixed_ci_high": scale.back(found.fixed_ci_high),
        "ci_low_max1": scale.back(found.max1_ci_low),
        "ci_high_max1": scale.back(found.max1_ci_high),
        "p_value_max1": found.max1_p_value,
        "egger_p": egger_test(y, s).p_value,
        "cohorts": ", ".join(used["cohort_id"].astype(str)),
        "left_out": "; ".join(f"{c} ({m})" for c, m in zip(lost["cohort_id"], lost["method"], strict=True)),
        "checks": _checks(found, scale),
    }
    return row, list(_without_each(used, y[found.used], s[found.used], scale=scale, options=options))


def _checks(found: PooledEffect, scale: _Scale) -> str:
    if not found.narrower_than_fixed:
        return ""
    low, high = scale.back(found.max1_ci_low), scale.back(found.max1_ci_high)
    return (
        f"the cohorts agree more than their errors would have them (residual mean square "
        f"{found.residual_mean_square:.2g}, about 1 is usual), and few cohorts do so by luck: this interval and p are "
        f"too good; not below one: {low:.3g} to {high:.3g}, p {found.max1_p_value:.3g}"
    )


def _without_each(
    used: pd.DataFrame, y: NDArray[np.float64], s: NDArray[np.float64], *, scale: _Scale, options: PoolingOptions
) -> Iterator[dict[str, object]]:
    if len(used) <= _FEWEST_LEFT:
        return
    for cohort, rest in zip(used["cohort_id"], leave_one_out(y, s, options=options), strict=True):
        yield {
            "left_out_cohort": str(cohort),
            "k": rest.k,
            "effect": scale.back(rest.estimate),
            "ci_low": scale.back(rest.ci_low),
            "ci_high": scale.back(rest.ci_high),
            "p_value": rest.p_value,
            "tau2": rest.spread.tau2,
        }


def _with_families(pooled: pd.DataFrame) -> pd.DataFrame:
    if not len(pooled):
        return pooled
    return adjust_within(pooled.assign(family=[_family(row) for row in pooled[_FAMILY].to_dict(orient="records")]))


def _family(row: Mapping[Hashable, object]) -> str:
    parts = ["pooled", row["question_id"], row["endpoint"], row["effect_name"]]
    parts += [f"adjusted for {row['adjusted_for']}"] if row["adjusted_for"] else []
    parts += [row["stratum"]] if row["stratum"] != OVERALL else []
    return " | ".join(str(p) for p in parts)


def _warnings(pooled: pd.DataFrame, few: list[str]) -> Iterator[RunWarning]:
    if len(pooled) and pooled["narrower_than_fixed"].any():
        rows = pooled[pooled["narrower_than_fixed"]]
        message = (
            f"{len(rows)} pooled intervals are narrower than those of a fixed effect: the cohorts agree more than "
            "chance would have them, which few cohorts can do by luck; what to hold by are ci_low_max1, ci_high_max1 "
            "and p_value_max1 (Hartung-Knapp not below one), and fixed_ci_low and fixed_ci_high stand beside"
        )
        names = tuple(dict.fromkeys(rows["feature"].astype(str)))
        yield RunWarning("pooled.narrower_than_fixed", message, str(rows["question_id"].iloc[0]), len(rows), names[:3])
    if few:
        message = f"{len(few)} effects were estimated in too few cohorts and are not pooled"
        yield RunWarning("pooled.too_few_cohorts", message, "pooled", len(few), tuple(dict.fromkeys(few))[:3])
