"""The full HGNC table: every human gene with its symbols, past and present, and its identifiers."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from tmescope.facts.reading import Faults, TextRow, read_rows
from tmescope.foundation.errors import FileFormatError

__all__ = ["HgncRecord", "read_hgnc"]

APPROVED = "Approved"

# field -> column, in two styles of HGNC: today's complete set, and the download of 2017 that quanTIseq carries
_NEW = {
    "hgnc_id": "hgnc_id",
    "symbol": "symbol",
    "previous": "prev_symbol",
    "aliases": "alias_symbol",
    "entrez": "entrez_id",
    "ensembl": "ensembl_gene_id",
    "uniprot": "uniprot_ids",
    "status": "status",
    "location": "location",
    "name": "name",
    "other_names": "alias_name",
    "former_names": "prev_name",
    "changed": "date_symbol_changed",
}
_OLD = {
    "hgnc_id": "HGNCID",
    "symbol": "ApprovedSymbol",
    "previous": "PreviousSymbols",
    "aliases": "AliasSymbol",
    "ensembl": "EnsemblGeneID",
    "uniprot": "UniProtAccession",
    "status": "Status",
    "name": "ApprovedName",
}
_REQUIRED = ("hgnc_id", "symbol", "previous", "aliases")
_FORMS = {
    "hgnc_id": (re.compile(r"HGNC:\d+"), "an HGNC id such as HGNC:5"),
    "entrez": (re.compile(r"(\d+)?"), "a whole number as NCBI gene id"),
    "ensembl": (re.compile(r"(ENSG\d{11})?"), "an Ensembl gene id without version"),
    "symbol": (re.compile(r"[^\s|,]+"), "one symbol"),
    "changed": (re.compile(r"(\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))?"), "a day such as 2024-10-01"),
}


@dataclass(frozen=True, slots=True)
class HgncRecord:
    """One entry of HGNC; an empty string or tuple where it states none.

    Parameters
    ----------
    symbol, hgnc_id : str
        Approved symbol and HGNC id; the last symbol where the entry is withdrawn.
    entrez, ensembl : str
        NCBI gene id; Ensembl id without version.
    uniprot : tuple of str
        UniProt accessions.
    previous, aliases : tuple of str
        Former symbols and other names, in the order of the file.
    status : str
        ``Approved``, or as the file says (``Entry Withdrawn``).
    location : str
        Chromosome and band, such as ``19q13.43``.
    names : tuple of str
        Approved name, other names and former names, such as ``alpha-1-B glycoprotein``.
    symbol_since : date, optional
        Day on which the symbol was changed to what it is; None where it never was, or the file does not say.
    """

    symbol: str
    hgnc_id: str
    entrez: str
    ensembl: str
    uniprot: tuple[str, ...]
    previous: tuple[str, ...]
    aliases: tuple[str, ...]
    status: str
    location: str
    names: tuple[str, ...] = ()
    symbol_since: dt.date | None = None

    @property
    def is_approved(self) -> bool:
        """Whether the entry stands."""
        return self.status == APPROVED


def read_hgnc(path: Path) -> list[HgncRecord]:
    """Read and check the full table of HGNC, as it is published now or was until 2017; gzip or not.

    Parameters
    ----------
    path : Path
        ``hgnc_complete_set.txt``, or a download with the columns ``HGNCID``, ``ApprovedSymbol``, ...

    Returns
    -------
    list of HgncRecord
        In the order of the file, withdrawn entries too. A file without a column of status holds approved entries.

    Raises
    ------
    FileFormatError
        Neither style; an id, a symbol or a number that is not of its form; an id twice, or an approved symbol twice.

    Notes
    -----
    Lists in a cell are separated by ``|``. Withdrawn entries may carry the symbol of an approved one.
    """
    rows = read_rows(path)
    header = next(rows, TextRow(1, ()))
    columns = _find_columns(header.cells, path)
    faults = Faults(path)
    table = list(rows)
    _check_forms(table, columns, faults)
    records = _records(table, columns)
    for what, names in (
        ("every HGNC id once", (record.hgnc_id for record in records)),
        ("every approved symbol once", (record.symbol for record in records if record.is_approved)),
    ):
        for name in _repeated(names):
            faults.add(what, repr(name))
    faults.refuse()
    if not records:
        raise FileFormatError("the table has no rows", where=str(path), expected="one row for each gene")
    return records


def _find_columns(header: tuple[str, ...], path: Path) -> Mapping[str, int]:
    for style in (_NEW, _OLD):
        if all(style[field] in header for field in _REQUIRED):
            return {field: header.index(name) for field, name in style.items() if name in header}
    wanted = " or ".join(", ".join(style[field] for field in _REQUIRED) for style in (_NEW, _OLD))
    raise FileFormatError(
        f"the first line is {', '.join(header)[:60]!r}", where=str(path), expected=f"the columns {wanted}"
    )


def _check_forms(table: Sequence[TextRow], columns: Mapping[str, int], faults: Faults) -> None:
    for field, (form, expected) in _FORMS.items():
        place = columns.get(field)
        if place is None:
            continue
        cells = [row.cells[place] for row in table]
        if all(map(form.fullmatch, cells)):
            continue
        for row, cell in zip(table, cells, strict=True):
            if not form.fullmatch(cell):
                faults.add(expected, f"line {row.line}: {cell[:40]!r}")


def _records(table: Sequence[TextRow], columns: Mapping[str, int]) -> list[HgncRecord]:
    """Return the rows as records, made column by column: a table has 42,000."""

    def texts(field: str, missing: str = "") -> Iterable[str]:
        place = columns.get(field)
        return repeat(missing, len(table)) if place is None else [row.cells[place] for row in table]

    fields = (
        texts("symbol"),
        texts("hgnc_id"),
        texts("entrez"),
        texts("ensembl"),
        *([_split(cell) if cell else () for cell in texts(name)] for name in ("uniprot", "previous", "aliases")),
        texts("status", APPROVED),
        texts("location"),
        _names(table, columns),
        (_day(cell) for cell in texts("changed")),
    )
    return [HgncRecord(*values) for values in zip(*fields, strict=True)]


def _names(table: Sequence[TextRow], columns: Mapping[str, int]) -> Iterable[tuple[str, ...]]:
    places = [columns[field] for field in ("name", "other_names", "former_names") if field in columns]
    return [tuple(n for place in places if row.cells[place] for n in _split(row.cells[place])) for row in table]


def _day(cell: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(cell) if cell else None
    except ValueError as error:
        raise FileFormatError(
            f"{cell!r} is no day of the calendar", where="column date_symbol_changed", expected=_FORMS["changed"][1]
        ) from error


def _split(cell: str) -> tuple[str, ...]:
    if "|" not in cell:  # most hold one name
        return (cell,)
    return tuple(name for part in cell.split("|") if (name := part.strip()))


def _repeated(names: Iterator[str]) -> list[str]:
    return sorted(name for name, times in Counter(names).items() if times > 1)
