"""Counted shares of cell types that a study supplies: read with distrust, checked before anything runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.facts.cell_types import load_cell_types
from tmescope.facts.matrices import Range, check_names
from tmescope.facts.reading import Faults, TextRow, read_rows
from tmescope.foundation.errors import (
    FileFormatError,
    MissingFileError,
    SampleError,
    TmescopeError,
    UnknownNameError,
    examples,
)
from tmescope.ingest.options import MISSING_WORDS

if TYPE_CHECKING:
    from tmescope.study.schema import Cohort, Study

__all__ = ["read_truth", "truth_problems", "unmatched_problems"]

_MISSING = frozenset(word.lower() for word in MISSING_WORDS)
_SHARE = Range(0.0, 1.0)


def read_truth(path: Path) -> pd.DataFrame:
    """Read a table of samples by cell types.

    Parameters
    ----------
    path : pathlib.Path
        Tab-separated: the first column names the sample, each further one is a cell type, its cells shares from 0 to 1.

    Returns
    -------
    pandas.DataFrame
        Samples x cell types, NaN where missing.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FileFormatError
        If a cell is no share, a sample stands twice, or no column is called like a cell type that is known.
    """
    if not path.is_file():
        raise MissingFileError(f"there is no {path.name!r}", where=str(path))
    rows = read_rows(path)
    columns = next(rows, TextRow(1, ())).cells[1:]
    faults = Faults(path)
    names: list[str] = []
    values: list[list[float]] = []
    for row in rows:
        names.append(row.cells[0])
        values.append(
            [_share(cell, f"line {row.line}, {c}", faults) for c, cell in zip(columns, row.cells[1:], strict=True)]
        )
    check_names(names, "sample", faults)
    faults.refuse()
    tree = load_cell_types()
    if not any(tree.is_itself(column) for column in columns):
        raise FileFormatError(
            f"none of the {len(columns)} columns is called like a cell type that is known: {examples(columns)}",
            where=str(path),
            expected="names such as B cells, CD8 T cells, NK cells",
            next_step="rename the columns",
        )
    return pd.DataFrame(values, index=pd.Index(names), columns=list(columns), dtype=float)


def _share(cell: str, place: str, faults: Faults) -> float:
    if cell.strip().lower() in _MISSING:
        return math.nan
    number = _SHARE.parse(cell)
    if number is None:
        faults.add(f"a share: {_SHARE}, or empty", f"{place}: {cell[:40]!r}")
        return math.nan
    return number


def truth_problems(study: Study) -> Iterator[TmescopeError]:
    """Yield what is wrong with the tables of ``deconvolution.truth`` before a cohort is read.

    Parameters
    ----------
    study : Study
        Paths start at its folder.
    """
    ids = [cohort.id for cohort in study.cohorts]
    for cohort, path in study.deconvolution.truth.items():
        if cohort not in ids:
            yield UnknownNameError.of("cohort", cohort, ids, where="deconvolution.truth")
            continue
        try:
            read_truth(study.resolve(path))
        except TmescopeError as error:
            error.where = f"deconvolution.truth.{cohort}: {error.where or path}"
            yield error


def unmatched_problems(study: Study, cohort: Cohort, samples: Sequence[str]) -> Iterator[TmescopeError]:
    """Yield the problem where a table of counted shares knows no sample of its cohort.

    Parameters
    ----------
    study : Study
        Its `truth_problems` are none.
    cohort : Cohort
        Which.
    samples : sequence of str
        That were selected.
    """
    path = study.deconvolution.truth.get(cohort.id)
    if path is None:
        return
    try:
        counted = read_truth(study.resolve(path))
    except TmescopeError:
        return  # told already
    if set(samples).isdisjoint(counted.index):
        yield SampleError(
            f"none of the {len(counted)} samples of {path!r} is in the cohort: {examples(counted.index)}",
            where=f"deconvolution.truth.{cohort.id}",
            expected=f"sample ids such as {examples(list(samples)[:3])}",
        )
