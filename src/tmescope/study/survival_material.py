"""What a cohort brings to the models of a question about time to event: strata, weights, times of sampling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.foundation.errors import StudyFileError, examples
from tmescope.ingest.endpoint_rules import MONTHS_PER_UNIT

if TYPE_CHECKING:
    from tmescope.study.schema_questions import Question

__all__ = ["SurvivalMaterial", "gather_survival"]


@dataclass(frozen=True, kw_only=True)
class SurvivalMaterial:
    """Values of one cohort, index sample_id; None where the question does not ask for them.

    Parameters
    ----------
    strata : pandas.Series or None
        Combinations of the values of the strata, as text.
    weights : pandas.Series or None
        Case weights.
    sampled_months : pandas.Series or None
        Months from time zero to the sample.
    """

    strata: pd.Series[str] | None = None
    weights: pd.Series[float] | None = None
    sampled_months: pd.Series[float] | None = None


def gather_survival(
    question: Question, column: Callable[[str], pd.Series | None], *, where: str = ""
) -> SurvivalMaterial:
    """Read the columns that a question's table ``survival`` names.

    Parameters
    ----------
    question : Question
        The question.
    column : callable
        Takes a name; returns the cohort's values, or None where it has none.
    where : str
        Cohort and question, for messages; the question alone if omitted.

    Raises
    ------
    StudyFileError
        If the cohort does not have one of them: without it the answer would be to another question. Or if weights
        are below zero or endless.
    """
    where = where or f"question {question.id}"
    options = question.survival
    if options is None:
        return SurvivalMaterial()

    def needed(name: str, key: str) -> pd.Series:
        found = column(name)
        if found is None:
            raise StudyFileError(
                f"the cohort has no {name!r}",
                where=f"{where}: survival.{key}",
                expected="a column of every cohort that is asked",
                next_step="leave the cohort out of the question's cohorts",
            )
        return found

    strata = weights = sampled = None
    if options.strata:
        parts = {name: _text(needed(name, "strata")) for name in options.strata}
        strata = pd.Series(_joined(pd.DataFrame(parts)), index=next(iter(parts.values())).index, dtype="str")
        strata = strata.rename(", ".join(options.strata))
    if options.weights is not None:
        weights = needed(options.weights, "weights").astype("float64")
        _check_weights(weights, options.weights, where=where)
    if options.late_entry is not None:
        entry = options.late_entry
        sampled = needed(entry.feature, "late_entry.feature").astype("float64") * MONTHS_PER_UNIT[entry.unit]
    return SurvivalMaterial(strata=strata, weights=weights, sampled_months=sampled)


def _check_weights(weights: pd.Series[float], name: str, *, where: str) -> None:
    wrong = weights[(weights < 0.0) | np.isinf(weights)]
    if len(wrong):
        raise StudyFileError(
            f"{len(wrong)} of {len(weights)} values of {name!r} are no weights: "
            + examples([f"{sample} ({value:g})" for sample, value in wrong.items()]),
            where=f"{where}: survival.weights",
            expected="finite case weights, zero or more",
            next_step="correct the column, or name another one",
        )


def _text(values: pd.Series) -> pd.Series:
    return values.astype("object").map(lambda v: f"{v:g}" if isinstance(v, float) else str(v), na_action="ignore")


def _joined(table: pd.DataFrame) -> Iterator[str | None]:
    for row in table.itertuples(index=False):
        yield None if any(pd.isna(v) for v in row) else " | ".join(str(v) for v in row)
