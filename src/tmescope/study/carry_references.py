"""What can be wrong with a cut-off that is carried, before any cohort is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmescope.associate.cutoff_files import read_cutoff
from tmescope.foundation.errors import ScaleError, StudyFileError, TmescopeError, UnknownNameError
from tmescope.foundation.scale import Scale
from tmescope.ingest.gene_lengths import final_scale
from tmescope.study.asking import choosing_cohort
from tmescope.study.schema_endpoints import UNDECIDED

if TYPE_CHECKING:
    from tmescope.study.schema import Cohort, Study
    from tmescope.study.schema_questions import Question

__all__ = ["carry_references", "cutoff_problems"]


def carry_references(study: Study, question: Question, place: str) -> Iterator[TmescopeError]:
    """Yield what is wrong with the cohorts that a question carries its cut-off to.

    Parameters
    ----------
    study : Study
        The study.
    question : Question
        The question; nothing is yielded for one that carries no cut-off.
    place : str
        Where it stands, for messages.
    """
    if question.carry is None:
        return
    cohorts = {c.id: c for c in study.cohorts}
    strange = [name for name in question.carry.to if name not in cohorts]
    for name in strange:
        yield UnknownNameError.of("cohort", name, list(cohorts), where=f"{place}.carry.to")
    if question.endpoint not in study.endpoints or strange:
        return
    endpoint = study.endpoints[question.endpoint]
    for name in question.carry.to:
        if endpoint.rule_for(name) is None:
            yield StudyFileError(
                f"cohort {name} does not record {question.endpoint}",
                where=f"{place}.carry.to",
                expected="cohorts that record the endpoint of the question",
                next_step="leave it out",
            )
    if not question.carry.files:
        yield from _chooser(study, question, place=place, to=question.carry.to)


def _chooser(study: Study, question: Question, *, place: str, to: list[str]) -> Iterator[TmescopeError]:
    cohorts = {c.id: c for c in study.cohorts}
    first = choosing_cohort(study, question)
    if first is None or first.id in to:
        yield StudyFileError(
            "no cohort is left to choose the cut" if first is None else f"{first.id} would choose the cut and test it",
            where=f"{place}.carry.to",
            expected="a first cohort that chooses, and others that had no part in it",
            next_step="name the choosing cohort in the question's cohorts, the others in carry.to",
        )
        return
    if _asks_tables_alone(study, question) or UNDECIDED in {first.scale, *(cohorts[n].scale for n in to)}:
        return
    unit = _unit(first)
    for name in to:
        if _unit(cohorts[name]) != unit:
            yield ScaleError(
                f"the cut is chosen on {unit} in {first.id}; {name} has {_unit(cohorts[name])}",
                where=f"{place}.carry.to",
                expected="cohorts of one unit: a cut-off is a number on one scale",
                next_step=f"leave {name} out, or turn both into one unit",
            )


def _unit(cohort: Cohort) -> str:
    declared = Scale.parse(cohort.scale)
    return final_scale(declared, has_lengths=cohort.gene_lengths is not None, to_tpm=cohort.to_tpm).unit


def _asks_tables_alone(study: Study, question: Question) -> bool:
    """Return whether all features are measurements of tables, which have units of their own."""
    own = {name for c in study.cohorts for table in c.features for name in table.numeric}
    return question.features is not None and not question.genes and own.issuperset(question.features)


def cutoff_problems(study: Study) -> list[TmescopeError]:
    """Return what is wrong with the files of frozen cut-offs that a study names.

    Parameters
    ----------
    study : Study
        The study, in its folder.
    """
    problems: list[TmescopeError] = []
    for question in study.question:
        seen: dict[tuple[str, str], str] = {}
        for name in question.carry.files if question.carry else []:
            try:
                cutoff = read_cutoff(study.resolve(name))
            except TmescopeError as error:
                problems.append(error)
                continue
            before = seen.setdefault((cutoff.source, cutoff.feature), name)
            if before != name:
                problems.append(
                    StudyFileError(
                        f"{before} and {name} are both cut-offs of {cutoff.feature} ({cutoff.source}): the same "
                        "patients would count twice",
                        where=f"question[{question.id}].carry: {name}",
                        expected="one cut-off of each feature and source in a question",
                        next_step="ask a question of its own about the other one",
                    )
                )
            if question.carry and cutoff.endpoint and cutoff.cohort_id in question.carry.to:
                problems.append(
                    StudyFileError(
                        f"the cut-off of {cutoff.feature} was chosen in {cutoff.cohort_id}, which is to test it",
                        where=f"question[{question.id}].carry: {name}",
                        expected="cohorts that had no part in choosing it",
                        next_step=f"leave {cutoff.cohort_id} out of carry.to",
                    )
                )
    return problems
