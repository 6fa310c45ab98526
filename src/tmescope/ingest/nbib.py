"""MEDLINE text (NBIB), as PubMed's page saves it: the same rows as from PubMed's XML, as far as the text says it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.checksum_files import check_md5_file
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.document_columns import Document, DocumentColumns
from tmescope.ingest.document_texts import plain_doi, pmc_number, pmid_of, tidy, title_or_none
from tmescope.ingest.printed_dates import day_number, parse_printed
from tmescope.ingest.tagged_records import Layout, TaggedRecord, read_tagged
from tmescope.store.lake_schemas import LakeBatch

__all__ = ["read_nbib"]

_LAYOUT = Layout("MEDLINE text (NBIB)", re.compile(r"([A-Z][A-Z0-9]{1,3}) *- ?(.*)"), "PMID")
_ROWS = 2000
_ENTERED = ("CRDT", "EDAT", "DA")
_REVISED = ("LR", "DCOM", "DA")
_LINKS = {
    "CIN": "CommentIn",
    "CON": "CommentOn",
    "CRF": "CorrectedandRepublishedFrom",
    "CRI": "CorrectedandRepublishedIn",
    "ECF": "ExpressionOfConcernFor",
    "ECI": "ExpressionOfConcernIn",
    "EFR": "ErratumFor",
    "EIN": "ErratumIn",
    "ORI": "OriginalReportIn",
    "PRIN": "PartialRetractionIn",
    "PROF": "PartialRetractionOf",
    "RIN": "RetractionIn",
    "ROF": "RetractionOf",
    "RPF": "RepublishedFrom",
    "RPI": "RepublishedIn",
    "SPIN": "SummaryForPatientsIn",
    "UIN": "UpdateIn",
    "UOF": "UpdateOf",
}
_DAY = re.compile(r"(\d{4})[/-]?(\d{2})[/-]?(\d{2})(?!\d)", re.ASCII)
_LINKED = re.compile(r"PMID: *(\d+)", re.ASCII)
_DOI = re.compile(r"(.*\S)\s*\[doi\]", re.DOTALL)
_REGISTERED = re.compile(r"((?:EC )?\S+) \((.*)\)", re.DOTALL)
_NO_NUMBER = "0"


def read_nbib(path: Path, /, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[LakeBatch]:
    """Read citations in MEDLINE text.

    Parameters
    ----------
    path : Path
        Plain or gzip; records are separated by empty lines.
    limits : Limits
        On what is decompressed.

    Yields
    ------
    LakeBatch
        About two thousand records, in the order of the file.

    Raises
    ------
    FileFormatError
        What is no MEDLINE text, a record without a PubMed identifier, a checksum beside the file that differs.

    Notes
    -----
    ``entered_on`` is the create date (CRDT, which is the Entrez date of the XML); older files have only EDAT or DA,
    which take its place. The text names no identifiers of headings. That a file was cut off cannot be seen.
    """
    check_md5_file(path)
    columns = DocumentColumns()
    for record in read_tagged(path, _LAYOUT, limits=limits):
        columns.add(_document(record, f"{path}, line {record.line:,}"))
        if len(columns) >= _ROWS:
            yield columns.take()
    if len(columns):
        yield columns.take()


def _document(record: TaggedRecord, where: str) -> Document:
    number = record.first("PMID") or ""
    doc_id = pmid_of(number)
    if doc_id is None:
        raise FileFormatError(
            f"{number[:60]!r} is no PMID",
            where=where,
            expected="a record that begins with its PubMed identifier",
            next_step="export the records again",
        )
    row = Document("nbib", doc_id=doc_id)
    row.publication_types = record.all("PT")
    row.kind = "book" if record.first("BTI") else "preprint" if "Preprint" in row.publication_types else "paper"
    row.entered_on = _first_day(record, _ENTERED)
    row.revised_on = _first_day(record, _REVISED)
    row.printed = parse_printed(record.first("DP") or "")
    row.title = title_or_none(record.first("TI")) or title_or_none(record.first("TT")) or record.first("BTI")
    row.abstract = record.first("AB")
    row.language = "; ".join(record.all("LA")) or None
    row.journal = record.first("JT", "TA", "BTI")
    row.keywords = [k.removeprefix("*") for k in record.all("OT")]
    row.registry_ids = [t.rpartition("/")[2] for t in record.all("SI")]
    row.doi = next((plain_doi(m[1]) for t in record.all("AID", "LID") if (m := _DOI.fullmatch(t))), None)
    row.pmcid = pmc_number(record.first("PMC") or "")
    for heading in record.all("MH"):
        _add_heading(row, heading)
    for substance in record.all("RN"):
        _add_substance(row, substance)
    _add_links(row, record)
    _add_authors(row, record)
    return row


def _first_day(record: TaggedRecord, names: tuple[str, ...]) -> int | None:
    found = (_DAY.match(record.first(name) or "") for name in names)
    days = (day_number(*m.groups()) for m in found if m)
    return next((d for d in days if d is not None), None)


def _add_heading(row: Document, text: str) -> None:
    """Add ``Lung/*pathology/surgery``: what is starred is what the paper is about."""
    name, *qualifiers = (part.strip() for part in text.split("/"))
    plain = [q.removeprefix("*") for q in qualifiers]
    row.add_heading(None, name.removeprefix("*"), plain, is_major="*" in {name[:1], *(q[:1] for q in qualifiers)})


def _add_substance(row: Document, text: str) -> None:
    found = _REGISTERED.fullmatch(text)
    registry, name = (found[1], found[2]) if found else (None, text)
    row.add_substance(None, None if registry == _NO_NUMBER else registry, name)


def _add_links(row: Document, record: TaggedRecord) -> None:
    for value in record.values:
        if value.text and (kind := _LINKS.get(value.name)):
            linked = _LINKED.search(value.text)
            source = _LINKED.sub("", value.text).rstrip(" ;") or None
            row.add_link(kind, pmid_of(linked[1]) if linked else None, source)


def _add_authors(row: Document, record: TaggedRecord) -> None:
    """Add authors in their order; an affiliation belongs to the author before it, in old files to the first."""
    people: list[tuple[str, str, list[str]]] = []
    loose: list[str] = []
    short = record.all("AU")
    for name, text in record.values:
        if text and name in {"FAU", "CN"}:
            people.append((name, text, []))
        elif text and name == "AD":
            (people[-1][2] if people else loose).append(text)
    if not any(name == "FAU" for name, _, _ in people):
        people = [("AU", text, []) for text in short] + people
    if people and loose:
        people[0][2][:0] = loose
    initials = iter(short)
    for name, text, places in people:
        affiliation = "\n".join(places) or None
        if name == "CN":
            row.add_collective(tidy(text), affiliation)
        else:
            row.add_person(_names(name, text, next(initials, "")), affiliation)


def _names(name: str, text: str, short: str) -> tuple[str, str | None, str | None]:
    if name == "AU":
        last, _, letters = text.rpartition(" ")
        return (last or letters, None, letters if last else None)
    last, _, given = text.partition(", ")
    letters = short.removeprefix(f"{last} ") if short.startswith(f"{last} ") else ""
    return last, given or None, letters or None
