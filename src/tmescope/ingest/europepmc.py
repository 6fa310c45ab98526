"""Papers and preprints of Europe PMC: JSON answers of its search, core or lite."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

from tmescope.ingest.author_groups import group_key
from tmescope.ingest.json_fields import Fields, PartialDate, parse_date
from tmescope.ingest.json_items import JsonItem
from tmescope.ingest.lake_batches import Row, Rows, read_batches
from tmescope.store.lake_schemas import LakeBatch

__all__ = ["read_europepmc"]

_HEADING = re.compile(r"\s*<h4>([^<]*)</h4>\s*", re.IGNORECASE)
_MARKUP = re.compile(r"</?(?:i|b|u|p|em|strong|sup|sub|sc|h[1-6]|br)\s*/?>", re.IGNORECASE)
_BOOKS = frozenset({"NBK"})
_NO_PAPERS = frozenset({"PAT", "ETH", "HIR"})
"""Patents, theses and guidelines."""
_YES = {"Y": True, "N": False}


def read_europepmc(path: Path, /) -> Iterator[LakeBatch]:
    """Read answers of the search of Europe PMC.

    Parameters
    ----------
    path : Path
        JSON, plain or gzip-compressed: one answer or several one after the other (with ``resultList``), or a list of
        results.

    Yields
    ------
    LakeBatch
        One row a result in ``documents``, in the order of the file.

    Raises
    ------
    FileFormatError
        The file is no such JSON or ends too early; a result has no id or source, or a part of another type.

    Notes
    -----
    A result of PubMed is ``pmid:...``; a preprint ``doi:...``, or ``ppr:...`` without a DOI; others ``epmc:SOURCE/ID``
    (patents, theses, books and guidelines are of kind ``other`` and count as no paper). ``entered_on`` is the day on
    which Europe PMC first had it. A preprint's paper is a link ``PreprintOf`` to its PMID, and the other way round
    ``PreprintIn``. Lite answers have no abstract, MeSH or keywords: those stay missing. Whether something is a review
    is known from its types of publication alone.
    """
    return read_batches(path, (("resultList", "result"),), _rows)


def _rows(result: Fields, _: JsonItem) -> Rows:
    source, ident = result.text("source"), result.text("id")
    if source is None or ident is None:
        missing = "id" if ident is None else "source"
        raise result.wrong(missing, None, "a result of Europe PMC, with its id and source")
    is_preprint = source == "PPR"
    doi = (result.text("doi") or "").lower() or None
    types = _types(result)
    published = _published(result)
    authors = _authors(result)
    entered = result.date("firstIndexDate") or result.date("dateOfCreation")
    revised = result.date("dateOfRevision")
    row: Row = {
        "doc_id": _doc_id(result, source, ident),
        "source": "europepmc",
        "kind": "preprint" if is_preprint else _kind(source),
        "version": _version(result) if is_preprint else None,
        "entered_on": None if entered is None else entered.day,
        "revised_on": None if revised is None else revised.day,
        "published_on": None if published is None else published.day,
        "published_precision": None if published is None else published.precision,
        "title": _plain(result.text("title")),
        "abstract": _abstract(result.text("abstractText")),
        "language": result.text("language"),
        "journal": _journal(result),
        "publication_types": types,
        "is_review": None if types is None else any("review" in one.lower().split() for one in types),
        "is_retracted": _is_retracted(result, types),
        "mesh": _mesh(result),
        "keywords": result.texts("keywordList.keyword"),
        "substances": _substances(result),
        "authors": authors,
        "group_key": _group(authors),
        "doi": doi,
        "pmcid": result.text("pmcid"),
        "registry_ids": None,
        "cites": None,
        "links": _links(result),
    }
    return row, None


def _doc_id(result: Fields, source: str, ident: str) -> str:
    pmid, doi = result.text("pmid"), result.text("doi")
    if source == "PPR":
        return f"doi:{doi.lower()}" if doi else f"ppr:{ident}"
    if source == "MED" or pmid is not None:
        found = pmid or ident
        if not (found.isascii() and found.isdecimal()):
            raise result.wrong("pmid", found, "a number")
        return f"pmid:{int(found)}"
    return f"epmc:{source}/{ident}"


def _version(result: Fields) -> int | None:
    said = result.value.get("versionNumber")
    if said is None or (isinstance(said, int) and not isinstance(said, bool)):
        return result.count("versionNumber")
    text = result.text("versionNumber")
    if text is None or not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise result.wrong("versionNumber", said, "a number")
    return int(text)


def _types(result: Fields) -> list[str] | None:
    listed = result.texts("pubTypeList.pubType")
    if listed is not None:
        return listed
    joined = result.text("pubType")
    return None if joined is None else [one.strip() for one in joined.split(";") if one.strip()]


def _published(result: Fields) -> PartialDate | None:
    """Return what the journal prints: the day of the print, else what is first, else the year."""
    for name in ("journalInfo.printPublicationDate", "electronicPublicationDate", "firstPublicationDate"):
        if (found := result.date(name)) is not None:
            return found
    year = result.text("pubYear")
    return None if year is None else parse_date(year)


def _journal(result: Fields) -> str | None:
    return (
        result.text("journalInfo.journal.title")
        or result.text("journalTitle")
        or result.text("bookOrReportDetails.publisher")
    )


def _plain(text: str | None) -> str | None:
    return None if text is None else html.unescape(_MARKUP.sub("", text)).strip() or None


def _abstract(text: str | None) -> str | None:
    """Return sections as lines, ``BACKGROUND: ...``; marks of italics, sub- and superscripts are left out."""
    if text is None:
        return None
    lead, *sections = _HEADING.split(text)
    lines = [_plain(lead)]
    for heading, body in zip(sections[::2], sections[1::2], strict=True):
        label = (_plain(heading) or "").upper().rstrip(":. ")
        lines.append(": ".join(filter(None, (label, _plain(body)))))
    return "\n".join(filter(None, lines)) or None


def _mesh(result: Fields) -> list[Row] | None:
    found = result.parts("meshHeadingList.meshHeading")
    if found is None:
        return None
    return [
        {
            "name": one.text("descriptorName"),
            "major": _YES.get(one.text("majorTopic_YN") or ""),
            "qualifiers": [
                name for q in one.parts("meshQualifierList.meshQualifier") or () if (name := q.text("qualifierName"))
            ],
        }
        for one in found
    ]


def _substances(result: Fields) -> list[Row] | None:
    found = result.parts("chemicalList.chemical")
    if found is None:
        return None
    return [{"registry": one.text("registryNumber"), "name": one.text("name")} for one in found]


def _authors(result: Fields) -> list[Row] | None:
    found = result.parts("authorList.author")
    if found is None:
        return _named(result.text("authorString"))
    return [
        {
            "last_name": one.text("lastName"),
            "fore_name": one.text("firstName"),
            "initials": one.text("initials"),
            "collective": one.text("collectiveName"),
            "affiliation": _affiliation(one),
        }
        for one in found
    ]


def _affiliation(author: Fields) -> str | None:
    listed = author.parts("authorAffiliationDetailsList.authorAffiliation") or ()
    return "; ".join(filter(None, (one.text("affiliation") for one in listed))) or author.text("affiliation")


def _named(joined: str | None) -> list[Row] | None:
    """Return the authors of a lite answer: ``Flaherty KT, Robert C, METRIC Study Group.`` has three."""
    if joined is None:
        return None
    names = [name.strip() for name in joined.removesuffix(".").split(",")]
    rows: list[Row] = []
    for name in filter(None, names):
        family, _, initials = name.rpartition(" ")
        is_person = bool(family) and initials.isupper() and initials.isalpha() and len(initials) <= 4
        rows.append({"last_name": family, "initials": initials} if is_person else {"collective": name})
    return rows


def _group(authors: list[Row] | None) -> str | None:
    people = [one for one in authors or () if one.get("last_name")]
    if people:
        return group_key(people[-1]["last_name"], people[-1].get("fore_name") or people[-1].get("initials"))
    return group_key(None, None, authors[-1].get("collective")) if authors else None


def _is_retracted(result: Fields, types: list[str] | None) -> bool | None:
    notes = result.parts("commentCorrectionList.commentCorrection") or ()
    if any((one.text("type") or "").lower() == "retraction in" for one in notes):
        return True
    return None if types is None else any(one.lower() == "retracted publication" for one in types)


def _links(result: Fields) -> list[Row]:
    links = []
    for one in result.parts("commentCorrectionList.commentCorrection") or ():
        kind, source, ident = one.text("type"), one.text("source"), one.text("id")
        if kind is None:
            continue
        known = ident is not None and source in {"MED", "PPR"}
        target = f"{'pmid' if source == 'MED' else 'ppr'}:{ident}" if known else None
        name = "".join(word.capitalize() for word in kind.split())
        links.append({"kind": name, "doc_id": target, "source": one.text("reference")})
    return links


def _kind(source: object) -> str:
    return "book" if source in _BOOKS else "other" if source in _NO_PAPERS else "paper"
