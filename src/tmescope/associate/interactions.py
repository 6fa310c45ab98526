"""Predictive or prognostic: does a feature say whom a treatment helps, or how patients do whatever they get."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from tmescope.associate.hazards import HazardAnswers
from tmescope.associate.time_to_event import FollowUp, merge_warnings, per_sd, read_follow_up, words_for_left_out
from tmescope.foundation.errors import InputError, SampleError, examples
from tmescope.foundation.result import RunWarning
from tmescope.stats.cox_model import CoxDesign, CoxModel, CoxOptions, compare_nested, fit_cox
from tmescope.stats.proportionality import check_proportional_hazards

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.associate.features import Feature

__all__ = ["Treatment", "associate_interaction"]

Randomisation = Literal["randomised", "not_randomised", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """Who got what.

    Parameters
    ----------
    arm : pandas.Series
        Index sample_id; name of the arm. Missing is left out. A sample may occur twice with the same arm.
    control : str
        Name of the control arm.
    randomisation : {"randomised", "not_randomised", "unknown"}
        How patients came to their arm, as stated by the user.
    """

    arm: pd.Series
    control: str
    randomisation: Randomisation = "unknown"


_STATUS = {
    "randomised": "randomised arms (as stated)",
    "not_randomised": "arms not randomised (as stated): an interaction may be one with the choice of treatment",
    "unknown": "not stated whether arms were randomised: an interaction may be one with the choice of treatment",
}


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
    if treatment.randomisation not in _STATUS:
        raise InputError(
            f"the randomisation status is {treatment.randomisation!r}",
            where="Treatment.randomisation",
            expected=", ".join(_STATUS),
        )
    follow_up = read_follow_up(outcome, where=where)
    arms = _read_arms(treatment, where=where).reindex(follow_up.sample_ids)
    others = _check_arms(arms, treatment, where=where)
    missing = "" if others and (arms == treatment.control).any() else "no_control_arm" if others else "no_treated_arm"
    warnings = [*follow_up.warnings, *_warn(treatment, missing, where=where)]
    head = {"question_id": f"interaction:{endpoint}", "cohort_id": cohort_id, "endpoint": endpoint}
    rows: list[dict[str, Any]] = []
    treated = np.asarray((arms != treatment.control).astype("float64").mask(arms.isna()), dtype=np.float64)
    for feature in features:
        tops = {**head, "feature": feature.name, "source": feature.source}
        found, reason = _compare(feature, follow_up, treated=np.asarray(treated), missing=missing)
        checks = f"{_STATUS[treatment.randomisation]}; control arm: {treatment.control}"
        rows += [{**tops, **row, "checks": "; ".join(t for t in (checks, row["checks"]) if t)} for row in found]
        if reason and not missing:
            message = "interactions could not be estimated"
            warnings.append(RunWarning("answers.not_estimated", message, where, 1, (f"{feature.name} ({reason})",)))
    return HazardAnswers(pd.DataFrame(rows), merge_warnings(warnings))


def _read_arms(treatment: Treatment, *, where: str) -> pd.Series:
    arms = treatment.arm.dropna().astype("str").str.strip()
    per_sample = arms.groupby(level=0).nunique()
    torn = per_sample.index[per_sample > 1]
    if len(torn):
        raise SampleError(
            f"{len(torn)} samples have two different arms, for example {examples(str(v) for v in torn[:4])}",
            where=f"{where}: Treatment.arm",
            expected="one arm a sample",
            next_step="correct the label, or leave the sample out",
        )
    return arms[~arms.index.duplicated()]


def _check_arms(arms: pd.Series, treatment: Treatment, *, where: str) -> list[str]:
    """Return the arms other than the control."""
    others = sorted(set(arms.dropna()) - {treatment.control})
    if len(others) > 1:
        raise InputError(
            f"there are {len(others)} arms beside {treatment.control!r}: {examples(others[:4])}",
            where=f"{where}: Treatment.arm",
            expected="two arms",
            next_step="compare one arm at a time: set the others to missing",
        )
    return others


def _warn(treatment: Treatment, missing: str, *, where: str) -> Iterator[RunWarning]:
    if missing:
        message = (
            f"{missing.replace('_', ' ')} ({treatment.control!r} is the control): whether a feature is predictive or "
            "prognostic cannot be told"
        )
        yield RunWarning("interactions.no_control_arm", message, where)
    elif treatment.randomisation != "randomised":
        yield RunWarning("interactions.not_randomised", _STATUS[treatment.randomisation], where)


def _compare(
    feature: Feature, follow_up: FollowUp, *, treated: NDArray[np.float64], missing: str
) -> tuple[list[dict[str, Any]], str]:
    values = feature.values.reindex(follow_up.sample_ids).to_numpy(dtype=np.float64)
    own, known = np.isfinite(values), np.isfinite(treated)
    keep = own & known
    n_left_out, left_out = words_for_left_out(
        [
            (follow_up.n_without, "without endpoint"),
            (int((~own).sum()), "without value"),
            (int((own & ~known).sum()), "without arm"),
        ]
    )
    shared = {"adjusted_for": "", "n_left_out": n_left_out, "left_out": left_out}
    unit = "" if feature.is_group else "_per_sd"
    names = (f"interaction_ratio{unit}", f"hazard_ratio{unit}_in_control", f"hazard_ratio{unit}_in_treated")
    if missing:
        n_events = int((follow_up.event[keep] == 1.0).sum())
        row = _row(names[0], (np.nan, np.nan, np.nan), n=(int(keep.sum()), n_events), method=f"cannot tell ({missing})")
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
        row = _row(name, effect, n=counts, method=told if not reason else method)
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


def _row(name: str, effect: tuple[float, float, float], *, n: tuple[int, int], method: str) -> dict[str, Any]:
    log_ratio, error, p_value = effect
    half = float(stats.norm.ppf(0.975)) * error
    with np.errstate(over="ignore"):
        ratio, low, high = (float(np.exp(v)) for v in (log_ratio, log_ratio - half, log_ratio + half))
    return {
        "n": n[0],
        "n_events": n[1],
        "effect": ratio,
        "effect_name": name,
        "std_error": error,
        "ci_low": low,
        "ci_high": high,
        "p_value": p_value,
        "method": method,
    }
