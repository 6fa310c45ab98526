"""Expression of genes by normal tissue: median TPM of GTEx (GCT), and TPM of the Human Protein Atlas (Parquet)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.facts.matrices import Range, build_matrix, check_count
from tmescope.facts.reading import Faults, TextRow, read_lines, read_rows
from tmescope.facts.references.anchors import check_anchors
from tmescope.foundation.errors import FileFormatError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["TissueExpression", "read_gtex", "read_hpa_rna"]

_ENSEMBL = re.compile(r"(ENSG\d{11})(\.\d+)?(_PAR_Y)?")
_TPM = Range(0.0, 1e6)
_N_GENES = range(10_000, 100_000)
_N_TISSUES = range(10, 200)
_SUMS = (
    3e5,
    1.1e6,
)  # medians and averages of TPM, and tables of protein-coding genes alone, sum to less than a million
_LARGEST_CELLS = 20_000_000


@dataclass(frozen=True, eq=False)
class TissueExpression:
    """Expression of genes by normal tissue.

    Parameters
    ----------
    ensembl_ids : tuple of str
        One for each row, without version; each once.
    gene_symbols : tuple of str
        As the table states them: not unique, empty where it states none.
    tissues : tuple of str
        Names of the columns.
    tpm : ndarray of float64, shape (genes, tissues)
        Not writable.
    """

    ensembl_ids: tuple[str, ...]
    gene_symbols: tuple[str, ...]
    tissues: tuple[str, ...]
    tpm: NDArray[np.float64]


def read_gtex(paths: Mapping[str, Path]) -> TissueExpression:
    """Read and check the table of median TPM by tissue, a GCT 1.2 file, gzip or not.

    Parameters
    ----------
    paths : mapping of str to Path
        Role ``median_tpm``.

    Raises
    ------
    FileFormatError
        Not GCT 1.2 with the size that its second line states; ids or numbers that are not of their form; columns that
        do not sum as TPM do; or genes in the wrong tissue, see `check_anchors`.
    """
    path = paths["median_tpm"]
    stated = _read_size(path)
    rows = read_rows(path, skip=2)
    header = next(rows, TextRow(3, ())).cells
    if header[:2] != ("Name", "Description"):
        raise FileFormatError(
            f"the third line is {', '.join(header)[:60]!r}", where=str(path), expected="Name, Description, tissues"
        )
    symbols: list[str] = []

    def noted(row: TextRow) -> tuple[int, str, Sequence[str]]:
        symbols.append(row.cells[1])
        return row.line, row.cells[0], row.cells[2:]

    matrix = build_matrix(path, header[2:], map(noted, rows), numbers=_TPM)
    if stated != matrix.values.shape:
        found = " x ".join(map(str, matrix.values.shape))
        raise FileFormatError(
            f"the table has {found} numbers", where=str(path), expected=f"{stated[0]} x {stated[1]}, by its second line"
        )
    return _checked(path, matrix.rows, symbols, tissues=matrix.columns, tpm=matrix.values)


def _read_size(path: Path) -> tuple[int, int]:
    lines = read_lines(path)
    first, second = next(lines, ""), next(lines, "")
    size = [int(cell) for cell in second.split("\t") if cell.isdecimal()]
    if first.strip() != "#1.2" or len(size) != 2:
        raise FileFormatError(
            f"the file begins {first[:30]!r}, {second[:30]!r}", where=str(path), expected="#1.2, and rows and columns"
        )
    return size[0], size[1]


def read_hpa_rna(paths: Mapping[str, Path]) -> TissueExpression:
    """Read and check a table of TPM by tissue, Parquet with Ensembl ids as its index and a column ``symbol``.

    Parameters
    ----------
    paths : mapping of str to Path
        Role ``tpm``.

    Raises
    ------
    FileFormatError
        Not Parquet, other columns, or as from `read_gtex`.
    """
    import numpy as np

    path = paths["tpm"]
    table = _read_parquet(path)
    numbers = table.drop(columns="symbol")
    if odd := [str(c) for c in numbers.columns if numbers[c].dtype.kind not in "fiu"]:
        raise FileFormatError(f"columns hold no numbers: {', '.join(odd[:3])}", where=str(path), expected="TPM")
    tpm = numbers.to_numpy(dtype=np.float64, copy=True)
    bad = ~(np.isfinite(tpm) & (tpm >= _TPM.lowest) & (tpm <= _TPM.highest))
    faults = Faults(path)
    for row, column in np.argwhere(bad):
        faults.add(str(_TPM), f"{table.index[row]}, {numbers.columns[column]}: {tpm[row, column]}")
    faults.refuse()
    tpm.setflags(write=False)
    symbols = ["" if value is None or value != value else str(value) for value in table["symbol"]]  # noqa: PLR0124 - NaN
    return _checked(path, [str(i) for i in table.index], symbols, tissues=tuple(map(str, numbers.columns)), tpm=tpm)


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path)
        size = file.metadata.num_rows * file.metadata.num_columns
        if size > _LARGEST_CELLS:
            raise FileFormatError(
                f"the table has {size:,} cells", where=str(path), expected=f"at most {_LARGEST_CELLS:,}"
            )
        table: pd.DataFrame = file.read().to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise FileFormatError(
            f"the file is not Parquet: {error}", where=str(path), expected="a Parquet table"
        ) from error
    if "symbol" not in table.columns:
        shown = ", ".join(map(str, table.columns[:4]))
        raise FileFormatError(f"the columns begin {shown}", where=str(path), expected="symbol, and one for each tissue")
    return table


def _checked(
    path: Path, names: Sequence[str], symbols: Sequence[str], *, tissues: tuple[str, ...], tpm: NDArray[np.float64]
) -> TissueExpression:
    check_count(len(names), _N_GENES, what="genes", path=path)
    check_count(len(tissues), _N_TISSUES, what="tissues", path=path)
    faults = Faults(path)
    matches = [_ENSEMBL.fullmatch(name) for name in names]
    for name, match in zip(names, matches, strict=True):
        if match is None:
            faults.add("an Ensembl gene id", repr(name[:40]))
    faults.refuse()
    ids = [f"{match[1]}{match[3] or ''}" for match in matches if match]
    for name, times in Counter(ids).items():
        if times > 1:
            faults.add("each Ensembl id once", f"{name} ({times} times)")
    for tissue, total in zip(tissues, tpm.sum(axis=0), strict=True):
        if not _SUMS[0] <= total <= _SUMS[1]:
            faults.add(f"a column of TPM, which sums to {_SUMS[0]:,.0f} to {_SUMS[1]:,.0f}", f"{tissue}: {total:,.0f}")
    faults.refuse()
    once = {symbol: row for row, symbol in enumerate(symbols) if symbol}
    for symbol, times in Counter(symbols).items():
        if times > 1:
            once.pop(symbol, None)
    check_anchors(once, tissues, tpm, path=path)
    return TissueExpression(tuple(ids), tuple(symbols), tissues, tpm)
