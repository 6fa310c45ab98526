"""How each kind of question is answered in one cohort."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pandas as pd

from tmescope.associate.adjusted_response import associate_adjusted_response
from tmescope.associate.arms import Treatment
from tmescope.associate.cutpoints import CutPointPlan, associate_cutpoints
from tmescope.associate.hazards import Adjustment, associate_hazard
from tmescope.associate.immortal_time import Sampling, warn_of_immortal_time
from tmescope.associate.interactions import associate_interaction
from tmescope.associate.response_interactions import associate_response_interaction
from tmescope.foundation.errors import listing
from tmescope.foundation.result import RunWarning
from tmescope.study.asked_question import AskedQuestion, FoundAnswers
from tmescope.study.changes import answer_change

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


def _survival(asked: AskedQuestion) -> FoundAnswers:
    material, outcome = asked.material, asked.outcome
    warnings = [*_late(asked)]
    axis = pd.DataFrame(index=outcome.index)
    if material.axis is not None:
        axis = material.axis.values.reindex(outcome.index).to_frame(material.axis.name)
    both = pd.concat([axis, material.confounders], axis=1)
    # all adjustments on the same patients: those with every covariate known
    incomplete = both.isna().any(axis=1)
    outcome = outcome.mask(incomplete)
    covariates = {tuple(s.columns): s for s in (axis, material.confounders, both) if s.shape[1]}
    parts: list[pd.DataFrame] = []
    given: pd.DataFrame | None
    for given in covariates.values() or (None,):
        found = associate_hazard(
            material.features,
            outcome,
            cohort_id=asked.cohort_id,
            endpoint=asked.question.endpoint,
            adjustment=Adjustment(covariates=given),
        )
        parts.append(found.answers[found.answers["adjusted_for"] != ""] if parts else found.answers)
        warnings += found.warnings
    answers = pd.concat(parts, ignore_index=True)
    if (n := int(incomplete.sum())) and len(answers):
        answers["left_out"] = [f"{t} ({n} of all samples without axis or confounder)" for t in answers["left_out"]]
    return FoundAnswers(answers, tuple(dict.fromkeys(warnings)))


def _late(asked: AskedQuestion) -> tuple[RunWarning, ...]:
    timepoint = asked.material.samples["timepoint"]
    if not timepoint.notna().any():
        return ()
    sampling = Sampling(timepoint=timepoint)
    if asked.question.baseline:
        sampling = replace(sampling, baseline=tuple(asked.question.baseline))
    late = warn_of_immortal_time(asked.outcome, sampling, where=asked.where)
    names = sorted({str(n) for n in timepoint.dropna()} - set(sampling.baseline))
    hint = f"; if {listing(names, most=3)} is before treatment, name it in the question's baseline"
    return tuple(replace(w, message=w.message + hint) for w in late)


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
    return FoundAnswers(found.answers, found.warnings)


def _cutpoint(asked: AskedQuestion) -> FoundAnswers:
    found = associate_cutpoints(
        asked.material.features,
        asked.material.samples[asked.question.endpoint] if asked.is_response else asked.outcome,
        cohort_id=asked.cohort_id,
        endpoint=asked.question.endpoint,
        plan=CutPointPlan(corrected_by=asked.question.corrected_by, seed=asked.seed),
    )
    return FoundAnswers(found.answers, found.warnings, found.cuts)


ANSWERERS: Mapping[str, Callable[[AskedQuestion], FoundAnswers]] = {
    "response": _response,
    "survival": _survival,
    "interaction": _interaction,
    "cutpoint": _cutpoint,
    "change": answer_change,
}
