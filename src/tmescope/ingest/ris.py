"""RIS, as reference managers and publishers export it: titles, abstracts, authors; no date of entry, no links."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tmescope.ingest.checksum_files import check_md5_file
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.document_columns import Document, DocumentColumns
from tmescope.ingest.document_texts import plain_doi, pmc_number, pmid_of, title_or_none
from tmescope.ingest.printed_dates import NEVER, PrintedDate, parse_printed, printed_date
from tmescope.ingest.tagged_records import Layout, TaggedRecord, read_tagged
from tmescope.store.lake_schemas import LakeBatch

__all__ = ["read_ris"]

_LAYOUT = Layout("RIS", re.compile(r"([A-Z][A-Z0-9])  - ?(.*)"), "TY", "ER")
_ROWS = 2000
_BOOKS = frozenset({"BOOK", "CHAP", "DICT", "EBOOK", "ECHAP", "EDBOOK", "ENCYC"})
"""Books, their chapters and works of reference."""
_NO_PAPERS = frozenset(
    {
        "AGGR",
        "BILL",
        "BLOG",
        "CASE",
        "COMP",
        "DATA",
        "DBASE",
        "ELEC",
        "GOVDOC",
        "HEAR",
        "LEGAL",
        "MPCT",
        "MUSIC",
        "NEWS",
    }
    | {"PAT", "PCOMM", "RPRT", "SLIDE", "SOUND", "STAND", "STAT", "THES", "UNBILL", "VIDEO", "WEB"}
)
"""Patents, theses, reports, data, pages and whatever else no journal prints."""
_TYPES: Final = {"JOUR": "Journal Article", "EJOUR": "Journal Article", "MGZN": "Magazine Article"}
_PUBMED = re.compile(r"https?://(?:www\.ncbi\.nlm\.nih\.gov/pubmed|pubmed\.ncbi\.nlm\.nih\.gov)/(\d+)", re.ASCII)
_DIGITS_OF_ID = 32


def read_ris(path: Path, /, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[LakeBatch]:
    """Read references in RIS.

    Parameters
    ----------
    path : Path
        Plain or gzip; records from ``TY`` to ``ER``.
    limits : Limits
        On what is decompressed.

    Yields
    ------
    LakeBatch
        About two thousand records, in the order of the file.

    Raises
    ------
    FileFormatError
        What is no RIS, a record that does not end, a checksum beside the file that differs.

    Notes
    -----
    A record is named by its PubMed identifier (accession number or address), else by its DOI, else by a hash of its
    content, ``ris:...``. RIS does not say when a reference became known: ``entered_on`` is missing.
    """
    check_md5_file(path)
    columns = DocumentColumns()
    for record in read_tagged(path, _LAYOUT, limits=limits):
        columns.add(_document(record))
        if len(columns) >= _ROWS:
            yield columns.take()
    if len(columns):
        yield columns.take()


def _document(record: TaggedRecord) -> Document:
    kind = record.first("TY") or ""
    row = Document("ris", kind="book" if kind in _BOOKS else "other" if kind in _NO_PAPERS else "paper")
    row.doi = plain_doi(record.first("DO", "M3", "UR", "L3") or "")
    row.doc_id = _pmid(record) or (f"doi:{row.doi}" if row.doi else _hashed(record))
    row.title = title_or_none(record.first("TI", "T1", "CT", "BT"))
    row.abstract = record.first("AB", "N2")
    row.journal = record.first("JF", "JO", "T2", "JA", "J2", "BT")
    row.language = record.first("LA")
    row.printed = _printed(record)
    row.keywords = record.all("KW")
    row.pmcid = next((p for t in record.all("C2", "ID", "UR") if (p := pmc_number(t))), None)
    row.publication_types = [_TYPES.get(kind, kind)] if kind else []
    for name in record.all("AU", "A1"):
        last, comma, given = name.partition(",")
        given = " ".join(given.replace(",", " ").split())
        if comma:
            row.add_person((last.strip(), given or None, None))
        else:
            row.add_collective(name)
    return row


def _pmid(record: TaggedRecord) -> str | None:
    """Return the PubMed identifier, where the record says that a number is one."""
    sources = {t.casefold() for t in record.all("DB", "DP")}
    if sources & {"pubmed", "medline", "nlm"}:
        found = next((p for t in record.all("AN") if (p := pmid_of(t))), None)
        if found:
            return found
    return next((pmid_of(m[1]) for t in record.all("UR") if (m := _PUBMED.match(t))), None)


def _hashed(record: TaggedRecord) -> str:
    text = "\n".join(f"{name}  - {value}" for name, value in record.values)
    return f"ris:{hashlib.sha256(text.encode()).hexdigest()[:_DIGITS_OF_ID]}"


def _printed(record: TaggedRecord) -> PrintedDate:
    """Return the most precise of the dates, which are ``2020/03/09/`` with empty parts, or words."""
    found = NEVER
    for text in record.all("DA", "PY", "Y1"):
        year, *rest = text.split("/")
        month, day = (*rest, "", "")[:2]
        date = printed_date(year.strip(), month.strip(), day.strip())
        if date.day is None:
            date = parse_printed(text)
        if _RANK[date.precision] > _RANK[found.precision]:
            found = date
    return found


_RANK: Final = {None: 0, "year": 1, "month": 2, "day": 3}
