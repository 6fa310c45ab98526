"""Predictive or prognostic for response: does a feature say in whom a treatment raises the odds of response."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from tmescope.associate.arms import Treatment, ratio_row, read_arms
from tmescope.associate.rows import count_left_out
from tmescope.associate.time_to_event import merge_warnings, per_sd
from tmescope.foundation.errors import SampleError, examples
from tmescope.foundation.result import RunWarning
from tmescope.stats.logistic_models import LogisticModel, fit_logistic, logistic_likelihood_ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.associate.features import Feature

__all__ = ["associate_response_interaction"]

_NOTHING = (float("nan"), float("nan"), float("nan"))
_METHOD = "logistic regression; Wald interval"


def associate_response_interaction(
    features: Sequence[Feature], response: pd.Series[str], *, treatment: Treatment, cohort_id: str, endpoint: str
) -> tuple[pd.DataFrame, tuple[RunWarning, ...]]:
    """Test whether the effect of a treatment on response depends on a feature (logistic models).

    A feature that goes with response in the treated alone is not predictive: only a control arm can tell.

    Parameters
    ----------
    features : sequence of Feature
        Values by sample, standardised over both arms; groups stay 0 and 1.
    response : pandas.Series
        Index sample_id, one sample per patient; ``responder``, ``non_responder`` or missing.
    treatment : Treatment
        Arms, of which there must be two, and how patients came to them.
    cohort_id, endpoint : str
        Names for the table.

    Returns
    -------
    answers : pandas.DataFrame
        Three rows a feature: ``interaction_odds_ratio`` (odds ratio of the feature in the treated over that in the
        controls, Wald interval, likelihood ratio p), and the odds ratio of the feature in each arm. Without a control
        arm (or a treated one) there is one row with NaN and ``no_control_arm`` in `method`, and a warning.
    warnings : tuple of RunWarning

    Raises
    ------
    InputError
        If there are more than two arms, or the randomisation status is unknown to us.
    SampleError
        If a sample has two arms or two responses.

    Notes
    -----
    One model with feature, arm and their product; the test compares it to the one without the product. A product of
    odds ratios is not one of risks: the scale is part of the answer.
    """
    where = f"{cohort_id}: {endpoint}"
    twice = response.index[response.index.duplicated()]
    if len(twice):
        raise SampleError(f"{len(twice)} samples have two responses: {examples(twice[:4])}", where=where)
    known = response.dropna()
    positive = np.asarray(known == "responder", dtype=np.float64)
    arms = read_arms(treatment, known.index, where=where)
    warnings = list(arms.warnings)
    rows: list[dict[str, Any]] = []
    for feature in features:
        values = np.asarray(feature.values.reindex(known.index), dtype=np.float64)
        n_without = len(response) - len(known)
        found, reason = _compare(feature, values, positive, treated=arms.treated, missing=arms.missing)
        own = np.isfinite(values)
        n_left_out, left_out = count_left_out(
            [
                (n_without, "endpoint"),
                (int((~own).sum()), "value"),
                (int((own & np.isnan(arms.treated)).sum()), "arm"),
            ]
        )
        head = {"question_id": f"interaction:{endpoint}", "cohort_id": cohort_id, "endpoint": endpoint}
        tail = {"adjusted_for": "", "n_left_out": n_left_out, "left_out": left_out, "checks": arms.status}
        rows += [{**head, "feature": feature.name, "source": feature.source, **row, **tail} for row in found]
        if reason and not arms.missing:
            message = "interactions could not be estimated"
            warnings.append(RunWarning("answers.not_estimated", message, where, 1, (f"{feature.name} ({reason})",)))
    return pd.DataFrame(rows), merge_warnings(warnings)


def _compare(
    feature: Feature,
    values: NDArray[np.float64],
    positive: NDArray[np.float64],
    *,
    treated: NDArray[np.float64],
    missing: str,
) -> tuple[list[dict[str, Any]], str]:
    keep = np.isfinite(values) & np.isfinite(treated)
    y, arm = positive[keep], treated[keep]
    unit = "" if feature.is_group else "_per_sd"
    names = (f"interaction_odds_ratio{unit}", f"odds_ratio{unit}_in_control", f"odds_ratio{unit}_in_treated")
    if missing:
        counts = (int(keep.sum()), int(y.sum()))
        return [ratio_row(names[0], _NOTHING, n=counts, method=f"cannot tell ({missing})")], missing
    z, reason = per_sd(np.asarray(values[keep], dtype=np.float64), is_group=feature.is_group)
    larger, p_value = _fit(z, arm, y)
    reason = reason or larger.reason
    rows = []
    for name, weights in zip(names, ([0, 0, 1], [1, 0, 0], [1, 0, 1]), strict=True):
        is_product = name == names[0]
        effect = _NOTHING if reason else _contrast(larger, weights)
        if is_product and not reason:
            effect = (effect[0], effect[1], p_value)
        inside = np.full(z.size, True) if is_product else arm == (1.0 if name == names[2] else 0.0)
        told = f"{_METHOD}, likelihood ratio p of the product" if is_product else f"{_METHOD} and p"
        method = f"not estimated ({reason})" if reason else told
        rows.append(ratio_row(name, effect, n=(int(inside.sum()), int(y[inside].sum())), method=method))
    return rows, reason


def _fit(z: NDArray[np.float64], arm: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[LogisticModel, float]:
    """Return the model with the product, and the p-value of the product."""
    x = np.column_stack([z, arm, z * arm])
    larger = fit_logistic(x, y)
    if larger.reason:
        return larger, float("nan")
    return larger, logistic_likelihood_ratio(larger, fit_logistic(x[:, :2], y)).p_value


def _contrast(model: LogisticModel, weights: Sequence[int]) -> tuple[float, float, float]:
    w = np.asarray(weights, dtype=np.float64)
    covariance = model.covariance[1:, 1:]  # the intercept comes first
    effect, error = float(w @ model.coefficients), float(np.sqrt(w @ covariance @ w))
    return effect, error, float(2.0 * stats.norm.sf(abs(effect) / error))
