"""Answers to a study's own questions in one cohort, and the step that pools them over cohorts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.associate.across_cohorts import PoolPlan, count_once, pool_answers
from tmescope.associate.adjusted_response import associate_adjusted_response
from tmescope.associate.arms import Treatment
from tmescope.associate.cutpoints import CutPointPlan, associate_cutpoints
from tmescope.associate.hazards import Adjustment, associate_hazard
from tmescope.associate.immortal_time import Sampling, warn_of_immortal_time
from tmescope.associate.interactions import associate_interaction
from tmescope.associate.response_interactions import associate_response_interaction
from tmescope.foundation.errors import listing
from tmescope.foundation.result import RunWarning
from tmescope.stats.meta_analysis import PoolingOptions
from tmescope.store.tables import empty_table, read_table, shape_table, write_table
from tmescope.study.ledger import Step
from tmescope.study.notices import warning_table
from tmescope.study.question_material import QuestionMaterial, gather_material
from tmescope.study.subtyping import subtype_features

if TYPE_CHECKING:
    from tmescope.associate.features import Feature
    from tmescope.study.context import Context
    from tmescope.study.schema import Cohort
    from tmescope.study.schema_questions import Question

__all__ = ["FoundAnswers", "answer_question", "asked_questions", "pool_step", "pools"]


@dataclass(frozen=True)
class FoundAnswers:
    """What one question gave in one cohort.

    Parameters
    ----------
    answers : pandas.DataFrame
        Rows of the table ``answers`` without q-values.
    warnings : tuple of RunWarning
    cuts : pandas.DataFrame or None
        Rows of the table ``cuts``, of a question that looks for a cut-point.
    """

    answers: pd.DataFrame
    warnings: tuple[RunWarning, ...]
    cuts: pd.DataFrame | None = None


@dataclass(frozen=True)
class _Asked:
    """One question in one cohort."""

    question: Question
    material: QuestionMaterial
    cohort_id: str
    seed: int

    @property
    def where(self) -> str:
        return f"{self.cohort_id}: {self.question.endpoint}"

    @property
    def is_response(self) -> bool:
        return self.question.endpoint in self.material.samples

    @property
    def outcome(self) -> pd.DataFrame:
        name = self.question.endpoint
        outcome = self.material.samples[[f"{name}_time_months", f"{name}_event"]]
        return outcome.set_axis(["time_months", "event"], axis="columns")


def asked_questions(context: Context, cohort: Cohort) -> list[Question]:
    """Return the study's own questions that one cohort is asked.

    Parameters
    ----------
    context : Context
        The run.
    cohort : Cohort
        Which; it must record the endpoint.
    """
    study = context.study
    return [
        q
        for q in study.question
        if (q.cohorts is None or cohort.id in q.cohorts) and study.endpoints[q.endpoint].rule_for(cohort.id) is not None
    ]


def pools(context: Context) -> bool:
    """Return whether any question is pooled over cohorts."""
    return any(q.pool for q in context.study.question)


def answer_question(
    context: Context, question: Question, cohort: Cohort, *, features: tuple[Feature, ...], samples: pd.DataFrame
) -> FoundAnswers:
    """Answer one question in one cohort.

    Parameters
    ----------
    context : Context
        The run; the cohort is read and profiled, overlaps are known.
    question : Question
        The question.
    cohort : Cohort
        The cohort.
    features : tuple of Feature
        All features of the cohort by the methods that the question asks.
    samples : pandas.DataFrame
        Its table ``samples``, index sample_id.

    Returns
    -------
    FoundAnswers
    """
    folder = context.ledger.folder(f"cohort-{cohort.id}")
    elsewhere: tuple[str, ...] = ()
    if question.pool:
        asked = [c.id for c in context.study.cohorts if question in asked_questions(context, c)]
        overlaps = read_table(context.ledger.folder("overlaps") / "overlaps.parquet")
        elsewhere = count_once(overlaps, asked).get(cohort.id, ())
    extra = subtype_features(context, cohort.id, read_table(folder / "features.parquet"))
    material, noted = gather_material(question, features, samples, extra=extra, folder=folder, elsewhere=elsewhere)
    asked_here = _Asked(question, material, cohort.id, context.study.study.seed)
    found = _ANSWERERS[question.kind](asked_here)
    cuts = None if found.cuts is None else found.cuts.assign(question_id=question.id)
    return FoundAnswers(_named(found.answers, question, material), (*noted, *found.warnings), cuts)


def _named(answers: pd.DataFrame, question: Question, material: QuestionMaterial) -> pd.DataFrame:
    if not len(answers):
        return answers
    named = answers.assign(question_id=question.id)
    if n := material.n_elsewhere:
        named["n_left_out"] = named["n_left_out"] + n
        words = f"{n} whose patient another cohort has"
        named["left_out"] = [f"{t}; {words}" if t else words for t in named["left_out"]]
    return named


def _response(asked: _Asked) -> FoundAnswers:
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


def _survival(asked: _Asked) -> FoundAnswers:
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


def _late(asked: _Asked) -> tuple[RunWarning, ...]:
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


def _interaction(asked: _Asked) -> FoundAnswers:
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


def _cutpoint(asked: _Asked) -> FoundAnswers:
    found = associate_cutpoints(
        asked.material.features,
        asked.material.samples[asked.question.endpoint] if asked.is_response else asked.outcome,
        cohort_id=asked.cohort_id,
        endpoint=asked.question.endpoint,
        plan=CutPointPlan(corrected_by=asked.question.corrected_by, seed=asked.seed),
    )
    return FoundAnswers(found.answers, found.warnings, found.cuts)


_ANSWERERS: Mapping[str, Callable[[_Asked], FoundAnswers]] = {
    "response": _response,
    "survival": _survival,
    "interaction": _interaction,
    "cutpoint": _cutpoint,
}


def pool_step(context: Context) -> Step:
    """Return the step that pools the answers of every question that asks for it."""
    study = context.study
    asked = [q for q in study.question if q.pool]
    ingredients = {
        "step": "pooled",
        "release": context.release,
        "questions": [q.model_dump(mode="json") for q in asked],
        "answers": {c.id: context.outcomes[f"answers-{c.id}"]["answers.parquet"] for c in study.cohorts},
    }

    def make(folder: Path) -> None:
        tables = [read_table(context.ledger.folder(f"answers-{c.id}") / "answers.parquet") for c in study.cohorts]
        filled = [t for t in tables if len(t)]
        answers = pd.concat(filled, ignore_index=True) if filled else empty_table("answers")
        found = [pool_answers(answers[answers["question_id"] == q.id], plan=_plan(q)) for q in asked]
        for name in ("pooled", "leave_one_out"):
            parts = [part for f in found if len(part := getattr(f, name))]
            table = shape_table(name, pd.concat(parts, ignore_index=True)) if parts else empty_table(name)
            write_table(table, folder / f"{name}.parquet")
        write_table(warning_table(list(chain.from_iterable(f.warnings for f in found))), folder / "warnings.parquet")

    return Step("pooled", ingredients, make)


def _plan(question: Question) -> PoolPlan:
    pool = question.pool
    if pool is None:
        return PoolPlan()
    options = PoolingOptions(tau2=pool.method, test=pool.test)
    return PoolPlan(options=options, strata=pool.strata, fewest_cohorts=pool.fewest_cohorts)
