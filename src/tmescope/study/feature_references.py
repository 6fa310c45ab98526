"""Which features and genes of a study's questions no cohort can have: told once cohorts are read, before any score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.foundation.errors import TmescopeError, UnknownNameError
from tmescope.store.matrices import read_genes
from tmescope.study.asking import is_asked
from tmescope.study.cell_questions import names_of_cells

if TYPE_CHECKING:
    from tmescope.study.needs import Needs
    from tmescope.study.schema import Cohort, Study
    from tmescope.study.schema_questions import Question

__all__ = ["feature_problems"]

_TABLE, _SUBTYPE = "table", "subtype"


def feature_problems(study: Study, needs: Needs, folders: Mapping[str, Path]) -> Iterator[TmescopeError]:
    """Yield one error for each question that names genes or features which none of its cohorts can have.

    Parameters
    ----------
    study : Study
        The study.
    needs : Needs
        Its methods and signatures.
    folders : mapping of str to pathlib.Path
        Folders of the cohorts that could be read; a question is looked at once all its cohorts are.

    Notes
    -----
    Scores of gene sets are called like the sets, and tables name their columns. What methods with features of their own
    call them is known once they have run: a name that may be one of theirs is left to the answers.
    """
    for question in study.question:
        to = question.carry.to if question.carry else []
        cohorts = [c for c in study.cohorts if is_asked(study, question, c) or c.id in to]
        if not cohorts or question.kind == "expression" or not all(c.id in folders for c in cohorts):
            continue
        yield from _genes(question, {g for c in cohorts for g in read_genes(folders[c.id])})
        of_cells = names_of_cells(study, needs, folders)
        yield from _features(study, question, needs, cohorts=cohorts, of_cells=of_cells)


def _genes(question: Question, measured: set[str]) -> Iterator[TmescopeError]:
    for name in dict.fromkeys(question.genes):
        if name not in measured:
            what = "gene of the question's cohorts"
            yield UnknownNameError.of(what, name, sorted(measured), where=f"question[{question.id}].genes")


def _features(
    study: Study, question: Question, needs: Needs, *, cohorts: list[Cohort], of_cells: set[str]
) -> Iterator[TmescopeError]:
    measured = {n for c in cohorts for t in c.features for n in (*t.numeric, *t.categorical)}
    methods = question.methods or study.answers.methods
    # of methods with sets of their own, frozen and third-party ones only they know the features
    plain = {s.name for s in needs.specs if s.gene_sets is None and s.name not in needs.models.models}
    others = {s.name for s in (*needs.specs, *needs.deconvolution)} - plain
    open_ended = bool(others if methods is None else set(methods) - plain)
    known = measured | needs.sets().keys() | of_cells

    def may_be(name: str) -> bool:
        if name in known or name.startswith(_SUBTYPE):
            return True
        source, _, rest = name.partition(":")
        if source in plain or source == _TABLE:
            return _own(rest) in (known if source in plain else measured) or rest.startswith(_SUBTYPE)
        return open_ended or _own(name) in known

    if question.features and not question.genes and not any(map(may_be, question.features)):
        place = f"question[{question.id}].features"
        yield UnknownNameError.of("feature", question.features[0], sorted(known), where=place)
    if question.axis and not may_be(question.axis):
        yield UnknownNameError.of("feature", question.axis, sorted(known), where=f"question[{question.id}].axis")


def _own(name: str) -> str:
    """Return the name of a feature whose level NAME=LEVEL may be."""
    return name.split("=", 1)[0]
