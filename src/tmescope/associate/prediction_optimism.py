"""How much better a model looks in the patients that made it: the optimism, by bootstrap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.associate.prediction_measures import Judged, measure_predictions
from tmescope.associate.prediction_models import FittedModel, LearningPlan, learn_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.associate.prediction_data import PredictionData

__all__ = ["APPARENT", "CORRECTED", "OptimismPlan", "correct_optimism"]

APPARENT, CORRECTED = "apparent", "optimism_corrected"
_CORRECTED = ("auc", "c_index", "calibration_slope", "brier")


@dataclass(frozen=True, kw_only=True)
class OptimismPlan:
    """How the optimism is estimated.

    Parameters
    ----------
    n_bootstraps : int
        Draws of patients; the whole learning, with the choice of the penalty, is done in each.
    threshold : float
        As in `tmescope.associate.prediction_performance.JudgePlan`.
    """

    n_bootstraps: int = 20
    threshold: float = 0.2


def correct_optimism(
    data: PredictionData, final: FittedModel, *, learning: LearningPlan, plan: OptimismPlan
) -> pd.DataFrame:
    """Measure a model in the patients that made it, and take off what that flatters.

    Parameters
    ----------
    data : PredictionData
        The patients that made the model.
    final : FittedModel
        The model.
    learning : LearningPlan
        How it was learnt.
    plan : OptimismPlan
        How often that is repeated.

    Returns
    -------
    pandas.DataFrame
        Columns scheme (``apparent``, ``optimism_corrected``), measure, n, n_events, estimate, method. All cohorts
        together: patients of other cohorts may still be predicted worse, which only the measures out of cohort say.

    Notes
    -----
    Harrell's bootstrap: patients are drawn with replacement within each cohort, a model is learnt from the draw, and
    the optimism is the mean of its measure in the draw minus that in the patients themselves. Draws without a model are
    left out and counted in the method.

    References
    ----------
    Harrell, Lee and Mark, Statistics in Medicine 1996, volume 15, pages 361-387.
    """
    apparent = _measure(final, data, learning=learning, plan=plan)
    gaps = [g for g in _gaps(data, learning, plan) if g]
    rows: list[dict[str, Any]] = []
    head = {"n": data.n, "n_events": int(data.happened.sum())}
    for name, value in apparent.items():
        rows.append({"scheme": APPARENT, "measure": name, **head, "estimate": value,
                     "method": "in the patients that made the model"})  # fmt: skip
        known = [g[name] for g in gaps if np.isfinite(g.get(name, np.nan))]
        if known:
            told = f"optimism by {len(known)} of {plan.n_bootstraps} bootstraps of the whole learning"
            rows.append({"scheme": CORRECTED, "measure": name, **head, "estimate": value - float(np.mean(known)),
                         "method": told})  # fmt: skip
    return pd.DataFrame(rows)


def _gaps(data: PredictionData, learning: LearningPlan, plan: OptimismPlan) -> Iterator[dict[str, float]]:
    for draw in range(plan.n_bootstraps):
        rng = np.random.default_rng([learning.seed, 1 + draw])
        drawn = data.take(_draw(data, rng))
        model = learn_model(drawn, learning)
        if model.reason:
            continue
        inside, outside = (_measure(model, d, learning=learning, plan=plan) for d in (drawn, data))
        yield {name: inside[name] - outside[name] for name in inside if name in outside}


def _draw(data: PredictionData, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return rows drawn with replacement within each cohort, patients with all their rows."""
    rows: list[int] = []
    for cohort in data.cohort_ids:
        here = np.flatnonzero(data.cohorts == cohort)
        names = np.unique(data.patients[here])
        of = {str(n): here[data.patients[here] == n] for n in names}
        for name in rng.choice(names, size=names.size, replace=True):
            rows += [int(i) for i in of[str(name)]]
    return np.array(rows, dtype=np.int64)


def _measure(
    model: FittedModel, data: PredictionData, *, learning: LearningPlan, plan: OptimismPlan
) -> dict[str, float]:
    found = model.predict(data.values)
    judged = Judged(found.linear, found.chance, data.happened, data.time, learning.horizon_months)
    measures = {m.measure: m.estimate for m in measure_predictions(judged, threshold=plan.threshold)}
    return {name: measures[name] for name in _CORRECTED if name in measures}
