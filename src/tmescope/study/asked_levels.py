"""Which level of a category with two a question is about: the same one in every cohort that is pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.associate.features import Feature

if TYPE_CHECKING:
    from tmescope.study.schema_questions import Question

__all__ = ["ask_levels"]


def ask_levels(question: Question, features: Sequence[Feature], extra: pd.DataFrame) -> list[Feature]:
    """Return features with those of two-level categories about the level that the question names, or that is pooled.

    Parameters
    ----------
    question : Question
        The question.
    features : sequence of Feature
        Of one cohort; a category of two levels is there with the rarer one, which may be another one elsewhere.
    extra : pandas.DataFrame
        The cohort's table ``features``.

    Notes
    -----
    A level that the question names stands for itself. Of a pooled question that names none it is the last in sorted
    order, which does not depend on how many patients of a cohort have it.
    """
    found: list[Feature] = []
    for feature in features:
        found += _of_levels(question, feature, _two_levels(feature, extra))
    return found


def _two_levels(feature: Feature, extra: pd.DataFrame) -> list[str]:
    if not feature.is_group:
        return []
    own = extra.loc[(extra["feature"] == feature.name.split("=", 1)[0]), "category"].dropna()
    levels = sorted(str(level) for level in own.unique())
    return levels if len(levels) == 2 else []


def _of_levels(question: Question, feature: Feature, levels: list[str]) -> list[Feature]:
    if not levels:
        return [feature]
    category, own = feature.name.split("=", 1)
    asked = {name.removeprefix(f"{feature.source}:") for name in (*(question.features or ()), question.axis or "")}
    wanted = [level for level in levels if f"{category}={level}" in asked]
    if not wanted:
        wanted = [levels[-1] if question.pool else own]
    turned = replace(feature, values=1.0 - feature.values)
    return [replace(feature if level == own else turned, name=f"{category}={level}") for level in wanted]
