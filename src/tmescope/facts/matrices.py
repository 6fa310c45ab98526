"""Numbers with names on both sides, as references hold them, read with every value checked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.facts.reading import Faults, TextRow, read_lines, read_rows
from tmescope.foundation.errors import FileFormatError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["NamedMatrix", "Range", "check_count", "check_names", "read_matrix", "read_names", "read_sets"]


@dataclass(frozen=True)
class Range:
    """What numbers may be.

    Parameters
    ----------
    lowest, highest : float
        Both allowed.
    """

    lowest: float = 0.0
    highest: float = math.inf

    def parse(self, text: str) -> float | None:
        """Return the number, or None where the text is no finite number of the range."""
        try:
            value = float(text)
        except ValueError:
            return None
        return value if math.isfinite(value) and self.lowest <= value <= self.highest else None

    def __str__(self) -> str:
        top = f" to {self.highest:g}" if math.isfinite(self.highest) else " or more"
        return f"a finite number, {self.lowest:g}{top}"


@dataclass(frozen=True, eq=False)
class NamedMatrix:
    """A matrix with the names of its rows and columns, each once.

    Parameters
    ----------
    rows, columns : tuple of str
        Names, in the order of the file.
    values : ndarray of float64, shape (rows, columns)
        Not writable.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: NDArray[np.float64]

    def column(self, name: str) -> NDArray[np.float64]:
        """Return one column.

        Parameters
        ----------
        name : str
            Among `columns`.
        """
        found: NDArray[np.float64] = self.values[:, self.columns.index(name)]
        return found


def read_matrix(path: Path, *, row_names: bool = False, numbers: Range | None = None) -> NamedMatrix:
    """Read a tab-separated matrix whose first column names the rows.

    Parameters
    ----------
    path : Path
        The file.
    row_names : bool
        Whether the header lacks the cell above the row names, as R writes it.
    numbers : Range, optional
        What the numbers may be; 0 or more if omitted.

    Raises
    ------
    FileFormatError
        As from `read_rows`; a cell that is no such number, a name that is empty or not unique, no row, or a column
        of nothing but zeros.
    """
    rows = read_rows(path, row_names=row_names)
    header = next(rows, TextRow(1, ())).cells
    columns = header if row_names else header[1:]
    return build_matrix(path, columns, ((row.line, row.cells[0], row.cells[1:]) for row in rows), numbers=numbers)


def build_matrix(
    path: Path,
    columns: Sequence[str],
    rows: Iterable[tuple[int, str, Sequence[str]]],
    *,
    numbers: Range | None = None,
) -> NamedMatrix:
    """Put rows of text together as a matrix.

    Parameters
    ----------
    path : Path
        For messages.
    columns : sequence of str
        Their names.
    rows : iterable of tuple
        Line, name and cells.
    numbers : Range, optional
        What the numbers may be; 0 or more if omitted.

    Raises
    ------
    FileFormatError
        As from `read_matrix`.
    """
    import numpy as np

    allowed = numbers or Range()
    faults = Faults(path)
    names: list[str] = []
    values: list[NDArray[np.float64]] = []
    for line, name, cells in rows:
        names.append(name)
        parsed = [allowed.parse(cell) for cell in cells]
        for place, number in enumerate(parsed):
            if number is None:
                faults.add(str(allowed), f"line {line}, {columns[place]}: {cells[place][:40]!r}")
        values.append(np.array([math.nan if number is None else number for number in parsed]))
    check_names(names, "name of a row", faults)
    faults.refuse()
    if not names or not columns:
        raise FileFormatError("the matrix is empty", where=str(path), expected="rows and columns")
    matrix = np.vstack(values)
    if empty := [name for place, name in enumerate(columns) if not matrix[:, place].any()]:
        raise FileFormatError(
            f"columns hold nothing but zeros: {', '.join(empty[:3])}", where=str(path), expected="numbers above zero"
        )
    matrix.setflags(write=False)
    return NamedMatrix(tuple(names), tuple(columns), matrix)


def read_names(path: Path) -> tuple[str, ...]:
    """Read a list, one name a line.

    Raises
    ------
    FileFormatError
        A name twice, a line of several, or none at all.
    """
    names = [line.strip() for line in read_lines(path) if line.strip()]
    faults = Faults(path)
    check_names(names, "gene symbol", faults, form=lambda name: len(name.split()) == 1)
    faults.refuse()
    if not names:
        raise FileFormatError("the list is empty", where=str(path), expected="one name on each line")
    return tuple(names)


def read_sets(
    path: Path, *, columns: Sequence[str], may_be_empty: bool = False
) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Read gene sets from a table of one gene a row.

    Parameters
    ----------
    path : Path
        The table.
    columns : sequence of str
        Those that name the set; ``gene_symbol`` stands behind them.
    may_be_empty : bool
        Whether one row with a blank gene says that the set has none.

    Returns
    -------
    dict of tuple of str to tuple of str
        Name to genes, both in the order of the file.

    Raises
    ------
    FileFormatError
        Another header, an empty cell, or a gene twice in a set.
    """
    rows = read_rows(path)
    header = next(rows, TextRow(1, ())).cells
    if header != (*columns, "gene_symbol"):
        raise FileFormatError(
            f"the first line is {', '.join(header)[:60]!r}",
            where=str(path),
            expected=f"the columns {', '.join((*columns, 'gene_symbol'))}",
        )
    faults = Faults(path)
    sets: dict[tuple[str, ...], dict[str, int]] = {}
    empty: set[tuple[str, ...]] = set()
    for row in rows:
        *parts, gene = row.cells
        name = tuple(parts)
        genes = sets.setdefault(name, {})
        if may_be_empty and all(name) and not gene and not genes and name not in empty:
            empty.add(name)
            continue
        if not all(row.cells) or len(gene.split()) != 1 or name in empty:
            faults.add("a set and one gene", f"line {row.line}: {' '.join(row.cells)[:40]!r}")
        elif gene in genes:
            faults.add("each gene once in a set", f"line {row.line}: {gene} of {' '.join(name)} (line {genes[gene]})")
        genes[gene] = row.line
    faults.refuse()
    return {name: tuple(genes) for name, genes in sets.items()}


def check_names(names: Sequence[str], what: str, faults: Faults, *, form: Callable[[str], bool] = bool) -> None:
    """Note names that are empty, not of their form, or there twice.

    Parameters
    ----------
    names : sequence of str
        In the order of the file.
    what : str
        What they are, for the message.
    faults : Faults
        Takes them.
    form : callable
        Whether a name is of its form.
    """
    for name in _wrong(names, form):
        faults.add(f"a {what}", repr(name[:40]))
    for name, times in Counter(names).items():
        if times > 1 and name:
            faults.add(f"each {what} once", f"{name[:40]} ({times} times)")


def _wrong(names: Iterable[str], form: Callable[[str], bool]) -> Iterator[str]:
    return (name for name in names if not name or not form(name))


def check_count(found: int, expected: range, *, what: str, path: Path) -> None:
    """Refuse a number of things that no version of the reference has.

    Parameters
    ----------
    found : int
        How many there are.
    expected : range
        How many there may be.
    what : str
        What was counted.
    path : Path
        The file.

    Raises
    ------
    FileFormatError
        If it is not among the expected.
    """
    if found not in expected:
        wanted = f"{expected.start}" if len(expected) == 1 else f"{expected.start:,} to {expected.stop - 1:,}"
        raise FileFormatError(
            f"the file has {found:,} {what}",
            where=str(path),
            expected=f"{wanted} {what}",
            next_step="take the whole file",
        )
