"""What the elements of PubMed's XML mean: citations, books and deletions, of the old and the new document type."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.document_columns import Document, DocumentColumns
from tmescope.ingest.document_texts import plain_doi, pmc_number, pmid_of, section, tidy, title_or_none, version_of
from tmescope.ingest.printed_dates import day_number, parse_printed, printed_date
from tmescope.ingest.xml_streams import XmlStream

__all__ = ["ROOTS", "Citations"]

ROOTS: Final = ("PubmedArticleSet", "MedlineCitationSet", "PubmedBookArticleSet")
"""Outermost elements of files that hold citations."""

_RECORDS = ("PubmedArticle", "PubmedBookArticle", "MedlineCitation")
_DELETIONS = ("DeleteCitation", "DeleteDocument")
_DATES = ("DateCreated", "DateCompleted", "DateRevised")
_ENTERED = ("entrez", "DateCreated")
_REVISED = ("DateRevised", "DateCompleted", "DateCreated")


class Citations:
    """Hears the elements of a file and fills columns.

    Parameters
    ----------
    stream : XmlStream
        Of the file.
    columns : DocumentColumns
        Get the documents and deletions.

    Notes
    -----
    Text is gathered from the start of an element that is wanted to its end, so that markup inside it disappears and its
    text stays. What one citation needs lies in a few lists and dictionaries that are emptied for the next one: most
    elements are then heard by methods of these, without a function of Python.
    """

    def __init__(self, stream: XmlStream, columns: DocumentColumns) -> None:
        self._stream = stream
        self._columns = columns
        self._record = ""
        self._attributes: dict[str, str] = {}
        self._parts: list[str] = []
        self._words: dict[str, str] = {}
        self._sections: list[str] = []
        self._types: list[str] = []
        self._languages: list[str] = []
        self._keywords: list[str] = []
        self._accessions: list[str] = []
        self._affiliations: list[str] = []
        self._author: dict[str, str] = {}
        self._date = [""] * 4
        self._dates: dict[str, int | None] = {}
        self._own_ids: dict[str, str] = {}
        self._link: dict[str, str | None] = {}
        self._clear()
        stream.listen(self._first, self._ignore, self._parts.append)

    def _clear(self) -> None:
        self._row = Document("pubmed")
        self._place = ""
        self._status = ""
        self._is_other = False
        self._math_from = 0
        self._ids = self._own_ids
        self._heading: tuple[str | None, str] = (None, "")
        self._is_major = False
        self._qualifiers: list[str] = []
        self._registry: str | None = None
        lists = (self._sections, self._types, self._languages, self._keywords, self._accessions, self._affiliations)
        for gathered in (*lists, self._words, self._author, self._dates, self._own_ids, self._link):
            gathered.clear()

    def _on_text(self) -> dict[str, Callable[[str], object]]:
        """Return what is done with the text of the elements that are wanted for it."""
        words, author, date = self._words.__setitem__, self._author.__setitem__, self._date.__setitem__
        people = {"LastName": "last", "ForeName": "fore", "FirstName": "fore", "Initials": "initials"}
        titles = ("ArticleTitle", "VernacularTitle", "BookTitle", "Title", "ISOAbbreviation")
        return {
            **{name: partial(words, name) for name in titles},
            **{name: partial(author, key) for name, key in people.items()},
            **{name: partial(date, i) for i, name in enumerate(("Year", "Month", "Day", "MedlineDate"))},
            "CollectiveName": partial(author, "collective"),
            "Affiliation": self._affiliations.append,
            "Language": self._languages.append,
            "PublicationType": self._types.append,
            "Keyword": self._keywords.append,
            "AccessionNumber": self._accessions.append,
            "RefSource": partial(self._link.__setitem__, "source"),
            "PMID": self._pmid,
            "AbstractText": self._abstract_text,
            "DescriptorName": self._descriptor,
            "QualifierName": self._qualifier,
            "SupplMeshName": self._supplement,
            "RegistryNumber": self._registry_number,
            "NameOfSubstance": self._substance,
            "ELocationID": self._location,
            "ArticleId": self._article_id,
            "OtherID": self._other_id,
        }

    def _on_start(self) -> dict[str, Callable[[], object]]:
        return {
            **{name: partial(self._open_date, name) for name in _DATES},
            **{name: partial(self._open_record, name) for name in _RECORDS},
            **dict.fromkeys(_DELETIONS, self._open_deletion),
            "PubMedPubDate": self._open_history,
            "PubDate": partial(self._open_date, "PubDate"),
            "Author": self._open_author,
            "MeshHeading": self._open_heading,
            "Chemical": self._open_chemical,
            "CommentsCorrections": self._open_link,
            "Reference": self._open_reference,
            "OtherAbstract": self._open_other,
            "mml:math": self._open_math,
        }

    def _on_end(self) -> dict[str, Callable[[], object]]:
        return {
            **dict.fromkeys((*_DATES, "PubMedPubDate"), self._close_date),
            **{name: partial(self._close_record, name) for name in _RECORDS},
            **dict.fromkeys(_DELETIONS, self._close_deletion),
            "PubDate": self._close_printed,
            "Author": self._close_author,
            "MeshHeading": self._close_heading,
            "CommentsCorrections": self._close_link,
            "Reference": self._close_reference,
            "OtherAbstract": self._close_other,
            "mml:math": self._close_math,
        }

    def _first(self, tag: str, _: dict[str, str]) -> None:
        if tag not in ROOTS:
            raise FileFormatError(
                f"the file holds <{tag[:60]}>, which is no list of citations",
                where=self._stream.place,
                expected=f"XML whose outermost element is {', '.join(ROOTS[:-1])} or {ROOTS[-1]}",
                next_step="fetch the citations themselves, such as with efetch and retmode=xml",
            )
        self._listen()

    def _ignore(self, tag: str) -> None:
        """Hear the end of an element before the first has started: there is none."""

    def _listen(self) -> None:
        """Hear everything from now on, by functions of local names: they are called for each element."""
        texts, opens, closes = self._on_text(), self._on_start(), self._on_end()
        parts, join = self._parts, "".join

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag in texts:
                parts.clear()
                self._attributes = attributes
            elif tag in opens:
                self._attributes = attributes
                opens[tag]()

        def end(tag: str) -> None:
            if tag in texts:
                texts[tag](join(parts).strip())
            elif tag in closes:
                closes[tag]()

        self._stream.listen(start, end, parts.append)

    # Records

    def _open_record(self, tag: str) -> None:
        if tag == self._record:
            raise self._refusal(f"a <{tag}> lies inside another")
        if not self._record:
            self._clear()
            self._record = tag

    def _close_record(self, tag: str) -> None:
        if tag != self._record:
            return
        self._record = ""
        if not self._row.doc_id:
            raise self._refusal(f"a <{tag}> that ends here has no PMID")
        self._complete(self._row, is_book=tag == "PubmedBookArticle")
        self._columns.add(self._row)
        self._stream.ended()

    def _complete(self, row: Document, *, is_book: bool) -> None:
        words, dates = self._words.get, self._dates.get
        row.entered_on = next((d for name in _ENTERED if (d := dates(name)) is not None), None)
        row.revised_on = next((d for name in _REVISED if (d := dates(name)) is not None), None)
        titles = [tidy(words(name, "")) for name in ("ArticleTitle", "VernacularTitle", "BookTitle")]
        row.title = title_or_none(titles[0]) or title_or_none(titles[1]) or titles[2] or None
        row.journal = tidy(words("Title") or words("ISOAbbreviation") or titles[2]) or None
        row.abstract = "\n".join(self._sections) or None
        row.language = "; ".join(filter(None, self._languages)) or None
        row.publication_types = [t for t in self._types if t]
        row.keywords = [tidy(k) for k in self._keywords if k]
        row.registry_ids = [a for a in self._accessions if a]
        row.doi = plain_doi(self._own_ids.get("doi", "")) or row.doi
        row.pmcid = pmc_number(self._own_ids.get("pmc", "")) or row.pmcid
        row.kind = "book" if is_book else "preprint" if "Preprint" in row.publication_types else "paper"

    def _open_deletion(self) -> None:
        self._place = "deletion"

    def _close_deletion(self) -> None:
        self._place = ""

    def _pmid(self, text: str) -> None:
        doc_id = pmid_of(text)
        if doc_id is None:
            raise self._refusal(f"{text[:60]!r} is no PMID")
        if self._place == "deletion":
            self._columns.delete(doc_id)
            self._stream.ended()
        elif self._place == "link":
            self._link["doc_id"] = doc_id
        elif not self._row.doc_id:
            self._row.doc_id = doc_id
            self._row.version = version_of(self._attributes.get("Version", ""))

    def _refusal(self, what: str) -> FileFormatError:
        return FileFormatError(
            what,
            where=self._stream.place,
            expected="citations as PubMed's document type describes them",
            next_step="copy or download the file again",
        )

    # Dates

    def _open_date(self, tag: str) -> None:
        self._date[:] = "", "", "", ""
        self._status = tag

    def _open_history(self) -> None:
        self._open_date(self._attributes.get("PubStatus", ""))

    def _close_date(self) -> None:
        year, month, day, _ = self._date
        self._dates.setdefault(self._status, day_number(year, month, day))

    def _close_printed(self) -> None:
        year, month, day, words = self._date
        if self._row.printed.day is None:
            self._row.printed = parse_printed(words) if words else printed_date(year, month, day)

    # Abstract

    def _open_other(self) -> None:
        self._is_other = True

    def _close_other(self) -> None:
        self._is_other = False

    def _abstract_text(self, text: str) -> None:
        if text and not self._is_other:
            self._sections.append(section(self._attributes.get("Label"), tidy(text)))

    def _open_math(self) -> None:
        self._math_from = len(self._parts)

    def _close_math(self) -> None:
        """Take out the white space with which formulas are laid out: it is not part of them."""
        self._parts[self._math_from :] = ["".join("".join(self._parts[self._math_from :]).split())]

    # People

    def _open_author(self) -> None:
        self._author.clear()
        self._affiliations.clear()
        self._author["valid"] = self._attributes.get("ValidYN", "Y")

    def _close_author(self) -> None:
        get = self._author.get
        affiliation = "\n".join(tidy(a) for a in self._affiliations if a) or None
        if get("valid") == "N":
            return
        if last_name := get("last"):
            self._row.add_person((last_name, get("fore") or None, get("initials") or None), affiliation)
        elif collective := get("collective"):
            self._row.add_collective(tidy(collective), affiliation)

    # Headings and substances

    def _open_heading(self) -> None:
        self._heading = (None, "")
        self._is_major = False
        self._qualifiers = []

    def _descriptor(self, text: str) -> None:
        self._heading = (self._attributes.get("UI"), text)
        self._is_major = self._is_major or self._attributes.get("MajorTopicYN") == "Y"

    def _qualifier(self, text: str) -> None:
        self._qualifiers.append(text)
        self._is_major = self._is_major or self._attributes.get("MajorTopicYN") == "Y"

    def _close_heading(self) -> None:
        ui, name = self._heading
        if name:
            self._row.add_heading(ui, name, self._qualifiers, is_major=self._is_major)

    def _supplement(self, text: str) -> None:
        if text:
            self._row.add_heading(self._attributes.get("UI"), text)

    def _open_chemical(self) -> None:
        self._registry = None

    def _registry_number(self, text: str) -> None:
        self._registry = None if text in {"", "0"} else text

    def _substance(self, text: str) -> None:
        if text:
            self._row.add_substance(self._attributes.get("UI"), self._registry, tidy(text))

    # Identifiers, links and references

    def _location(self, text: str) -> None:
        if self._attributes.get("EIdType") == "doi" and self._attributes.get("ValidYN") != "N":
            self._row.doi = self._row.doi or plain_doi(text)

    def _other_id(self, text: str) -> None:
        self._row.pmcid = self._row.pmcid or (pmc_number(text) if text.startswith("PMC") else None)

    def _article_id(self, text: str) -> None:
        self._ids.setdefault(self._attributes.get("IdType", ""), text)

    def _open_reference(self) -> None:
        self._ids = {}

    def _close_reference(self) -> None:
        cited = pmid_of(self._ids.get("pubmed", ""))
        if cited is None and (doi := plain_doi(self._ids.get("doi", ""))):
            cited = f"doi:{doi}"
        if cited:
            self._row.cites[cited] = None
        self._ids = self._own_ids

    def _open_link(self) -> None:
        self._place = "link"
        self._link.clear()
        self._link["kind"] = self._attributes.get("RefType")

    def _close_link(self) -> None:
        self._place = ""
        get = self._link.get
        kind, doc_id = get("kind"), get("doc_id")
        if kind != "Cites":
            self._row.add_link(kind, doc_id, tidy(get("source") or "") or None)
        elif doc_id:
            self._row.cites[doc_id] = None
