"""How questions about an ordered endpoint are answered in one cohort."""

from __future__ import annotations

from tmescope.associate.adjusted_response import associate_adjusted_response
from tmescope.study.asked_question import AskedQuestion, FoundAnswers
from tmescope.study.schema_ordinal import OrdinalEndpoint

__all__ = ["answer_ordinal"]


def answer_ordinal(asked: AskedQuestion) -> FoundAnswers:
    """Estimate the odds ratio of a better level per standard deviation, alone and beside axis and confounders.

    Parameters
    ----------
    asked : AskedQuestion
        Of kind ordinal.
    """
    endpoint, confounders = asked.question.endpoint, asked.material.confounders
    levels = asked.stated.levels if isinstance(asked.stated, OrdinalEndpoint) else []
    codes = {level: float(place) for place, level in enumerate(levels)}
    answers, warnings = associate_adjusted_response(
        asked.material.features,
        asked.material.samples[endpoint].map(codes).astype("float64"),
        cohort_id=asked.cohort_id,
        endpoint=endpoint,
        confounders=confounders if confounders.shape[1] else None,
        axis=asked.material.axis,
        seed=asked.seed,
    )
    return FoundAnswers(answers, warnings)
