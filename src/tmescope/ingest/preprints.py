"""Preprints of bioRxiv and medRxiv: JSON answers of their API's ``details``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tmescope.ingest.author_groups import group_key
from tmescope.ingest.json_fields import Fields
from tmescope.ingest.json_items import JsonItem
from tmescope.ingest.lake_batches import Row, Rows, read_batches
from tmescope.store.lake_schemas import LakeBatch

__all__ = ["read_preprints"]

_DOI = re.compile(r"10\.\d{4,9}/\S+", re.ASCII)
_SERVERS = ("biorxiv", "medrxiv")
_JOURNALS = {"biorxiv": "bioRxiv", "medrxiv": "medRxiv"}
_NOTHING = frozenset({"", "NA", "N/A"})
_INITIALS = re.compile(r"\w(?:[. -]+\w)*\.?|[A-Z]{2,4}")


def read_preprints(path: Path, /) -> Iterator[LakeBatch]:
    """Read answers of the API of bioRxiv and medRxiv.

    Parameters
    ----------
    path : Path
        JSON of ``details``, plain or gzip-compressed: one answer or several one after the other (with
        ``collection``), or a list of their entries.

    Yields
    ------
    LakeBatch
        One row a version of a preprint in ``documents``, in the order of the file.

    Raises
    ------
    FileFormatError
        The file is no such JSON or ends too early; an entry has no DOI or version, or is of another server.

    Notes
    -----
    The API dates versions: ``entered_on`` of a version is its own day, so that a preprint entered with the earliest of
    its versions that is here. The DOI of its paper is a link ``PreprintOf`` (``doi:...``). The category is a keyword.
    A preprint is a review never, and retracted where its type or title says that it was withdrawn.
    """
    return read_batches(path, (("collection",),), _rows)


def _rows(entry: Fields, _: JsonItem) -> Rows:
    doi = (entry.text("doi") or "").lower()
    if not _DOI.fullmatch(doi):
        raise entry.wrong("doi", entry.text("doi"), "a DOI such as 10.1101/2024.01.01.573838")
    server = (entry.text("server") or "").lower()
    if server not in _SERVERS:
        raise entry.wrong("server", entry.text("server"), "bioRxiv or medRxiv")
    posted = entry.date("date")
    day = None if posted is None else posted.day
    authors = _authors(entry)
    kind, title, category = entry.text("type"), entry.text("title"), _given(entry, "category")
    row: Row = {
        "doc_id": f"doi:{doi}",
        "source": server,
        "kind": "preprint",
        "version": _version(entry),
        "entered_on": day,
        "revised_on": day,
        "published_on": day,
        "published_precision": None if posted is None else posted.precision,
        "title": title,
        "abstract": entry.text("abstract"),
        "journal": _JOURNALS[server],
        "publication_types": ["Preprint", *([kind] if kind else ())],
        "is_review": False,
        "is_retracted": _is_withdrawn(kind, title),
        "keywords": None if category is None else [category],
        "authors": authors,
        "group_key": _group(authors),
        "doi": doi,
        "links": _links(entry),
    }
    return row, None


def _given(entry: Fields, name: str) -> str | None:
    said = entry.text(name)
    return None if said is None or said.strip().upper() in _NOTHING else said


def _version(entry: Fields) -> int:
    said = entry.value.get("version")
    text = str(said) if isinstance(said, int) and not isinstance(said, bool) else entry.text("version")
    if text is None or not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise entry.wrong("version", said, "the number of the version")
    return int(text)


def _authors(entry: Fields) -> list[Row] | None:
    """Return the authors of ``Gomez Cuautle, D. D.; Rossi, A. R.``; without a comma it is the name of a collective."""
    joined = _given(entry, "authors")
    if joined is None:
        return None
    rows: list[Row] = []
    for name in filter(None, (one.strip() for one in joined.split(";"))):
        family, comma, given = (part.strip() for part in name.partition(","))
        has_initials = bool(_INITIALS.fullmatch(given))
        rows.append(
            {
                "last_name": family if comma else None,
                "fore_name": given or None,
                "initials": re.sub("[. -]", "", given) if given and has_initials else None,
                "collective": None if comma else name,
            }
        )
    return rows


def _group(authors: list[Row] | None) -> str | None:
    people = [one for one in authors or () if one["last_name"]]
    if people:
        return group_key(people[-1]["last_name"], people[-1]["fore_name"])
    return group_key(None, None, authors[-1]["collective"]) if authors else None


def _is_withdrawn(kind: str | None, title: str | None) -> bool:
    return "withdrawn" in (kind or "").lower() or (title or "").upper().startswith("WITHDRAWN")


def _links(entry: Fields) -> list[Row]:
    published = _given(entry, "published")
    return [] if published is None else [{"kind": "PreprintOf", "doc_id": f"doi:{published.lower()}"}]
