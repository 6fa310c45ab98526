"""How well each feature separates responders from non-responders in a cohort, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.associate.rows import tell_left_out
from tmescope.foundation.result import RunWarning
from tmescope.stats.logistic import odds_ratio_of_group, odds_ratio_per_sd
from tmescope.stats.roc import auc

if TYPE_CHECKING:
    from tmescope.associate.features import Feature

__all__ = ["FEW_EVENTS", "associate_response"]

FEW_EVENTS = 10
"""Fewer responders or non-responders than this are pointed out: intervals then lean on few patients."""


def associate_response(
    features: Sequence[Feature], response: pd.Series[str], *, cohort_id: str, endpoint: str
) -> tuple[pd.DataFrame, tuple[RunWarning, ...]]:
    """Estimate the effect of each feature on a binary endpoint in one cohort.

    Parameters
    ----------
    features : sequence of Feature
        Values by sample; missing values leave the sample out of that feature's estimate.
    response : pandas.Series
        Index sample_id, one sample per patient; ``responder``, ``non_responder`` or missing.
    cohort_id, endpoint : str
        Names for the table.

    Returns
    -------
    answers : pandas.DataFrame
        For each numeric feature an ``auc`` (DeLong interval, 0 to 1, above 0.5 where responders have more of it) and
        an ``odds_ratio_per_sd`` (standard deviation of this cohort's samples with known response); for each level of
        a categorical one an ``odds_ratio``. ``n`` samples and ``n_events`` responders with both values known. An
        effect that cannot be estimated is NaN and the column ``method`` says why. Without q-values: see
        `tmescope.associate.families.adjust_families`.
    warnings : tuple of RunWarning
        Few responders, effects that could not be estimated.
    """
    known = response.dropna()
    positive = (known == "responder").to_numpy(dtype=bool)
    rows: list[dict[str, Any]] = []
    for feature in features:
        values = feature.values.reindex(known.index).to_numpy(dtype=np.float64)
        rows += [
            {
                "question_id": f"response:{endpoint}",
                "cohort_id": cohort_id,
                "feature": feature.name,
                "source": feature.source,
                "endpoint": endpoint,
                **estimate,
            }
            for estimate in _estimates(feature, values, positive)
        ]
    answers = pd.DataFrame(rows)
    if len(answers):
        answers = tell_left_out(answers, n_samples=len(response), n_known=len(known))
    where = f"{cohort_id}: {endpoint}"
    return answers, _warnings(answers, positive, where=where)


def _estimates(feature: Feature, values: np.ndarray[Any, Any], positive: np.ndarray[Any, Any]) -> list[dict[str, Any]]:
    if feature.is_group:
        odds = odds_ratio_of_group(values, positive)
        return [_row("odds_ratio", odds.odds_ratio, estimate=odds)]
    area = auc(values, positive)
    odds = odds_ratio_per_sd(values, positive)
    return [_row("auc", area.auc, estimate=area), _row("odds_ratio_per_sd", odds.odds_ratio, estimate=odds)]


def _row(name: str, effect: float, *, estimate: Any) -> dict[str, Any]:
    method = f"{estimate.method} ({estimate.reason})" if estimate.reason else estimate.method
    return {
        "n": estimate.n,
        "n_events": estimate.n_positive,
        "effect": effect,
        "effect_name": name,
        "std_error": estimate.std_error,
        "ci_low": estimate.ci_low,
        "ci_high": estimate.ci_high,
        "p_value": estimate.p_value,
        "method": method,
    }


def _warnings(answers: pd.DataFrame, positive: np.ndarray[Any, Any], *, where: str) -> tuple[RunWarning, ...]:
    found = []
    n_yes, n_no = int(positive.sum()), int((~positive).sum())
    if min(n_yes, n_no) < FEW_EVENTS:
        found.append(
            RunWarning(
                "answers.few_events",
                f"{n_yes} responders and {n_no} non-responders: the intervals rest on few patients",
                where,
                min(n_yes, n_no),
            )
        )
    lost = answers[answers["effect"].isna()] if len(answers) else answers
    if len(lost):
        names = [f"{f} ({e})" for f, e in zip(lost["feature"], lost["effect_name"], strict=True)]
        found.append(
            RunWarning(
                "answers.not_estimable",
                f"{len(lost)} effects could not be estimated; the column method of the table answers says why",
                where,
                len(lost),
                tuple(names[:3]),
            )
        )
    return tuple(found)
