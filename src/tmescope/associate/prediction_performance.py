"""How well predictions hold in patients whom the model never saw, and whether they beat what is simpler."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import special

from tmescope.associate.prediction_measures import Judged, Measured, measure_difference, measure_predictions
from tmescope.stats.between_studies import usable_studies
from tmescope.stats.meta_analysis import PoolingOptions, pool_effects

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["MODEL", "POOLED", "JudgePlan", "compare_with", "judge_predictions", "tell_verdict"]

MODEL = "model"
"""Name of the model itself in the column predictor, beside its baselines."""

POOLED = ""
"""Cohort of rows that pool all cohorts."""

_LOGIT = frozenset({"auc", "c_index", "c_index_to_horizon"})


@dataclass(frozen=True, kw_only=True)
class JudgePlan:
    """How predictions are judged; stated beforehand.

    Parameters
    ----------
    horizon_months : float, optional
        Of chances that are about a time to event.
    threshold : float
        Chance from which one would act, for the net benefit.
    pooling : PoolingOptions
        How cohorts become one.
    """

    horizon_months: float | None = None
    threshold: float = 0.2
    pooling: PoolingOptions = field(default_factory=lambda: PoolingOptions(test="hartung_knapp_max1"))


def judge_predictions(predictions: pd.DataFrame, *, plan: JudgePlan) -> pd.DataFrame:
    """Measure predictions cohort by cohort and pool the measures with random effects.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Of `tmescope.associate.prediction_validation.Validation`.
    plan : JudgePlan
        How.

    Returns
    -------
    pandas.DataFrame
        Columns cohort_id (empty: pooled), measure, n, n_events, estimate, std_error, ci_low, ci_high, p_value, k, tau2,
        i2, prediction_low, prediction_high, method, left_out. A measure that cannot be estimated is NaN and method says
        why. Concordances are pooled as logits, all else as it is; cohorts are never thrown together.
    """
    parts = [
        [_row(str(cohort), m) for m in measure_predictions(judged_rows(rows, plan), threshold=plan.threshold)]
        for cohort, rows in predictions.groupby("cohort_id", sort=False)
    ]
    single = pd.DataFrame([row for part in parts for row in part])
    return _with_pooled(single, plan.pooling)


def compare_with(predictions: pd.DataFrame, baseline: pd.DataFrame, *, plan: JudgePlan) -> pd.DataFrame:
    """Compare a model with a baseline in the same patients of each cohort: difference of AUC, or of concordance.

    Parameters
    ----------
    predictions, baseline : pandas.DataFrame
        Of two validations; patients that have both predictions are compared.
    plan : JudgePlan
        How.

    Returns
    -------
    pandas.DataFrame
        As from `judge_predictions`; above 0 where the model is better.

    Notes
    -----
    The interval takes both predictions of a patient as given. Out of cohort that is what is asked: these models, in
    patients who had no part in them. Out of fold each prediction is an average over models that were learnt from most
    of the other patients: that another sample of patients would have given other models is not in the interval, which
    is too narrow for that question. To count it, patients are resampled and all is learnt anew each time, at the cost
    of that many validations; it is not done.
    """
    keys = ["cohort_id", "sample_id"]
    second = baseline[[*keys, "linear"]].rename(columns={"linear": "other"})
    both = predictions.merge(second, on=keys, how="left")
    rows = []
    for cohort, part in both.groupby("cohort_id", sort=False):
        rows.append(_row(str(cohort), measure_difference(judged_rows(part, plan), part["other"].to_numpy())))
    return _with_pooled(pd.DataFrame(rows), plan.pooling)


def tell_verdict(differences: pd.DataFrame, *, baseline: str, scheme: str) -> str:
    """Return in words whether a model beats a baseline.

    Parameters
    ----------
    differences : pandas.DataFrame
        From `compare_with`.
    baseline : str
        What it is called.
    scheme : str
        ``out_of_cohort`` or ``out_of_fold``.

    Returns
    -------
    str
        ``beats`` only where the lower limit of the pooled difference is above 0, over two cohorts at least where it
        is out of cohort. Out of fold it says that the interval takes the averaged predictions as given: see
        `compare_with`.
    """
    where = scheme.replace("_", " ")
    pooled = differences[differences["cohort_id"] == POOLED]
    low = float(pooled["ci_low"].iloc[0]) if len(pooled) else float("nan")
    if np.isnan(low):
        return f"cannot be compared with {baseline} {where}"
    k = int(pooled["k"].iloc[0])
    # one cohort's interval says nothing about another cohort
    lone = " (one cohort alone can be compared)" if k == 1 and scheme == "out_of_cohort" else ""
    given = " (predictions taken as given)" if scheme == "out_of_fold" else ""
    return f"{'beats' if low > 0.0 and not lone else 'does not beat'} {baseline} {where}{lone}{given}"


def judged_rows(rows: pd.DataFrame, plan: JudgePlan) -> Judged:
    """Return the patients of one cohort as arrays.

    Parameters
    ----------
    rows : pandas.DataFrame
        Predictions.
    plan : JudgePlan
        With the horizon.
    """
    linear, chance, observed, time = (
        rows[c].to_numpy(dtype=np.float64) for c in ("linear", "predicted", "observed", "time_months")
    )
    is_survival = bool(np.isfinite(time).any())
    return Judged(linear, chance, observed, time if is_survival else None, plan.horizon_months)


def _row(cohort: str, found: Measured) -> dict[str, Any]:
    return {
        "cohort_id": cohort,
        "measure": found.measure,
        "n": found.n,
        "n_events": found.n_events,
        "estimate": found.estimate,
        "std_error": found.std_error,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "p_value": found.p_value,
        "k": 1,
        "tau2": np.nan,
        "i2": np.nan,
        "prediction_low": np.nan,
        "prediction_high": np.nan,
        "method": f"{found.method} ({found.reason})" if found.reason else found.method,
        "left_out": "",
    }


def _with_pooled(single: pd.DataFrame, options: PoolingOptions) -> pd.DataFrame:
    if not len(single):
        return single
    parts: list[dict[str, Any]] = []
    for measure, rows in single.groupby("measure", sort=False):
        parts += _pooled(str(measure), rows, options)
    return pd.concat([single, pd.DataFrame(parts)], ignore_index=True) if parts else single


def _pooled(measure: str, rows: pd.DataFrame, options: PoolingOptions) -> Iterator[dict[str, Any]]:
    effect, error = (rows[c].to_numpy(dtype=np.float64) for c in ("estimate", "std_error"))
    there, back, error = _scaled(measure, effect, error)
    used = usable_studies(there, error)
    lost = rows[~used]
    left = "; ".join(f"{c} ({m})" for c, m in zip(lost["cohort_id"], lost["method"], strict=True))
    head = {"cohort_id": POOLED, "measure": measure, "left_out": left}
    # where nothing was learnt everybody has one prediction: the cohorts left would be chosen by that
    n_constant = int(lost["method"].astype(str).str.contains("constant", regex=False).sum())
    if n_constant or not used.any():
        why = "no cohort has an estimate"
        if n_constant:
            why = f"not pooled: {n_constant} of {len(rows)} cohorts have one prediction for everybody"
        nothing = dict.fromkeys(("estimate", "std_error", "ci_low", "ci_high", "p_value", "tau2", "i2",
                                 "prediction_low", "prediction_high"), np.nan)  # fmt: skip
        yield {**head, **nothing, "k": 0, "n": 0, "n_events": 0, "method": f"not estimated ({why})"}
        return
    found = pool_effects(there, error, options=options)
    scale = ", on the logit scale" if measure in _LOGIT else ""
    yield {
        **head,
        "n": int(rows.loc[used, "n"].sum()),
        "n_events": int(rows.loc[used, "n_events"].sum()),
        "estimate": back(found.estimate),
        "std_error": found.std_error,
        "ci_low": back(found.ci_low),
        "ci_high": back(found.ci_high),
        "p_value": found.p_value,
        "k": found.k,
        "tau2": found.spread.tau2,
        "i2": found.spread.i2,
        "prediction_low": back(found.prediction_low),
        "prediction_high": back(found.prediction_high),
        "method": f"one cohort{scale}" if found.k == 1 else f"{found.method}{scale}",
    }


def _scaled(
    measure: str, effect: NDArray[np.float64], error: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Callable[[float], float], NDArray[np.float64]]:
    if measure not in _LOGIT:
        return effect, float, error
    with np.errstate(divide="ignore", invalid="ignore"):
        return special.logit(effect), lambda v: float(special.expit(v)), error / (effect * (1.0 - effect))
