"""Predictive or prognostic: does a feature say whom a treatment helps, or how patients do whatever they get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from tmescope.associate.arms import Treatment, ratio_row, read_arms
from tmescope.associate.hazards import HazardAnswers
from tmescope.associate.rows import count_left_out
from tmescope.associate.time_to_event import FollowUp, merge_warnings, per_sd, read_follow_up
from tmescope.foundation.result import RunWarning
from tmescope.stats.cox_model import CoxDesign, CoxModel, CoxOptions, compare_nested, fit_cox
from tmescope.stats.proportionality import check_proportional_hazards

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.associate.features import Feature

__all__ = ["associate_interaction"]


def associate_interaction(
    features: Sequence[Feature], outcome: pd.DataFrame, *, treatment: Treatment, cohort_id: str, endpoint: str
) -> HazardAnswers:
    """Test whether the effect of a treatment on survival depends on a feature (Cox models, Efron ties).

    A feature that goes with survival in the treated alone is not predictive: only a control arm can tell.

    Parameters
    ----------
    features : sequence of Feature
        Values by sample, standardised over both arms; groups stay 0 and 1.
    outcome : pandas.DataFrame
        Index sample_id, one sample per patient; columns time_months, event, and entry_months where samples enter late.
    treatment : Treatment
        Arms, of which there must be two, and how patients came to them.
    cohort_id, endpoint : str
        Names for the tables.

    Returns
    -------
    HazardAnswers
        Three rows a feature: ``interaction_ratio`` (hazard ratio of the feature in the treated over that in the
        controls, Wald interval, likelihood ratio p), and the hazard ratio of the feature in each arm. Without a control
        arm (or without a treated one) there is one row with NaN and ``no_control_arm`` in `method`, and a warning.

    Raises
    ------
    InputError
        If there are more than two arms, or the randomisation status is unknown to us.
    SampleError, EndpointError
        If a sample has two arms, or the outcome is not one row a sample with times of zero or more.

    Notes
    -----
    One model with feature, arm and their product; the test compares it to the one without the product. Effects in the
    arms are combinations of its coefficients.
    """
    where = f"{cohort_id}: {endpoint}"
    follow_up = read_follow_up(outcome, where=where)
    arms = read_arms(treatment, follow_up.sample_ids, where=where)
    warnings = [*follow_up.warnings, *arms.warnings]
    head = {"question_id": f"interaction:{endpoint}", "cohort_id": cohort_id, "endpoint": endpoint}
    rows: list[dict[str, Any]] = []
    for feature in features:
        tops = {**head, "feature": feature.name, "source": feature.source}
        found, reason = _compare(feature, follow_up, treated=arms.treated, missing=arms.missing)
        rows += [{**tops, **row, "checks": "; ".join(t for t in (arms.status, row["checks"]) if t)} for row in found]
        if reason and not arms.missing:
            message = "interactions could not be estimated"
            warnings.append(RunWarning("answers.not_estimated", message, where, 1, (f"{feature.name} ({reason})",)))
    return HazardAnswers(pd.DataFrame(rows), merge_warnings(warnings))


def _compare(
    feature: Feature, follow_up: FollowUp, *, treated: NDArray[np.float64], missing: str
) -> tuple[list[dict[str, Any]], str]:
    values = feature.values.reindex(follow_up.sample_ids).to_numpy(dtype=np.float64)
    own, known = np.isfinite(values), np.isfinite(treated)
    keep = own & known
    n_left_out, left_out = count_left_out(
        [
            (follow_up.n_without, "endpoint"),
            (int((~own).sum()), "value"),
            (int((own & ~known).sum()), "arm"),
        ]
    )
    shared = {"adjusted_for": "", "n_left_out": n_left_out, "left_out": left_out}
    unit = "" if feature.is_group else "_per_sd"
    names = (f"interaction_ratio{unit}", f"hazard_ratio{unit}_in_control", f"hazard_ratio{unit}_in_treated")
    if missing:
        n_events = int((follow_up.event[keep] == 1.0).sum())
        row = ratio_row(
            names[0], (np.nan, np.nan, np.nan), n=(int(keep.sum()), n_events), method=f"cannot tell ({missing})"
        )
        return [{**row, **shared, "checks": ""}], missing
    z, reason = per_sd(np.asarray(values[keep], dtype=np.float64), is_group=feature.is_group)
    larger, p_value = _fit(z, follow_up, keep=keep, treated=treated[keep])
    reason = reason or larger.reason or next((r for r in larger.term_reasons if r), "")
    method = f"not estimated ({reason})" if reason else larger.method
    rows = []
    for name, contrast in zip(names, ([0, 0, 1], [1, 0, 0], [1, 0, 1]), strict=True):
        effect = (np.nan, np.nan, np.nan) if reason else _contrast(larger, contrast)
        is_product = name == names[0]
        if is_product and not reason:
            effect = (effect[0], effect[1], p_value)
        arm = np.full(z.size, True) if is_product else treated[keep] == (1.0 if name == names[2] else 0.0)
        counts = (int(arm.sum()), int((follow_up.event[keep][arm] == 1.0).sum()))
        told = "Cox model, Efron ties; Wald interval, likelihood ratio p of the product" if is_product else method
        row = ratio_row(name, effect, n=counts, method=told if not reason else method)
        rows.append({**row, **shared, "checks": _check(larger) if is_product else ""})
    return rows, reason


def _fit(
    z: NDArray[np.float64], follow_up: FollowUp, *, keep: NDArray[np.bool_], treated: NDArray[np.float64]
) -> tuple[CoxModel, float]:
    """Return the model with the product, and the p-value of the product."""
    time, event = follow_up.time[keep], follow_up.event[keep] == 1.0
    design = CoxDesign(entry=None if follow_up.entry is None else follow_up.entry[keep])
    x = np.column_stack([z, treated, z * treated])
    larger = fit_cox(x, time, event, design=design, options=CoxOptions(names=("feature", "treated", "product")))
    if larger.reason:
        return larger, float("nan")
    smaller = fit_cox(x[:, :2], time, event, design=design)
    return larger, compare_nested(smaller, larger).p_value


def _contrast(model: CoxModel, weights: Sequence[int]) -> tuple[float, float, float]:
    """Return log ratio, its error and Wald p of a combination of coefficients."""
    w = np.asarray(weights, dtype=np.float64)
    effect, error = float(w @ model.coefficients), float(np.sqrt(w @ model.covariance @ w))
    return effect, error, float(2.0 * stats.norm.sf(abs(effect) / error))


def _check(model: CoxModel) -> str:
    test = check_proportional_hazards(model)
    if test.reason:
        return f"proportional hazards not tested ({test.reason})"
    return f"proportional hazards of the whole model: p {test.overall.p_value:.3g} (score test, Kaplan-Meier time)"
