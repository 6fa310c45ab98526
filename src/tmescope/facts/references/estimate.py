"""The genes that ESTIMATE ranks: those that its platforms share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tmescope.facts.matrices import check_count, check_names
from tmescope.facts.reading import Faults, TextRow, read_rows
from tmescope.foundation.errors import FileFormatError

__all__ = ["read_estimate"]

_COLUMN = "GeneSymbol"
_N_GENES = range(5_000, 30_000)


def read_estimate(paths: Mapping[str, Path]) -> tuple[str, ...]:
    """Read and check the table of common genes.

    Parameters
    ----------
    paths : mapping of str to Path
        Role ``genes``.

    Returns
    -------
    tuple of str
        Symbols in the order of the file, as it writes them.

    Raises
    ------
    FileFormatError
        No column GeneSymbol, a symbol that is none or is there twice, or too few of them.
    """
    path = paths["genes"]
    rows = read_rows(path)
    header = next(rows, TextRow(1, ())).cells
    if _COLUMN not in header:
        raise FileFormatError(
            f"the first line is {', '.join(header)[:60]!r}", where=str(path), expected=f"a column {_COLUMN}"
        )
    place = header.index(_COLUMN)
    faults = Faults(path)
    genes = [row.cells[place] for row in rows]
    check_names(genes, _COLUMN, faults)
    faults.refuse()
    check_count(len(genes), _N_GENES, what="genes", path=path)
    return tuple(genes)
