"""Human Protein Atlas: protein levels in normal tissue by immunohistochemistry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.facts.matrices import check_count
from tmescope.facts.reading import Faults, TextRow, read_rows
from tmescope.foundation.errors import FileFormatError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LEVELS", "RELIABILITIES", "read_hpa"]

LEVELS = ("Not detected", "Low", "Medium", "High")
"""Levels in their order."""

RELIABILITIES = ("Uncertain", "Approved", "Supported", "Enhanced")
"""How well an antibody is validated, the weakest first."""

_COLUMNS = ("gene_symbol", "ensembl_id", "tissue", "cell_type", "level", "reliability")
# field -> column; an empty name where the table has none
_STYLES = (
    ("Gene name", "Gene", "Tissue", "Cell type", "Level", "Reliability"),
    ("hgnc_symbol", "ensembl_gene_id", "organ", "", "hpa_normal_protein_max_level", ""),
)
_ENSEMBL = re.compile(r"ENSG\d{11}")
_FEWEST_GENES = 1_000
_FEWEST_TISSUES = 5


@dataclass(frozen=True)
class _Rules:
    path: Path
    faults: Faults

    def check(self, line: int, cells: Sequence[str], *, by_cell_type: bool) -> None:
        symbol, ensembl, tissue, cell_type, level, reliability = cells
        if not symbol or not tissue or (by_cell_type and not cell_type):
            self.faults.add("a gene, a tissue and a cell type", f"line {line}: {' '.join(cells)[:40]!r}")
        if not _ENSEMBL.fullmatch(ensembl):
            self.faults.add("an Ensembl gene id", f"line {line}: {ensembl[:40]!r}")
        if level not in LEVELS:
            self.faults.add(f"a level ({', '.join(LEVELS)})", f"line {line}: {level[:40]!r}")
        if by_cell_type and reliability not in RELIABILITIES:
            self.faults.add(f"a reliability ({', '.join(RELIABILITIES)})", f"line {line}: {reliability[:40]!r}")


def read_hpa(paths: Mapping[str, Path]) -> pd.DataFrame:
    """Read and check the table of normal tissue, as the atlas publishes it or with the highest level of each organ.

    Parameters
    ----------
    paths : mapping of str to Path
        Role ``normal_tissue``.

    Returns
    -------
    DataFrame
        Columns ``gene_symbol``, ``ensembl_id``, ``tissue``, ``cell_type``, ``level`` (ordered) and ``reliability``
        (ordered), in the order of the file. Cell type and reliability are missing where the table is by organ.

    Raises
    ------
    FileFormatError
        Another header, a level or reliability that the atlas does not use, an id that is none, the same gene, tissue
        and cell type with two levels, or too few genes or tissues.

    Notes
    -----
    Rows whose level is ``N/A`` or has no place in the order (``Ascending``, ``Descending``, ``Not representative``) say
    nothing of how much there is: they are left out.
    """
    import pandas as pd

    path = paths["normal_tissue"]
    table = pd.DataFrame(_rows(path), columns=list(_COLUMNS))
    key = ["ensembl_id", "tissue", "cell_type"]
    twice = table[table.duplicated([*key]) & ~table.duplicated([*key, "level", "reliability"])]
    if len(twice):
        shown = "; ".join(f"{r.gene_symbol} in {r.tissue} {r.cell_type}".strip() for r in twice.head(3).itertuples())
        raise FileFormatError(
            f"{len(twice):,} rows repeat a gene, tissue and cell type with another level: {shown}",
            where=str(path),
            expected="one level for each",
        )
    table = table.drop_duplicates(ignore_index=True)
    check_count(table["ensembl_id"].nunique(), range(_FEWEST_GENES, 100_000), what="genes", path=path)
    check_count(table["tissue"].nunique(), range(_FEWEST_TISSUES, 500), what="tissues", path=path)
    for name in ("tissue", "cell_type"):
        table[name] = table[name].replace("", None).astype("category")
    table["level"] = pd.Categorical(table["level"], LEVELS, ordered=True)
    table["reliability"] = pd.Categorical(table["reliability"].replace("", None), RELIABILITIES, ordered=True)
    return table


_WITHOUT_LEVEL = frozenset({"N/A", "Ascending", "Descending", "Not representative"})


def _rows(path: Path) -> Iterator[tuple[str, ...]]:
    rows = read_rows(path)
    header = next(rows, TextRow(1, ())).cells
    style = next((s for s in _STYLES if {name for name in s if name} <= set(header)), None)
    if style is None:
        raise FileFormatError(
            f"the first line is {', '.join(header)[:60]!r}",
            where=str(path),
            expected="the columns " + " or ".join(", ".join(name for name in s if name) for s in _STYLES),
        )
    places = [header.index(name) if name else None for name in style]
    rules = _Rules(path, Faults(path))
    # newer tables merge samples of one tissue under Tissue (skin) and keep their own names (skin 1) in another column
    laboratory = header.index("IHC tissue name") if "IHC tissue name" in header else None
    for row in rows:
        cells = tuple("" if place is None else row.cells[place] for place in places)
        if cells[4] in _WITHOUT_LEVEL:
            continue
        rules.check(row.line, cells, by_cell_type=bool(style[3]))
        yield (*cells[:2], row.cells[laboratory], *cells[3:]) if laboratory is not None else cells
    rules.faults.refuse()
