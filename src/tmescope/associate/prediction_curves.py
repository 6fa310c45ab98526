"""Curves of predictions for patients whom the model never saw: ROC, calibration and decision curves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from tmescope.associate.prediction_measures import Judged
from tmescope.associate.prediction_performance import POOLED, JudgePlan, judged_rows
from tmescope.stats.calibration import calibrate, calibrate_at
from tmescope.stats.decision_curve import measure_net_benefit, measure_net_benefit_at

__all__ = ["trace_curves"]

_THRESHOLDS = np.round(np.arange(0.02, 0.81, 0.02), 2)
_GROUPS = 5
_NAN = float("nan")
_FEWEST = 10


def trace_curves(predictions: pd.DataFrame, *, plan: JudgePlan) -> pd.DataFrame:
    """Return the curves of every predictor in every cohort, and of all patients with their own cohort's model.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Of `tmescope.associate.prediction.PredictionOutcome`.
    plan : JudgePlan
        With the horizon.

    Returns
    -------
    pandas.DataFrame
        Columns predictor, cohort_id (empty: all cohorts), curve (``roc``, ``calibration``, ``decision``,
        ``treat_all``), x, y, low, high, n. ROC: false and true positive rate of one cohort. Calibration: mean chance
        predicted and share observed with its 95% limits, in groups of equal size (Kaplan-Meier at the horizon). ROC at
        a horizon: of patients whose state is known there. Decision: threshold and net benefit; treat_all is that of
        treating everybody.
    """
    rows: list[dict[str, Any]] = []
    for predictor, own in predictions.groupby("predictor", sort=False):
        for cohort, part in [*own.groupby("cohort_id", sort=False), (POOLED, own)]:
            judged = judged_rows(part, plan).known()
            head = {"predictor": str(predictor), "cohort_id": str(cohort), "n": judged.observed.size}
            rows += [{**head, **row} for row in _curves(judged, ranked=cohort != POOLED)]
    columns = ["predictor", "cohort_id", "curve", "x", "y", "low", "high", "n"]
    return pd.DataFrame(rows, columns=columns)


def at_horizon(judged: Judged) -> Judged:
    """Return patients as a yes or no at the horizon; those censored before it are left out.

    Parameters
    ----------
    judged : Judged
        Patients; those without a prediction are left out.
    """
    known = judged.known()
    if known.time is None or known.horizon is None:
        return known
    event = (known.observed == 1.0) & (known.time <= known.horizon)
    keep = event | (known.time >= known.horizon)
    return Judged(known.linear[keep], known.chance[keep], event[keep].astype(np.float64))


def _curves(judged: Judged, *, ranked: bool) -> Iterator[dict[str, Any]]:
    at = at_horizon(judged)
    if ranked and 0.0 < at.observed.sum() < at.observed.size:
        yield from _roc(at)
    if judged.observed.size >= _FEWEST:
        yield from _calibration(judged)
        yield from _decision(judged)


def _roc(judged: Judged) -> Iterator[dict[str, Any]]:
    order = np.argsort(-judged.linear, kind="stable")
    score, event = judged.linear[order], judged.observed[order]
    last = np.append(score[1:] != score[:-1], True)
    true = np.cumsum(event)[last] / event.sum()
    false = np.cumsum(1.0 - event)[last] / (1.0 - event).sum()
    yield _point("roc", 0.0, 0.0)
    for x, y in zip(false, true, strict=True):
        yield _point("roc", float(x), float(y))


def _calibration(judged: Judged) -> Iterator[dict[str, Any]]:
    groups = min(_GROUPS, max(2, judged.observed.size // _FEWEST))
    if judged.time is None:
        curve = calibrate(judged.chance, judged.observed, n_groups=groups).curve
    else:
        curve = calibrate_at(judged.chance, judged.time, judged.observed, horizon=judged.until, n_groups=groups).curve
    columns = (curve.group_predicted, curve.group_observed, curve.group_ci_low, curve.group_ci_high)
    for x, y, low, high in zip(*columns, strict=True):
        if np.isfinite(y):
            yield _point("calibration", float(x), float(y), limits=(float(low), float(high)))


def _decision(judged: Judged) -> Iterator[dict[str, Any]]:
    if judged.time is None:
        found = measure_net_benefit(judged.chance, judged.observed, _THRESHOLDS)
    else:
        found = measure_net_benefit_at(
            judged.chance, judged.time, judged.observed, thresholds=_THRESHOLDS, horizon=judged.until
        )
    for name, values in (("decision", found.net_benefit), ("treat_all", found.treat_all)):
        for x, y in zip(_THRESHOLDS, values, strict=True):
            if np.isfinite(y):
                yield _point(name, float(x), float(y))


def _point(curve: str, x: float, y: float, *, limits: tuple[float, float] = (_NAN, _NAN)) -> dict[str, Any]:
    return {"curve": curve, "x": x, "y": y, "low": limits[0], "high": limits[1]}
