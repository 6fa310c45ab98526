"""The step that asks a cohort's questions: response and survival against every feature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.associate.families import adjust_families
from tmescope.associate.features import Feature, collect_features
from tmescope.associate.response import associate_response
from tmescope.associate.survival import associate_survival
from tmescope.foundation.result import RunWarning
from tmescope.store.tables import empty_table, read_table, shape_table, write_table
from tmescope.study.asking import asked_responses, asked_survival
from tmescope.study.cell_features import composition_method, label_method
from tmescope.study.ledger import Step
from tmescope.study.notices import warning_table
from tmescope.study.profiling import COHORT_MATRIX
from tmescope.study.question_material import PLACING_RULE
from tmescope.study.questioning import answer_question, asked_questions, left_elsewhere
from tmescope.study.sampling_times import late_in_answers
from tmescope.study.subtyping import subtype_features
from tmescope.study.visits import visit_context, visit_outcomes, visit_warnings

if TYPE_CHECKING:
    from tmescope.study.asked_question import FoundAnswers
    from tmescope.study.context import Context
    from tmescope.study.schema import Cohort
    from tmescope.study.schema_questions import Question

__all__ = ["answer_step", "asked_methods", "cohort_features"]

_TASK = "answers"
_OF_QUESTIONS = ("cuts", "incidence", "screens", "visits")
"""Tables that some kinds of questions fill beside the answers."""


def asked_methods(context: Context) -> list[str]:
    """Return the scoring methods whose features are tested: the primary one and those with sets of their own."""
    study = context.study
    if study.answers.methods is not None:
        return study.answers.methods
    fixed = [s.name for s in context.needs.specs if s.gene_sets is not None]
    fixed += [s.name for s in context.needs.deconvolution]
    fixed += [composition_method(c) for c in study.cohorts if c.labels]
    return list(dict.fromkeys([context.needs.primary(study), *fixed]))


def answer_step(context: Context, cohort: Cohort) -> Step:
    """Return the step that answers one cohort's questions."""
    study = context.study
    responses = [e for e in asked_responses(study) if study.endpoints[e].rule_for(cohort.id) is not None]
    survival = asked_survival(study)
    if survival is not None and study.endpoints[survival].rule_for(cohort.id) is None:
        survival = None
    own = asked_questions(context, cohort)
    elsewhere = left_elsewhere(context, cohort)

    def make(folder: Path) -> None:
        samples = read_table(context.ledger.folder(f"cohort-{cohort.id}") / "samples.parquet").set_index("sample_id")
        features = cohort_features(context, cohort.id, sample_ids=list(samples.index), methods=asked_methods(context))
        parts: list[pd.DataFrame] = []
        others: dict[str, list[pd.DataFrame]] = {name: [] for name in ("curves", *_OF_QUESTIONS)}
        warnings: list[RunWarning] = []
        context.progress.start(_TASK, len(responses) + (survival is not None) + len(own), unit="questions")
        for endpoint in responses:
            found, noted = associate_response(features, samples[endpoint], cohort_id=cohort.id, endpoint=endpoint)
            parts.append(found)
            warnings.extend(noted)
            context.progress.advance(_TASK)
        if survival is not None:
            outcome = samples[[f"{survival}_time_months", f"{survival}_event"]]
            outcome = outcome.set_axis(["time_months", "event"], axis="columns")
            answers = associate_survival(features, outcome, cohort_id=cohort.id, endpoint=survival)
            parts.append(answers.answers)
            others["curves"].append(answers.curves)
            warnings += [*answers.warnings, *late_in_answers(samples, outcome, where=f"{cohort.id}: {survival}")]
            context.progress.advance(_TASK)
        for question in own:
            found_own = _answer_own(
                context, question, cohort, features=features, samples=samples, elsewhere=elsewhere[question.id]
            )
            parts.append(found_own.answers)
            warnings.extend(found_own.warnings)
            for name in _OF_QUESTIONS:
                if (table := getattr(found_own, name)) is not None:
                    others[name].append(table)
            context.progress.advance(_TASK)
        context.progress.finish(_TASK)
        _write(folder, parts, others=others)
        write_table(warning_table(warnings), folder / "warnings.parquet")

    asked_for = {"responses": responses, "survival": survival, "methods": asked_methods(context)}
    return Step(f"answers-{cohort.id}", _ingredients(context, cohort.id, own, elsewhere=elsewhere) | asked_for, make)


def _ingredients(
    context: Context, cohort_id: str, own: list[Question], *, elsewhere: Mapping[str, tuple[str, ...]]
) -> dict[str, object]:
    data = context.outcomes[f"cohort-{cohort_id}"]
    return {
        "step": "answers",
        "rule": PLACING_RULE,
        "release": context.release,
        "samples": data["obs.parquet"],
        "features": data["features.parquet"],
        "scores": context.outcomes[f"profile-{cohort_id}"]["scores.parquet"],
        "fractions": context.outcomes.get(f"fractions-{cohort_id}", {}).get("fractions.parquet"),
        "subtypes": context.outcomes.get(f"subtypes-{cohort_id}", {}).get("subtypes.parquet"),
        "questions": [q.model_dump(mode="json") for q in own],
        "elsewhere": {q: list(left) for q, left in elsewhere.items() if left},
        "endpoints": {
            q.endpoint: context.study.endpoints[q.endpoint].model_dump(mode="json") for q in own if q.endpoint
        },
        "matrix": {n: data[n] for n in COHORT_MATRIX} if any(q.genes or q.kind == "screen" for q in own) else None,
        "seed": context.study.study.seed if own else None,
        "visits": visit_outcomes(context, own, cohort_id),
    }


def cohort_features(
    context: Context, cohort_id: str, *, sample_ids: list[str], methods: list[str]
) -> tuple[Feature, ...]:
    """Return all features of a cohort.

    Parameters
    ----------
    context : Context
        The run; the cohort is read and profiled.
    cohort_id : str
        The cohort.
    sample_ids : list of str
        Its samples, in order.
    methods : list of str
        Scoring methods to take, in order.
    """
    scores = read_table(context.ledger.folder(f"profile-{cohort_id}") / "scores.parquet")
    if context.composes:
        fractions = read_table(context.ledger.folder(f"fractions-{cohort_id}") / "fractions.parquet")
        scores = pd.concat([t for t in (scores, fractions) if len(t)], ignore_index=True)
    extra = read_table(context.ledger.folder(f"cohort-{cohort_id}") / "features.parquet")
    extra = subtype_features(context, cohort_id, extra)
    return collect_features(scores, extra, sample_ids=sample_ids, methods=methods)


def _answer_own(
    context: Context,
    question: Question,
    cohort: Cohort,
    *,
    features: tuple[Feature, ...],
    samples: pd.DataFrame,
    elsewhere: tuple[str, ...],
) -> FoundAnswers:
    """Answer a question of the study's own: of the baseline, or, where it is one of change, of both visits."""
    noted: list[RunWarning] = []
    if question.visits is not None:
        noted = visit_warnings(context, question, cohort.id)
        context = visit_context(context, question, cohort)
        samples = read_table(context.ledger.folder(f"cohort-{cohort.id}") / "samples.parquet").set_index("sample_id")
    labelled = methods_of_labels(context, question, cohort)
    if question.visits is not None or question.methods is not None or labelled:
        methods = [*(asked_methods(context) if question.methods is None else question.methods), *labelled]
        features = cohort_features(context, cohort.id, sample_ids=list(samples.index), methods=methods)
    found = answer_question(context, question, cohort, features=features, samples=samples, elsewhere=elsewhere)
    return replace(found, warnings=(*noted, *found.warnings))


def methods_of_labels(context: Context, question: Question, cohort: Cohort) -> list[str]:
    """Return the methods that hold the signatures of single labels, where a question names one: SIGNATURE@LABEL.

    Parameters
    ----------
    context : Context
        The run.
    question : Question
        The question.
    cohort : Cohort
        Who is asked.
    """
    named = [*(question.features or ()), *([question.axis] if question.axis else [])]
    if not cohort.labels or question.methods is not None or not any("@" in name for name in named):
        return []
    return [label_method(context.needs.primary(context.study), cohort)]


def _write(folder: Path, parts: list[pd.DataFrame], *, others: dict[str, list[pd.DataFrame]]) -> None:
    filled = [p for p in parts if len(p)]
    answers = adjust_families(pd.concat(filled, ignore_index=True)) if filled else empty_table("answers")
    write_table(shape_table("answers", answers), folder / "answers.parquet")
    for name, tables in others.items():
        known = [t for t in tables if len(t)]
        table = pd.concat(known, ignore_index=True) if known else empty_table(name)
        write_table(shape_table(name, table), folder / f"{name}.parquet")
