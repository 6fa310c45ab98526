"""Months without the event up to a horizon, between halves of a feature: a difference that needs no constant ratio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.associate.hazards import HazardAnswers
from tmescope.associate.rows import count_left_out
from tmescope.associate.time_to_event import FollowUp, merge_warnings, read_follow_up
from tmescope.foundation.errors import EndpointError
from tmescope.foundation.result import RunWarning
from tmescope.stats.restricted_means import RestrictedMeanDifference, compare_restricted_means

if TYPE_CHECKING:
    from tmescope.associate.features import Feature

__all__ = ["associate_restricted_time"]


def associate_restricted_time(
    features: Sequence[Feature], outcome: pd.DataFrame, *, cohort_id: str, endpoint: str, horizon_months: float
) -> HazardAnswers:
    """Compare restricted mean survival time between the upper and lower half of each feature, or a group and the rest.

    Parameters
    ----------
    features : sequence of Feature
        Values by sample. A numeric one is divided at the median of the patients used: above it against the others.
    outcome : pandas.DataFrame
        Index sample_id, one sample per patient; columns time_months and event (above 1: counts as censored).
    cohort_id, endpoint : str
        Names for the tables.
    horizon_months : float
        End of the areas, stated beforehand.

    Returns
    -------
    HazardAnswers
        Two rows a feature: ``restricted_mean_difference`` in months, and ``restricted_mean_ratio`` (log-scale error).
        Where a half is not followed to the horizon both are NaN, and `method` says so.

    Raises
    ------
    SampleError, EndpointError
        If the outcome is not one row a sample with times of zero or more, or has late entry.
    InputError
        If the horizon is not above zero.
    """
    where = f"{cohort_id}: {endpoint}"
    follow_up = read_follow_up(outcome, where=where)
    if follow_up.entry is not None:
        raise EndpointError(
            "restricted means do not take late entry", where=where, expected="an outcome without entry_months"
        )
    head = {"question_id": f"restricted_time:{endpoint}", "cohort_id": cohort_id, "endpoint": endpoint}
    rows: list[dict[str, Any]] = []
    warnings = list(follow_up.warnings)
    for feature in features:
        found, reason = _compare(feature, follow_up, horizon=horizon_months)
        rows += [{**head, "feature": feature.name, "source": feature.source, **row} for row in found]
        if reason:
            message = "restricted means could not be estimated"
            warnings.append(RunWarning("answers.not_estimated", message, where, 1, (f"{feature.name} ({reason})",)))
    return HazardAnswers(pd.DataFrame(rows), merge_warnings(warnings))


def _compare(feature: Feature, follow_up: FollowUp, *, horizon: float) -> tuple[list[dict[str, Any]], str]:
    values = feature.values.reindex(follow_up.sample_ids).to_numpy(dtype=np.float64)
    known = np.isfinite(values)
    cut = float(np.median(values[known])) if known.any() and not feature.is_group else 0.5
    high = values[known] > cut
    found = compare_restricted_means(
        follow_up.time[known], follow_up.event[known] == 1.0, high, horizon=horizon, confidence=0.95
    )
    n_left_out, left_out = count_left_out([(follow_up.n_without, "endpoint"), (int((~known).sum()), "value")])
    split = "group against the rest" if feature.is_group else "above the median against the others"
    method = f"not estimated ({found.reason})" if found.reason else f"{found.method}; in months; {split}"
    sizes = f"{found.group.n} against {found.reference.n} patients"
    sizes += "" if feature.is_group else f"; the median is {cut:.4g}"
    shared = {
        "n": found.n,
        "n_events": found.n_events,
        "method": method,
        "adjusted_for": "",
        "n_left_out": n_left_out,
        "left_out": left_out,
        "checks": sizes,
    }
    return [{**row, **shared} for row in _effects(found)], found.reason


def _effects(found: RestrictedMeanDifference) -> list[dict[str, Any]]:
    return [
        {
            "effect": found.difference,
            "effect_name": "restricted_mean_difference",
            "std_error": found.std_error,
            "ci_low": found.ci_low,
            "ci_high": found.ci_high,
            "p_value": found.p_value,
        },
        {
            "effect": found.ratio,
            "effect_name": "restricted_mean_ratio",
            "std_error": found.log_ratio_std_error,
            "ci_low": found.ratio_ci_low,
            "ci_high": found.ratio_ci_high,
            "p_value": found.ratio_p_value,
        },
    ]
