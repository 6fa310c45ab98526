"""How likely a planned validation is to succeed, by formula."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

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

    Notes
    -----
    ``power = Phi(abs(log ratio) sqrt(information V) - z(1 - alpha / 2))`` with V the variance of the score: 1 per
    standard deviation, ``p (1 - p)`` for a cut-off. The information is the number of events for a Cox model
    (Schoenfeld; Hsieh and Lavori for continuous scores) and ``n P (1 - P)`` for a logistic one, P the share of
    responders (Hsieh, Bloch and Larsen). Adjustment for covariates is not accounted for.

    References
    ----------
    Schoenfeld, Biometrics 1983, doi:10.2307/2531021. Hsieh and Lavori, Controlled Clinical Trials 2000,
    doi:10.1016/S0197-2456(00)00104-5. Hsieh, Bloch and Larsen, Statistics in Medicine 1998,
    doi:10.1002/(SICI)1097-0258(19980730)17:14<1623::AID-SIM871>3.0.CO;2-S.
    """
    from scipy.stats import norm

    events, effect, n = plan.n_events_planned, plan.expected_effect, plan.n_planned
    if effect is None or events is None or (plan.kind == "response" and not n):
        return plan
    information = float(events)
    if plan.kind == "response" and n:
        information = n * (events / n) * (1.0 - events / n)
    variance = 1.0 if share_high is None else share_high * (1.0 - share_high)
    shift = abs(np.log(effect)) * np.sqrt(max(information, 0.0) * variance)
    return replace(plan, power=float(norm.cdf(shift - norm.ppf(1.0 - plan.alpha / 2.0))))
