"""What questions may name of an atlas: features of samples, never columns of cells."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.foundation.errors import TmescopeError
from tmescope.study.cell_features import composition_method, label_method
from tmescope.study.counted_atlas import CELLS, not_of_patients, read_counted

if TYPE_CHECKING:
    from tmescope.study.context import Context
    from tmescope.study.needs import Needs
    from tmescope.study.schema import Study
    from tmescope.study.schema_questions import Question

__all__ = ["cell_problems", "label_features", "names_of_cells"]

_TABLE = "table:"


def cell_problems(study: Study, folders: Mapping[str, Path]) -> Iterator[TmescopeError]:
    """Yield an error for each question that names a column of cells: there is no test over cells across patients.

    Parameters
    ----------
    study : Study
        The study.
    folders : mapping of str to pathlib.Path
        Folders of the cohorts that could be read.
    """
    for cohort in study.cohorts:
        if cohort.kind != "cells" or cohort.id not in folders:
            continue
        per_cell = set(json.loads((folders[cohort.id] / CELLS).read_text(encoding="utf-8"))["per_cell"])
        own = {n for t in cohort.features for n in (*t.numeric, *t.categorical)}
        for question in study.question:
            for key, name in _named(question):
                column = name.removeprefix(_TABLE).split("=", 1)[0]
                if column in per_cell - own:
                    yield not_of_patients(column, where=f"question[{question.id}].{key}, cohort {cohort.id}")


def _named(question: Question) -> Iterator[tuple[str, str]]:
    yield from (("features", name) for name in question.features or ())
    yield from (("confounders", name) for name in question.confounders)
    if question.axis:
        yield "axis", question.axis
    if question.treatment is not None:
        yield "treatment.feature", question.treatment.feature
    if question.expression is not None:
        stated = question.expression
        yield from ((f"expression.{k}", n) for k in ("feature", "batch") if (n := getattr(stated, k)))


def names_of_cells(study: Study, needs: Needs, folders: Mapping[str, Path]) -> set[str]:
    """Return names of features that cohorts of cells have of their labels, also with their methods.

    Parameters
    ----------
    study : Study
        The study.
    needs : Needs
        Its signatures.
    folders : mapping of str to pathlib.Path
        Folders of the cohorts that could be read.
    """
    found: set[str] = set()
    for cohort in study.cohorts:
        if cohort.kind == "cells" and cohort.labels and cohort.id in folders:
            about = json.loads((folders[cohort.id] / CELLS).read_text(encoding="utf-8"))
            found |= set(about["per_cell"])  # what is wrong with these `cell_problems` says
            shares, scores = set(about["names"]), _scored(needs, about["names"])
            found |= shares | scores | {f"{composition_method(cohort)}:{name}" for name in shares}
            found |= {f"{label_method(m, cohort)}:{name}" for m in study.profile.methods for name in scores}
    return found


def _scored(needs: Needs, labels: Iterable[str]) -> set[str]:
    return {f"{name}@{label}" for name in needs.sets() for label in labels}


def label_features(context: Context) -> set[str]:
    """Return names of features that cohorts of cells have of their labels.

    Parameters
    ----------
    context : Context
        The run; its atlases are counted.
    """
    found: set[str] = set()
    for cohort in context.study.cohorts:
        if cohort.kind == "cells":
            labels = read_counted(context.ledger.folder(f"atlas-{cohort.id}")).labels
            found |= {*labels, *_scored(context.needs, labels)}
    return found
