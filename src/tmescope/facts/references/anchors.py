"""Whether a table of expression by tissue says of well-known genes what every other such table says.

Numbers alone do not show that a row was shifted against its header, or that two columns changed names: all of them are
plausible. Genes that belong to one tissue show it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.facts.records import DATA, Key, check_hash, check_record, hash_lines, place, read_record
from tmescope.foundation.errors import FileFormatError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["TissueAnchors", "check_anchors", "load_anchors"]

_FILE_KEYS = {
    "name": Key(str),
    "version": Key(str),
    "rule": Key(str),
    "sources": Key(list),
    "licence": Key(str),
    "sha256": Key(str),
    "tissues": Key(list),
}
_TISSUE_KEYS = {"name": Key(str), "beginnings": Key(list), "genes": Key(list)}
_BETWEEN = re.compile(r"[^a-z0-9]+")
_FOLD = 2.0  # another tissue must have this many times as much: tables differ in donors and in software
_MOST_WRONG = 0.02
_FEWEST = 40


@dataclass(frozen=True)
class TissueAnchors:
    """Genes of one tissue.

    Parameters
    ----------
    tissue : str
        Its name.
    beginnings : tuple of str
        How columns of it begin, in small letters.
    genes : tuple of str
        Approved symbols.
    """

    tissue: str
    beginnings: tuple[str, ...]
    genes: tuple[str, ...]

    def columns(self, names: Sequence[str]) -> list[int]:
        """Return the places of the columns that belong to the tissue."""
        folded = [_BETWEEN.sub(" ", name.casefold()).strip() for name in names]
        return [place for place, name in enumerate(folded) if name.startswith(self.beginnings)]


@cache
def load_anchors() -> tuple[TissueAnchors, ...]:
    """Return the bundled anchors (read once).

    Raises
    ------
    FactsError
        The bundled file fails its own checks.
    """
    path = DATA / "tissue_anchors.toml"
    record = read_record(path, _FILE_KEYS)
    found = []
    for number, one in enumerate(record["tissues"], start=1):
        check_record(one, _TISSUE_KEYS, where=f"{place(path)}, tissue {number}")
        found.append(TissueAnchors(one["name"], tuple(one["beginnings"]), tuple(one["genes"])))
    rows = hash_lines(f"{anchors.tissue}\t{gene}" for anchors in found for gene in anchors.genes)
    check_hash(rows, record["sha256"], what="the genes of the tissues", where=place(path))
    return tuple(found)


def check_anchors(rows: Mapping[str, int], columns: Sequence[str], values: NDArray[np.float64], *, path: Path) -> None:
    """Refuse a table in which genes of one tissue are highest in another.

    Parameters
    ----------
    rows : mapping of str to int
        Gene symbol to its row.
    columns : sequence of str
        Names of the tissues.
    values : ndarray, shape (genes, tissues)
        TPM.
    path : Path
        The file, for the message.

    Raises
    ------
    FileFormatError
        More than 2% of the genes have twice as much outside their tissue, or fewer than 40 can be looked at.

    Notes
    -----
    The three sound tables that were looked at have none of 185. A table whose rows were shifted where a
    cell was blank has more than half of them wrong.
    """
    looked_at, wrong = 0, []
    for anchors in load_anchors():
        inside = anchors.columns(columns)
        outside = [place for place in range(len(columns)) if place not in inside]
        if not inside or not outside:
            continue
        for gene in anchors.genes:
            if gene not in rows:
                continue
            looked_at += 1
            row = values[rows[gene]]
            highest = max(outside, key=row.__getitem__)
            if row[highest] > _FOLD * row[inside].max():
                wrong.append(
                    f"{gene} is highest in {columns[highest]} ({row[highest]:g}), expected in {anchors.tissue}"
                )
    if looked_at < _FEWEST:
        raise FileFormatError(
            f"only {looked_at} genes that belong to one tissue are in the table: it cannot be checked",
            where=str(path),
            expected=f"at least {_FEWEST}: approved symbols, and columns of tissues such as liver, testis and brain",
        )
    if len(wrong) > _MOST_WRONG * looked_at:
        raise FileFormatError(
            f"{len(wrong)} of {looked_at} genes of one tissue are highest in another: {'; '.join(wrong[:3])}",
            where=str(path),
            expected="each in its own tissue: rows are shifted against the header, or columns have each other's names",
            next_step="do not use the table: take it from its authors again",
        )
