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
from tmescope.foundation.result import RunWarning
from tmescope.ingest.options import MISSING_WORDS
from tmescope.study.material import plural

if TYPE_CHECKING:
    from tmescope.study.schema import Cohort, Study
    from tmescope.study.schema_deconvolution import CountedShares

__all__ = ["read_truth", "truth_of", "truth_problems", "unmatched_problems", "warn_of_unknown"]

_MISSING = frozenset(word.lower() for word in MISSING_WORDS)
_SHARE = Range(0.0, 1.0)


def read_truth(path: Path, asked: CountedShares | None = None) -> pd.DataFrame:
    """Read a table of counted shares.

    Parameters
    ----------
    path : pathlib.Path
        Tab-separated. Wide: the first column names the sample, each further one is a cell type, its cells shares from
        0 to 1. Long: one row a sample and cell type.
    asked : CountedShares, optional
        The names of the columns of a long table; a wide one if omitted.

    Returns
    -------
    pandas.DataFrame
        Samples x cell types, NaN where missing.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FileFormatError
        If a cell is no share, a sample (in a long table: with a cell type) stands twice, a column is not there, or
        nothing is called like a cell type that is known.
    """
    if not path.is_file():
        raise MissingFileError(f"there is no {path.name!r}", where=str(path))
    faults = Faults(path)
    found = _read_long(path, asked, faults) if asked is not None and asked.share else _read_wide(path, faults)
    faults.refuse()
    if len(_unknown(found)) == len(found.columns):
        raise FileFormatError(
            f"none of the {plural(len(found.columns), 'counted type')} is called like a cell type that is known: "
            f"{examples(found.columns)}",
            where=str(path),
            expected="names such as B cells, CD8 T cells, NK cells",
            next_step="rename them; for a long table, name its columns: "
            '{ file = "FILE", sample = "sample", cell_type = "cell_type", share = "COLUMN" }',
        )
    return found


def _read_wide(path: Path, faults: Faults) -> pd.DataFrame:
    rows = read_rows(path)
    columns = next(rows, TextRow(1, ())).cells[1:]
    names: list[str] = []
    values: list[list[float]] = []
    for row in rows:
        names.append(row.cells[0])
        values.append(
            [_share(cell, f"line {row.line}, {c}", faults) for c, cell in zip(columns, row.cells[1:], strict=True)]
        )
    check_names(names, "sample", faults)
    return pd.DataFrame(values, index=pd.Index(names), columns=list(columns), dtype=float)


def _read_long(path: Path, asked: CountedShares, faults: Faults) -> pd.DataFrame:
    rows = read_rows(path)
    header = next(rows, TextRow(1, ())).cells
    wanted = (asked.sample, asked.cell_type, asked.share)
    for name in wanted:
        if name not in header:
            raise UnknownNameError.of("column", name, header, where=str(path))
    at = [header.index(name) for name in wanted]
    shares: dict[tuple[str, str], float] = {}
    for row in rows:
        sample, cell_type, cell = (row.cells[i] for i in at)
        if not sample or not cell_type:
            faults.add("a sample and a cell type in each row", f"line {row.line}")
            continue
        if (sample, cell_type) in shares:
            faults.add("each sample once with each cell type", f"line {row.line}: {sample[:40]!r}, {cell_type[:40]!r}")
        shares[sample, cell_type] = _share(cell, f"line {row.line}, {asked.share}", faults)
    samples, types = (list(dict.fromkeys(pair[i] for pair in shares)) for i in (0, 1))
    values = [[shares.get((s, t), math.nan) for t in types] for s in samples]
    return pd.DataFrame(values, index=pd.Index(samples), columns=types, dtype=float)


def _unknown(counted: pd.DataFrame) -> list[str]:
    tree = load_cell_types()
    return [str(name) for name in counted.columns if not tree.is_itself(str(name))]


def truth_of(study: Study, cohort: Cohort) -> pd.DataFrame | None:
    """Return the counted shares that a study has for a cohort, or None.

    Parameters
    ----------
    study : Study
        Paths start at its folder.
    cohort : Cohort
        Which.

    Raises
    ------
    TmescopeError
        As from `read_truth`.
    """
    asked = study.deconvolution.truth.get(cohort.id)
    return None if asked is None else read_truth(study.resolve(asked.file), asked)


def warn_of_unknown(counted: pd.DataFrame, *, where: str) -> list[RunWarning]:
    """Return a warning where columns of counted shares are compared with nothing, since no type is called like them.

    Parameters
    ----------
    counted : pandas.DataFrame
        As `read_truth` returns it.
    where : str
        The cohort.
    """
    unknown = _unknown(counted)
    if not unknown:
        return []
    message = (
        f"{len(unknown)} of {plural(len(counted.columns), 'counted cell type')} are not compared: "
        "no type of the tree of cell types is called like them"
    )
    return [RunWarning("truth.unknown_type", message, where, len(unknown), tuple(unknown[:3]))]


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
    for cohort, asked in study.deconvolution.truth.items():
        if cohort not in ids:
            yield UnknownNameError.of("cohort", cohort, ids, where="deconvolution.truth")
            continue
        try:
            read_truth(study.resolve(asked.file), asked)
        except TmescopeError as error:
            error.where = f"deconvolution.truth.{cohort}: {error.where or asked.file}"
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
    try:
        counted = truth_of(study, cohort)
    except TmescopeError:
        return  # told already
    if counted is None:
        return
    if set(samples).isdisjoint(counted.index):
        file = study.deconvolution.truth[cohort.id].file
        yield SampleError(
            f"none of the {len(counted)} samples of {file!r} is in the cohort: {examples(counted.index)}",
            where=f"deconvolution.truth.{cohort.id}",
            expected=f"sample ids such as {examples(list(samples)[:3])}",
        )
