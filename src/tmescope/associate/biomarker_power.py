"""How likely a planned validation is to succeed, by formula."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope.associate.biomarkers import AnalysisPlan

__all__ = ["power_of_plan"]


def power_of_plan(plan: AnalysisPlan, *, share_high: float | None) -> AnalysisPlan:
    """Return a plan with its power, where it holds the numbers that the formula needs; else as it is.

    Parameters
    ----------
    plan : AnalysisPlan
        With expected_effect and n_events_planned, for a response n_planned too.
    share_high : float, optional
        Share of patients above the cut-off; None for a continuous score, whose effect is per standard deviation.

    Returns
    -------
    AnalysisPlan

    Raises
    ------
    InputError
        If the numbers make no sense, such as more events than patients or an expected ratio of 1.

    Notes
    -----
    `tmescope.stats.power`: Schoenfeld's formula for hazard ratios, per standard deviation with variance 1 (Hsieh and
    Lavori); the expected information of the logistic model per standard deviation; two proportions for a cut-off and a
    response. Adjustment for covariates is not accounted for.
    """
    from tmescope.stats.power import (
        power_of_hazard_ratio,
        power_of_hazard_ratio_per_sd,
        power_of_odds_ratio_of_groups,
        power_of_odds_ratio_per_sd,
    )

    events, effect, n, alpha = plan.n_events_planned, plan.expected_effect, plan.n_planned, plan.alpha
    if effect is None or events is None or (share_high is not None and not 0.0 < share_high < 1.0):
        return plan
    if plan.kind == "time_to_event":
        found = (
            power_of_hazard_ratio_per_sd(events, hazard_ratio=effect, alpha=alpha)
            if share_high is None
            else power_of_hazard_ratio(events, hazard_ratio=effect, share=share_high, alpha=alpha)
        )
    elif not n:
        return plan
    elif share_high is None:
        found = power_of_odds_ratio_per_sd(n, rate=events / n, odds_ratio=effect, alpha=alpha)
    else:
        found = power_of_odds_ratio_of_groups(n, rate=events / n, odds_ratio=effect, share=share_high, alpha=alpha)
    return replace(plan, power=found.power)
