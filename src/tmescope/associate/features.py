"""What can be asked of a cohort: every score and every extra measurement as one value per sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

__all__ = ["Feature", "collect_features"]

TABLE = "table"
"""Source of features that come from the study's own tables rather than from a scoring method."""


@dataclass(frozen=True)
class Feature:
    """One value per sample.

    Parameters
    ----------
    name : str
        Signature, population or measurement; levels of a categorical one are called ``name=level``.
    source : str
        Scoring method, or ``table`` for extra measurements.
    values : pandas.Series
        Index sample_id; float. Missing values are NaN.
    is_group : bool
        Whether the values are 1 (has the level) and 0 (has another one).
    """

    name: str
    source: str
    values: pd.Series[float]
    is_group: bool = False


def collect_features(
    scores: pd.DataFrame, features: pd.DataFrame, *, sample_ids: Sequence[str], methods: Sequence[str]
) -> tuple[Feature, ...]:
    """Bring the scores and the extra features of one cohort into one form.

    Parameters
    ----------
    scores : pandas.DataFrame
        Columns sample_id, method, feature, value; one cohort.
    features : pandas.DataFrame
        Columns sample_id, feature, kind, value, category; one cohort.
    sample_ids : sequence of str
        Samples, in order.
    methods : sequence of str
        Scoring methods to take, in order.

    Returns
    -------
    tuple of Feature
        Scores by method, then numeric features, then one feature for each level of each categorical one (all but the
        most common level where there are two; levels sorted).
    """
    found: list[Feature] = []
    index = pd.Index(list(sample_ids), dtype="str")
    for method in methods:
        rows = scores[scores["method"] == method]
        for name, part in rows.groupby("feature", sort=False):
            found.append(Feature(str(name), method, part.set_index("sample_id")["value"].reindex(index)))
    for name, part in features.groupby("feature", sort=False):
        if (part["kind"] == "numeric").all():
            found.append(Feature(str(name), TABLE, part.set_index("sample_id")["value"].reindex(index)))
        else:
            found.extend(_levels(str(name), part.set_index("sample_id")["category"].reindex(index)))
    return tuple(found)


def _levels(name: str, category: pd.Series[str]) -> Iterator[Feature]:
    counts = category.dropna().value_counts().sort_index()
    levels = list(counts.index)
    if len(levels) == 2:
        # two levels ask one question; the rarer one names it
        levels = [min(levels, key=lambda level: (counts[level], level))]
    for level in levels:
        group = (category == level).astype("float64").mask(category.isna())
        yield Feature(f"{name}={level}", TABLE, group, is_group=True)
