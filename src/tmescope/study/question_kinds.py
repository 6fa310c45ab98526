"""How each kind of question is answered in one cohort."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pandas as pd

from tmescope.associate.adjusted_response import associate_adjusted_response
from tmescope.associate.arms import Treatment
from tmescope.associate.cutpoints import CutPointPlan, associate_cutpoints
from tmescope.associate.interactions import associate_interaction
from tmescope.associate.response_interactions import associate_response_interaction
from tmescope.foundation.result import RunWarning
from tmescope.study.asked_question import AskedQuestion, FoundAnswers
from tmescope.study.changes import answer_change
from tmescope.study.ordinal_questions import answer_ordinal
from tmescope.study.sampling_times import late_samples
from tmescope.study.screening_questions import answer_screen
from tmescope.study.survival_questions import answer_competing_risks, answer_restricted_mean, answer_survival

__all__ = ["ANSWERERS"]


def _response(asked: AskedQuestion) -> FoundAnswers:
    confounders = asked.material.confounders
    answers, warnings = associate_adjusted_response(
        asked.material.features,
        asked.material.samples[asked.question.endpoint],
        cohort_id=asked.cohort_id,
        endpoint=asked.question.endpoint,
        confounders=confounders if confounders.shape[1] else None,
        axis=asked.material.axis,
        seed=asked.seed,
    )
    return FoundAnswers(answers, warnings)


def _interaction(asked: AskedQuestion) -> FoundAnswers:
    stated, arms = asked.question.treatment, asked.material.arms
    treatment = Treatment(
        arm=arms if arms is not None else pd.Series(dtype="str"),
        control="control",
        randomisation=stated.assignment if stated else "unknown",
    )
    if asked.is_response:
        answers, warnings = associate_response_interaction(
            asked.material.features,
            asked.material.samples[asked.question.endpoint],
            treatment=treatment,
            cohort_id=asked.cohort_id,
            endpoint=asked.question.endpoint,
        )
        return FoundAnswers(answers, warnings)
    found = associate_interaction(
        asked.material.features,
        asked.outcome,
        treatment=treatment,
        cohort_id=asked.cohort_id,
        endpoint=asked.question.endpoint,
    )
    return FoundAnswers(found.answers, (*_late(asked), *found.warnings))


def _cutpoint(asked: AskedQuestion) -> FoundAnswers:
    found = associate_cutpoints(
        asked.material.features,
        asked.material.samples[asked.question.endpoint] if asked.is_response else asked.outcome,
        cohort_id=asked.cohort_id,
        endpoint=asked.question.endpoint,
        plan=CutPointPlan(corrected_by=asked.question.corrected_by, seed=asked.seed),
    )
    return FoundAnswers(found.answers, (*_late(asked), *found.warnings), found.cuts)


def _screen(asked: AskedQuestion) -> FoundAnswers:
    found = answer_screen(asked)
    return replace(found, warnings=(*_late(asked), *found.warnings))


def _late(asked: AskedQuestion) -> tuple[RunWarning, ...]:
    return () if asked.is_response else tuple(late_samples(asked, asked.outcome))


ANSWERERS: Mapping[str, Callable[[AskedQuestion], FoundAnswers]] = {
    "response": _response,
    "survival": answer_survival,
    "interaction": _interaction,
    "cutpoint": _cutpoint,
    "ordinal": answer_ordinal,
    "restricted_mean": answer_restricted_mean,
    "competing_risks": answer_competing_risks,
    "screen": _screen,
    "change": answer_change,
}
