"""Do patients with more of a feature live longer? Kaplan-Meier curves by tertile, with their effect and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.associate.rows import tell_left_out
from tmescope.foundation.result import RunWarning
from tmescope.stats.cox import hazard_ratio_of_group
from tmescope.stats.groups import tertiles
from tmescope.stats.survival import kaplan_meier, log_rank

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.associate.features import Feature

__all__ = ["SurvivalAnswers", "associate_survival"]

_GROUPS = ("low", "middle", "high")


@dataclass(frozen=True)
class SurvivalAnswers:
    """Outcome of `associate_survival`.

    Parameters
    ----------
    answers : pandas.DataFrame
        Two rows a feature: ``hazard_ratio_high_vs_low`` (Cox, highest against lowest tertile, Wald interval) and
        ``log_rank_chi_square`` (all three tertiles; no interval, it is a test).
    curves : pandas.DataFrame
        Kaplan-Meier curves of the tertiles, times in months.
    warnings : tuple of RunWarning
        Features without tertiles, few events.
    """

    answers: pd.DataFrame
    curves: pd.DataFrame
    warnings: tuple[RunWarning, ...]


def associate_survival(
    features: Sequence[Feature], outcome: pd.DataFrame, *, cohort_id: str, endpoint: str
) -> SurvivalAnswers:
    """Compare time to event between tertiles of each numeric feature in one cohort.

    Parameters
    ----------
    features : sequence of Feature
        Values by sample; features that are groups are left out.
    outcome : pandas.DataFrame
        Index sample_id, one sample per patient; columns time_months (float, NaN where missing) and event (True where
        it was seen, missing allowed).
    cohort_id, endpoint : str
        Names for the tables.

    Returns
    -------
    SurvivalAnswers
        Cut points are tertiles of the samples with a known outcome; they describe, they do not optimise.
    """
    known = outcome.dropna(subset=["time_months", "event"])
    time = known["time_months"].to_numpy(dtype=np.float64)
    event = known["event"].to_numpy(dtype=bool)
    rows: list[dict[str, Any]] = []
    curves: list[pd.DataFrame] = []
    without: list[str] = []
    for feature in (f for f in features if not f.is_group):
        head = {"cohort_id": cohort_id, "endpoint": endpoint, "feature": feature.name, "source": feature.source}
        groups = tertiles(feature.values.reindex(known.index).to_numpy(dtype=np.float64))
        if groups.reason:
            without.append(f"{feature.name} ({groups.reason})")
            continue
        code = np.asarray(groups.code)
        rows += [{"question_id": f"survival:{endpoint}", **head, **row} for row in _compare(time, event, code)]
        filled = [g for g in range(3) if np.any(code == g)]
        curves += [_curve(time[code == g], event[code == g]).assign(**head, group=_GROUPS[g]) for g in filled]
    warnings = _warnings(int(event.sum()), without, where=f"{cohort_id}: {endpoint}")
    answers = pd.DataFrame(rows)
    if len(answers):
        answers = tell_left_out(answers, n_samples=len(outcome), n_known=len(known))
    return SurvivalAnswers(answers, pd.concat(curves) if curves else pd.DataFrame(), warnings)


def _compare(time: NDArray[np.float64], event: NDArray[np.bool_], code: NDArray[np.int8]) -> list[dict[str, Any]]:
    ends = (code == 0) | (code == 2)
    ratio = hazard_ratio_of_group(time[ends], event[ends], code[ends] == 2)
    known = code >= 0
    test = log_rank(time[known], event[known], code[known])
    return [
        {
            "n": ratio.n,
            "n_events": ratio.n_events,
            "effect": ratio.hazard_ratio,
            "effect_name": "hazard_ratio_high_vs_low",
            "std_error": ratio.std_error,
            "ci_low": ratio.ci_low,
            "ci_high": ratio.ci_high,
            "p_value": ratio.p_value,
            "method": _method(ratio.method, ratio.reason),
        },
        {
            "n": test.n,
            "n_events": test.n_events,
            "effect": test.statistic,
            "effect_name": "log_rank_chi_square",
            "std_error": np.nan,
            "ci_low": np.nan,
            "ci_high": np.nan,
            "p_value": test.p_value,
            "method": _method(test.method, test.reason),
        },
    ]


def _method(method: str, reason: str) -> str:
    return f"{method} ({reason})" if reason else method


def _curve(time: NDArray[np.float64], event: NDArray[np.bool_]) -> pd.DataFrame:
    estimate = kaplan_meier(time, event)
    return pd.DataFrame(
        {
            "time_months": estimate.time,
            "at_risk": estimate.at_risk,
            "n_events": estimate.n_events,
            "n_censored": estimate.n_censored,
            "survival": estimate.survival,
            "ci_low": estimate.ci_low,
            "ci_high": estimate.ci_high,
        }
    )


def _warnings(n_events: int, without: list[str], *, where: str) -> tuple[RunWarning, ...]:
    found = []
    if n_events < 20:
        message = f"{n_events} events: curves and hazard ratios rest on few patients"
        found.append(RunWarning("answers.few_events", message, where, n_events))
    if without:
        message = f"{len(without)} features have no tertiles in this cohort"
        found.append(RunWarning("answers.no_tertiles", message, where, len(without), tuple(without[:3])))
    return tuple(found)
