"""The effect of a locked score on an endpoint, as its plan asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.associate.rows import count_left_out
from tmescope.foundation.errors import InputError, examples
from tmescope.stats.screened_outcomes import ScreenOptions, cox_outcome, logistic_outcome
from tmescope.stats.screening import screen_columns

if TYPE_CHECKING:
    from tmescope.associate.biomarkers import LockedBiomarker

__all__ = ["Estimate", "estimate_effect"]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Effect of a locked score on an endpoint.

    Parameters
    ----------
    effect_name : str
        ``odds_ratio`` or ``hazard_ratio``, and of what.
    effect, ci_low, ci_high : float
        Ratio and its Wald interval; NaN with a reason.
    std_error : float
        On the log scale.
    p_value : float
        Two-sided, of the test of the plan.
    n, n_events : int
        Used.
    left_out : str
        Who was not, and why.
    reason : str
        Why there is no effect; empty where there is one.
    method : str
        How it was estimated.
    """

    effect_name: str
    effect: float
    ci_low: float
    ci_high: float
    std_error: float
    p_value: float
    n: int
    n_events: int
    left_out: str
    reason: str
    method: str


def estimate_effect(lock: LockedBiomarker, scores: pd.Series[float], outcome: pd.DataFrame) -> Estimate:
    """Estimate what the plan of a lock asks for.

    Parameters
    ----------
    lock : LockedBiomarker
        Cut-off, standard deviation and plan.
    scores : pandas.Series
        By sample.
    outcome : pandas.DataFrame
        Index sample_id; columns response (``responder``, ``non_responder`` or missing), or time_months and event; and
        the covariates of the plan.

    Returns
    -------
    Estimate

    Raises
    ------
    InputError
        If the cohort lacks a covariate of the plan.
    """
    plan, rows = lock.plan, outcome.reindex(scores.index)
    x = (scores - lock.mean) / lock.sd if lock.cut_off is None else (scores > lock.cut_off).astype(float)
    x = x.mask(scores.isna())
    if absent := [c for c in plan.adjusted_for if c not in rows.columns]:
        raise InputError(
            f"the plan adjusts for {examples(absent)}, which the cohort lacks",
            where="plan, adjusted_for",
            expected=f"numeric features of those names; there are: {examples(list(map(str, outcome.columns)))}",
        )
    beside = rows[list(plan.adjusted_for)].to_numpy(dtype=float) if plan.adjusted_for else None
    options = ScreenOptions(per_sd=False, likelihood_ratio=True)
    if plan.kind == "response":
        known = rows["response"].notna()
        positive = (rows["response"] == "responder").astype(float).where(known)
        model = logistic_outcome(positive.to_numpy(dtype=float), covariates=beside, options=options)
    else:
        known = rows["time_months"].notna() & rows["event"].notna()
        event = rows["event"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        model = cox_outcome(rows["time_months"], event, covariates=beside, options=options)
    found = screen_columns(model, x.to_numpy()[:, None])
    p = {"wald": found.p_value, "score": found.p_score, "likelihood_ratio": found.p_lr}[plan.test]
    counts = [
        (int((~known).sum()), "endpoint"),
        (model.n_left_out - int((~known).sum()), "covariate"),
        (int(found.n_missing[0]), "score"),
    ]
    with np.errstate(over="ignore"):
        effect, low, high = (float(np.exp(v[0])) for v in (found.log_effect, found.ci_low, found.ci_high))
    ratio = "odds_ratio" if plan.kind == "response" else "hazard_ratio"
    return Estimate(
        effect_name=f"{ratio}, {lock.unit}",
        effect=effect,
        ci_low=low,
        ci_high=high,
        std_error=float(found.std_error[0]),
        p_value=float(p[0]),
        n=int(found.n[0]),
        n_events=int(found.n_events[0]),
        left_out=count_left_out(counts)[1],
        reason=str(found.reason[0]),
        method=f"{found.method}; p of the {plan.test.replace('_', '-')} test",
    )
