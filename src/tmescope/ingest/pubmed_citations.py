"""What the elements of PubMed's XML mean: citations, books and deletions, of the old and the new document type."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.document_columns import Document, DocumentColumns
from tmescope.ingest.document_texts import plain_doi, pmc_number, pmid_of, section, tidy, title_or_none, version_of
from tmescope.ingest.printed_dates import day_number, parse_printed, printed_date

if TYPE_CHECKING:
    from tmescope.ingest.xml_streams import Element, XmlStream

__all__ = ["ROOTS", "Citations"]

ROOTS: Final = ("PubmedArticleSet", "MedlineCitationSet", "PubmedBookArticleSet")
"""Outermost elements of files that hold citations."""

_RECORDS = ("PubmedArticle", "PubmedBookArticle", "MedlineCitation")
_DELETIONS = ("DeleteCitation", "DeleteDocument")
_DATES = ("DateCreated", "DateCompleted", "DateRevised")
_ENTERED = ("entrez", "DateCreated")
_REVISED = ("DateRevised", "DateCompleted", "DateCreated")
_MATH = ("mml:math", "{http://www.w3.org/1998/Math/MathML}math")
_CONTAINERS = [
    "MedlineCitation",
    "PubmedData",
    "Article",
    "Journal",
    "JournalIssue",
    "Abstract",
    "AuthorList",
    "DataBankList",
    "DataBank",
    "AccessionNumberList",
    "PublicationTypeList",
    "ChemicalList",
    "SupplMeshList",
    "CommentsCorrectionsList",
    "MeshHeadingList",
    "KeywordList",
    "History",
    "ArticleIdList",
    "BookDocument",
    "Book",
    "PubmedBookData",
]
_UNWANTED = [
    "ArticleDate",
    "CitationSubset",
    "CoiStatement",
    "CopyrightInformation",
    "DataBankName",
    "GrantList",
    "ISSN",
    "InvestigatorList",
    "Issue",
    "MedlineJournalInfo",
    "NumberOfReferences",
    "OtherAbstract",
    "Pagination",
    "PublicationStatus",
    "Volume",
]


class Citations:
    """Reads the records of a file and fills columns.

    Parameters
    ----------
    stream : XmlStream
        Of the file.
    columns : DocumentColumns
        Get the documents and deletions.

    Notes
    -----
    Each element that is wanted has a method, wherever it stands within a record; of one that is not known, the content
    is looked through. Markup within text disappears and its text stays.
    """

    def __init__(self, stream: XmlStream, columns: DocumentColumns) -> None:
        self._stream = stream
        self._columns = columns
        self._take = self._methods()
        self._clear()

    def _clear(self) -> None:
        self._row = Document("pubmed")
        self._words: dict[str, str] = {}
        self._sections: list[str] = []
        self._languages: list[str] = []
        self._dates: dict[str, int | None] = {}
        self._ids: dict[str, str] = {}

    def _methods(self) -> dict[str, Callable[[Element], None] | None]:
        titles = ("ArticleTitle", "VernacularTitle", "BookTitle", "Title", "ISOAbbreviation")
        return {
            **dict.fromkeys(_CONTAINERS, self._within),
            **dict.fromkeys(_UNWANTED),
            **dict.fromkeys(titles, self._title),
            **dict.fromkeys(_DATES, self._date),
            "AbstractText": self._abstract_text,
            "AccessionNumber": self._accession,
            "ArticleId": self._article_id,
            "Author": self._author,
            "Chemical": self._chemical,
            "CommentsCorrections": self._link,
            "ELocationID": self._location,
            "Keyword": self._keyword,
            "Language": self._language,
            "MeshHeading": self._heading,
            "OtherID": self._other_id,
            "PMID": self._pmid,
            "PubDate": self._printed,
            "PubMedPubDate": self._history,
            "PublicationType": self._publication_type,
            "PubmedArticle": self._inside_another,
            "PubmedBookArticle": self._inside_another,
            "ReferenceList": self._references,
            "SupplMeshName": self._supplement,
        }

    def check_root(self, tag: str) -> None:
        """Refuse a file that is no list of citations.

        Parameters
        ----------
        tag : str
            Its outermost element.

        Raises
        ------
        FileFormatError
            It is another.
        """
        if tag not in ROOTS:
            raise FileFormatError(
                f"the file holds <{tag[:60]}>, which is no list of citations",
                where=self._stream.place,
                expected=f"XML whose outermost element is {', '.join(ROOTS[:-1])} or {ROOTS[-1]}",
                next_step="fetch the citations themselves, such as with efetch and retmode=xml",
            )

    def add(self, record: Element) -> None:
        """Take what one child of the outermost element holds; what is neither citation nor deletion is left out.

        Parameters
        ----------
        record : Element
            Complete.

        Raises
        ------
        FileFormatError
            A citation without PMID, a number that is none, a citation inside another, elements too deep.
        """
        try:
            if record.tag in _RECORDS:
                self._add_record(record)
            elif record.tag in _DELETIONS:
                for pmid in record.iter("PMID"):
                    self._columns.delete(self._pmid_of(pmid))
        except RecursionError as error:
            raise self._refusal(f"elements lie within each other too deeply in a <{record.tag}>") from error

    def _add_record(self, record: Element) -> None:
        self._clear()
        self._within(record)
        if not self._row.doc_id:
            raise self._refusal(f"a <{record.tag}> that ends here has no PMID")
        self._complete(self._row, is_book=record.tag == "PubmedBookArticle")
        self._columns.add(self._row)

    def _complete(self, row: Document, *, is_book: bool) -> None:
        words, dates = self._words.get, self._dates.get
        row.entered_on = next((d for name in _ENTERED if (d := dates(name)) is not None), None)
        row.revised_on = next((d for name in _REVISED if (d := dates(name)) is not None), None)
        book = words("BookTitle")
        row.title = title_or_none(words("ArticleTitle")) or title_or_none(words("VernacularTitle")) or book or None
        row.journal = words("Title") or words("ISOAbbreviation") or book or None
        row.abstract = "\n".join(self._sections) or None
        row.language = "; ".join(self._languages) or None
        row.doi = plain_doi(self._ids.get("doi", "")) or row.doi
        row.pmcid = pmc_number(self._ids.get("pmc", "")) or row.pmcid
        row.kind = "book" if is_book else "preprint" if "Preprint" in row.publication_types else "paper"

    def _within(self, element: Element) -> None:
        take = self._take
        for child in element:
            tag = child.tag
            if tag in take:
                if (method := take[tag]) is not None:
                    method(child)
            elif len(child):
                self._within(child)

    def _inside_another(self, element: Element) -> None:
        raise self._refusal(f"a <{element.tag}> lies inside another")

    def _pmid(self, element: Element) -> None:
        doc_id = self._pmid_of(element)
        if not self._row.doc_id:
            self._row.doc_id = doc_id
            self._row.version = version_of(element.get("Version", ""))

    def _pmid_of(self, element: Element) -> str:
        text = _text(element)
        doc_id = pmid_of(text)
        if doc_id is None:
            raise self._refusal(f"{text[:60]!r} is no PMID")
        return doc_id

    def _refusal(self, what: str) -> FileFormatError:
        return FileFormatError(
            what,
            where=self._stream.place,
            expected="citations as PubMed's document type describes them",
            next_step="copy or download the file again",
        )

    # Dates

    def _date(self, element: Element) -> None:
        year, month, day, _ = _date_parts(element)
        self._dates.setdefault(element.tag, day_number(year, month, day))

    def _history(self, element: Element) -> None:
        if element.get("PubStatus") == "entrez":
            year, month, day, _ = _date_parts(element)
            self._dates.setdefault("entrez", day_number(year, month, day))

    def _printed(self, element: Element) -> None:
        if self._row.printed.day is None:
            year, month, day, words = _date_parts(element)
            self._row.printed = parse_printed(words) if words else printed_date(year, month, day)

    # Text

    def _title(self, element: Element) -> None:
        self._words[element.tag] = tidy(_text(element))

    def _abstract_text(self, element: Element) -> None:
        if text := tidy(_text(element)):
            self._sections.append(section(element.get("Label"), text))

    def _keyword(self, element: Element) -> None:
        if text := tidy(_text(element)):
            self._row.keywords.append(text)

    def _language(self, element: Element) -> None:
        if text := _text(element):
            self._languages.append(text)

    def _publication_type(self, element: Element) -> None:
        if text := _text(element):
            self._row.publication_types.append(text)

    # People

    def _author(self, element: Element) -> None:
        if element.get("ValidYN") == "N":
            return
        said: dict[str, str] = {}
        affiliations: list[str] = []
        for child in element:
            tag = child.tag
            if tag == "AffiliationInfo" or tag == "Affiliation":  # noqa: PLR1714 - in the loop over all authors
                affiliations += [text for one in child.iter("Affiliation") if (text := tidy(_text(one)))]
            else:
                said[tag] = _text(child)
        affiliation = "\n".join(affiliations) or None
        get = said.get
        if last_name := get("LastName"):
            given = get("ForeName") or get("FirstName") or None
            self._row.add_person((last_name, given, get("Initials") or None), affiliation)
        elif collective := get("CollectiveName"):
            self._row.add_collective(tidy(collective), affiliation)

    # Headings and substances

    def _heading(self, element: Element) -> None:
        ui, name, is_major = None, "", False
        qualifiers: list[str] = []
        for child in element:
            if child.tag == "DescriptorName":
                ui, name = child.get("UI"), _text(child)
            elif child.tag == "QualifierName":
                qualifiers.append(_text(child))
            is_major = is_major or child.get("MajorTopicYN") == "Y"
        if name:
            self._row.add_heading(ui, name, qualifiers, is_major=is_major)

    def _supplement(self, element: Element) -> None:
        if text := _text(element):
            self._row.add_heading(element.get("UI"), text)

    def _chemical(self, element: Element) -> None:
        registry: str | None = None
        for child in element:
            text = _text(child)
            if child.tag == "RegistryNumber":
                registry = None if text in {"", "0"} else text
            elif child.tag == "NameOfSubstance" and text:
                self._row.add_substance(child.get("UI"), registry, tidy(text))

    # Identifiers, links and references

    def _accession(self, element: Element) -> None:
        if text := _text(element):
            self._row.registry_ids.append(text)

    def _location(self, element: Element) -> None:
        if element.get("EIdType") == "doi" and element.get("ValidYN") != "N":
            self._row.doi = self._row.doi or plain_doi(_text(element))

    def _other_id(self, element: Element) -> None:
        text = _text(element)
        self._row.pmcid = self._row.pmcid or (pmc_number(text) if text.startswith("PMC") else None)

    def _article_id(self, element: Element) -> None:
        self._ids.setdefault(element.get("IdType", ""), _text(element))

    def _references(self, element: Element) -> None:
        """Take what is cited: a list of references may hold others, and a title that is none of the journal's."""
        for reference in element.iter("Reference"):
            ids: dict[str, str] = {}
            for one in reference.iter("ArticleId"):
                ids.setdefault(one.get("IdType", ""), _text(one))
            if ids:
                cited = pmid_of(ids.get("pubmed", ""))
                if cited is None and (doi := plain_doi(ids.get("doi", ""))):
                    cited = f"doi:{doi}"
                if cited:
                    self._row.cites[cited] = None

    def _link(self, element: Element) -> None:
        kind, cited, source = element.get("RefType"), None, None
        for child in element:
            if child.tag == "PMID":
                cited = self._pmid_of(child)
            elif child.tag == "RefSource" and kind != "Cites":
                source = tidy(_text(child)) or None
        if kind != "Cites":
            self._row.add_link(kind, cited, source)
        elif cited:
            self._row.cites[cited] = None


def _text(element: Element) -> str:
    """Return the text of an element without markup and without white space around it."""
    if len(element):
        return _marked_text(element).strip()
    text = element.text
    return text.strip() if text else ""


def _marked_text(element: Element) -> str:
    """Return text within markup, too; without the white space with which formulas are laid out."""
    if element.tag in _MATH:
        return "".join("".join(element.itertext()).split())
    parts = [element.text or ""]
    for child in element:
        parts += (_marked_text(child), child.tail or "")
    return "".join(parts)


def _date_parts(element: Element) -> tuple[str, str, str, str]:
    get = {child.tag: child.text for child in element}.get
    year, month, day, words = get("Year"), get("Month"), get("Day"), get("MedlineDate")
    return (year or "").strip(), (month or "").strip(), (day or "").strip(), (words or "").strip()
