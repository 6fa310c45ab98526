"""Meta-regressions that a study's questions ask for, and the properties of cohorts that they use, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.associate.moderators import moderate_answers
from tmescope.stats.meta_analysis import PoolingOptions
from tmescope.store.tables import shape_table
from tmescope.study.stacked_tables import stack_tables

if TYPE_CHECKING:
    from tmescope.study.schema_questions import Pooling, Question

__all__ = ["moderate", "pooling_options"]


def pooling_options(pool: Pooling) -> PoolingOptions:
    """Return how a question's answers are pooled.

    Parameters
    ----------
    pool : Pooling
        What the study file says.
    """
    return PoolingOptions(tau2=pool.method, test=pool.test)


def moderate(questions: Sequence[Question], answers: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables ``meta_regression`` and ``moderators``.

    Parameters
    ----------
    questions : sequence of Question
        Those that are pooled.
    answers : pandas.DataFrame
        Of all cohorts.
    """
    slopes: list[pd.DataFrame] = []
    for question in questions:
        mine = answers[answers["question_id"] == question.id]
        if question.pool is None:
            continue
        options = pooling_options(question.pool)
        for name, values in question.pool.moderators.items():
            slopes.append(moderate_answers(mine, values, moderator=name, options=options))
    rows = pd.DataFrame(list(_stated(questions)))
    return {"meta_regression": _shaped("meta_regression", slopes), "moderators": _shaped("moderators", [rows])}


def _shaped(name: str, parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return shape_table(name, stack_tables(name, parts))


def _stated(questions: Sequence[Question]) -> Iterator[dict[str, object]]:
    for question in questions:
        for name, values in (question.pool.moderators if question.pool else {}).items():
            for cohort, value in values.items():
                is_word = isinstance(value, str)
                yield {
                    "question_id": question.id,
                    "cohort_id": cohort,
                    "moderator": name,
                    "value": float("nan") if is_word else float(value),
                    "word": value if is_word else "",
                }
