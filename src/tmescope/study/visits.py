"""The steps that measure samples of two visits, for questions of change: a small run beside the one of the baseline.

Samples on treatment never enter a cohort's own folder, so no score, figure or answer of the baseline depends on them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.foundation.errors import ManyProblems, SampleError, TmescopeError, examples
from tmescope.foundation.result import RunWarning
from tmescope.store.tables import read_table, write_table
from tmescope.study.asking import is_asked
from tmescope.study.deconvolving import deconvolve_step
from tmescope.study.ingesting import cohort_step, ingest_into
from tmescope.study.ledger import Ledger, Step
from tmescope.study.overlapping import COMPARED, RULE, find_shared
from tmescope.study.profiling import profile_step
from tmescope.study.subtype_needs import StudySubtypes

if TYPE_CHECKING:
    import pandas as pd

    from tmescope.study.context import Context
    from tmescope.study.needs import Needs
    from tmescope.study.schema import Cohort, Study
    from tmescope.study.schema_questions import Question

__all__ = [
    "asked_visits",
    "measure_visits",
    "visit_context",
    "visit_folder",
    "visit_outcomes",
    "visit_overlaps",
    "visit_problems",
    "visit_warnings",
]

_SHARED = ("universe", "overlaps")
_CELLS = "atlas-"
_EXPECTED = ("selection.several_per_patient", "selection.left_out")
"""Codes of warnings that every reading of two visits raises, and that say nothing here."""


@dataclass
class _VisitLedger(Ledger):
    """The ledger of a run, in which the folders of one question's visits go by their own names."""

    prefix: str = ""

    def folder(self, name: str, *, public: bool = False) -> Path:
        """Return the folder of a step."""
        is_shared = name in _SHARED or name.startswith(_CELLS)
        return super().folder(name if is_shared else f"{self.prefix}{name}", public=public)


def asked_visits(study: Study) -> Iterator[tuple[Question, Cohort]]:
    """Yield each question of change with each cohort that is asked it.

    Parameters
    ----------
    study : Study
        The study.
    """
    for question in study.question:
        if question.visits is not None:
            yield from ((question, c) for c in study.cohorts if is_asked(study, question, c))


def visit_context(context: Context, question: Question, cohort: Cohort) -> Context:
    """Return the context of the small run that measures one cohort's two visits for one question.

    Parameters
    ----------
    context : Context
        Of the run.
    question : Question
        A question of change.
    cohort : Cohort
        The cohort.

    Returns
    -------
    Context
        Of the same study, in which this cohort holds the samples of both visits.
    """
    prefix = _prefix(question)
    shared = context.ledger
    ledger = _VisitLedger(shared.root, shared.redone, shared.kept, prefix)
    done = {name.removeprefix(prefix): o for name, o in context.outcomes.items() if name.startswith(prefix)}
    shared_names = (n for n in context.outcomes if n in _SHARED or n.startswith(_CELLS))
    outcomes = {name: context.outcomes[name] for name in shared_names} | done
    needs = replace(context.needs, subtypes=StudySubtypes())
    return replace(
        context, study=_with_both(context.study, question, cohort), ledger=ledger, needs=needs, outcomes=outcomes
    )


def _prefix(question: Question) -> str:
    return f"visits~{question.id}~"  # no id has this mark, so no two names meet


def _with_both(study: Study, question: Question, cohort: Cohort) -> Study:
    words = None if question.visits is None else question.visits.words_in(cohort.id)
    timepoints = [] if words is None else [*words.before, *words.on]
    select = cohort.select.model_copy(update={"timepoint": timepoints, "one_per_patient": "all"})
    both = cohort.model_copy(update={"select": select})
    update = {
        "cohorts": [both if c.id == cohort.id else c for c in study.cohorts],
        "question": [question],
        "endpoints": {name: e for name, e in study.endpoints.items() if name == question.endpoint},
        "profile": study.profile.model_copy(update={"leading_edge": []}),
        "deconvolution": study.deconvolution.model_copy(update={"truth": {}}),
    }
    return study.model_copy(update=update)


def measure_visits(context: Context, *, methods: Sequence[str]) -> None:
    """Read and score the visits of every question of change.

    Parameters
    ----------
    context : Context
        Of the run; its cohorts are read, overlaps and universe are known. Its outcomes get those of these steps.
    methods : sequence of str
        Scoring methods of questions that name none.

    Raises
    ------
    SampleError
        If a cohort has no sample at one of the visits.
    TmescopeError
        Whatever is wrong with samples that the baseline does not use.
    """
    for question, cohort in asked_visits(context.study):
        inner = visit_context(context, question, cohort)
        asked = next(c for c in inner.study.cohorts if c.id == cohort.id)
        try:
            _do(context, inner, cohort_step(inner, asked), question=question)
        except TmescopeError as error:
            error.where = f"question {question.id}, visits: {error.where}"
            raise
        _refuse_lone(inner.ledger.folder(f"cohort-{cohort.id}"), question, cohort.id)
        wanted = methods if question.methods is None else question.methods
        inner.needs = replace(inner.needs, specs=tuple(s for s in inner.needs.specs if s.name in wanted))
        _do(context, inner, profile_step(inner, asked), question=question)
        if inner.composes:
            _do(context, inner, deconvolve_step(inner, asked), question=question)
    for question in context.study.question:
        if question.visits is not None and question.pool is not None:
            context.do(_overlap_step(context, question))


def _overlap_step(context: Context, question: Question) -> Step:
    """Return the step that compares the visits of all cohorts: the baseline lacks those who have no sample there."""
    cohorts = [c.id for q, c in asked_visits(context.study) if q.id == question.id]
    folders = {c: visit_folder(context, question, c) for c in cohorts}
    ingredients = {
        "step": "overlaps of visits",
        "rule": RULE,
        "release": context.release,
        "cohorts": {c: {n: context.outcomes[f"{_prefix(question)}cohort-{c}"][n] for n in COMPARED} for c in cohorts},
    }

    def make(folder: Path) -> None:
        write_table(find_shared(context.study, folders).table, folder / "overlaps.parquet")

    return Step(f"{_prefix(question)}overlaps", ingredients, make)


def visit_folder(context: Context, question: Question, cohort_id: str) -> Path:
    """Return where the samples of both visits of a cohort were read to.

    Parameters
    ----------
    context : Context
        Of the run; visits are measured.
    question : Question
        A question of change.
    cohort_id : str
        The cohort.
    """
    return context.ledger.folder(f"{_prefix(question)}cohort-{cohort_id}")


def visit_overlaps(context: Context, question: Question) -> pd.DataFrame:
    """Return pairs of samples of one patient in two cohorts, among the visits that a pooled question compares.

    Parameters
    ----------
    context : Context
        Of the run; visits are measured.
    question : Question
        A question of change that is pooled.
    """
    return read_table(context.ledger.folder(f"{_prefix(question)}overlaps") / "overlaps.parquet")


def _do(context: Context, inner: Context, step: Step, *, question: Question) -> None:
    name = f"{_prefix(question)}{step.name}"
    context.do(replace(step, name=name))
    inner.outcomes[step.name] = context.outcomes[name]


def _refuse_lone(folder: Path, question: Question, cohort_id: str) -> None:
    """Refuse a cohort without a sample at one of the visits: it has no change to tell of."""
    found = Counter(read_table(folder / "samples.parquet")["timepoint"].astype("str"))
    if question.visits is None:
        return
    words = question.visits.words_in(cohort_id)
    for side, names in (("before", words.before), ("on", words.on)):
        if not sum(found[n] for n in names):
            raise SampleError(
                f"no sample that enters has the time point {examples(names)}",
                where=f"question {question.id}, cohort {cohort_id}: visits.{side}",
                expected="samples of both visits; there are " + examples(f"{n} ({k}x)" for n, k in found.items()),
                next_step="name in the question's cohorts those that took both samples",
            )


def visit_problems(study: Study, needs: Needs, *, cohorts: Collection[str], scratch: Path) -> Iterator[TmescopeError]:
    """Yield what is wrong with samples that questions of change read beside the baseline.

    Parameters
    ----------
    study : Study
        The study.
    needs : Needs
        Its methods and signatures.
    cohorts : collection of str
        Cohorts that are right in themselves.
    scratch : pathlib.Path
        A folder for what is read; the caller removes it.
    """
    for i, (question, cohort) in enumerate(asked_visits(study)):
        if cohort.id not in cohorts:
            continue
        both = _with_both(study, question, cohort)
        folder = scratch / f"visits~{i}"
        folder.mkdir()
        try:
            ingest_into(folder, both, next(c for c in both.cohorts if c.id == cohort.id), needs=needs)
            _refuse_lone(folder, question, cohort.id)
        except ManyProblems as many:
            yield from many.problems
        except TmescopeError as error:
            yield error


def visit_outcomes(context: Context, questions: list[Question], cohort_id: str) -> dict[str, dict[str, str]]:
    """Return what the answers of a cohort are made of beside its baseline.

    Parameters
    ----------
    context : Context
        Of the run; visits are measured.
    questions : list of Question
        Those of the cohort.
    cohort_id : str
        The cohort.
    """
    names = [
        f"{_prefix(q)}{kind}-{cohort_id}"
        for q in questions
        if q.visits is not None
        for kind in ("cohort", "profile", "fractions")
    ]
    return {name: context.outcomes[name] for name in names if name in context.outcomes}


def visit_warnings(context: Context, question: Question, cohort_id: str) -> list[RunWarning]:
    """Return what was noticed about the samples of two visits, and not about those of the baseline.

    Parameters
    ----------
    context : Context
        Of the run.
    question : Question
        A question of change.
    cohort_id : str
        The cohort.
    """
    found: list[RunWarning] = []
    for kind in ("cohort", "profile", "fractions"):
        name = f"{_prefix(question)}{kind}-{cohort_id}"
        if name not in context.outcomes:
            continue
        known = read_table(context.ledger.folder(f"{kind}-{cohort_id}") / "warnings.parquet")
        told = set(zip(known["code"], known["message"], strict=True))
        for row in read_table(context.ledger.folder(name) / "warnings.parquet").to_dict(orient="records"):
            if row["code"] not in _EXPECTED and (row["code"], row["message"]) not in told:
                where = f"{row['where']} (visits of question {question.id})"
                shown = tuple(e for e in str(row["examples"]).split("; ") if e)
                found.append(RunWarning(str(row["code"]), str(row["message"]), where, int(row["count"]), shown))
    return found
