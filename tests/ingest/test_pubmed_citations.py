from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ingest.citations_made import FULL, article, citations, rows

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.document_columns import DocumentColumns
from tmescope.ingest.document_texts import tidy
from tmescope.ingest.pubmed_citations import Citations
from tmescope.ingest.xml_streams import XmlStream

Write = Callable[[str, str | bytes], Path]


def test_everything_that_a_citation_says(write: Write) -> None:
    row = rows(write("a.xml", citations(FULL)))[0]
    assert row == {
        "doc_id": "pmid:101",
        "source": "pubmed",
        "kind": "paper",
        "version": 2,
        "entered_on": date(2019, 11, 30),
        "revised_on": date(2021, 3, 9),
        "published_on": date(2019, 12, 1),
        "published_precision": "month",
        "title": "Of TIGIT & CD8+ cells.",
        "abstract": "AIM: To see pi < 1.\nAnd more: V+ done.",
        "language": "eng; ger",
        "journal": "Journal of Made Things",
        "publication_types": ["Journal Article", "Review"],
        "is_review": True,
        "is_retracted": True,
        "mesh": [
            {"ui": "C1", "name": "Rare thing", "major": False, "qualifiers": []},
            {"ui": "D3", "name": "Lung", "major": True, "qualifiers": ["pathology"]},
            {"ui": "D4", "name": "Humans", "major": False, "qualifiers": []},
        ],
        "keywords": ["immune checkpoint"],
        "substances": [
            {"ui": "D1", "registry": None, "name": "Antigens"},
            {"ui": "D2", "registry": "EC 1.1", "name": "Enzyme"},
        ],
        "authors": [
            {
                "last_name": "Müller-Ost",
                "fore_name": "Ana B",
                "initials": "AB",
                "collective": None,
                "affiliation": "One, Here.\nTwo, There.",
            },
            {
                "last_name": None,
                "fore_name": None,
                "initials": None,
                "collective": "The Made Group",
                "affiliation": None,
            },
        ],
        "group_key": "muller ost a",
        "doi": "10.1000/abc.1",
        "pmcid": "PMC55",
        "registry_ids": ["NCT00000001"],
        "cites": ["pmid:7", "pmid:9", "doi:10.1000/y"],
        "links": [
            {"kind": "RetractionIn", "doc_id": "pmid:8", "source": "B. 2022"},
            {"kind": "ErratumIn", "doc_id": None, "source": "C. 2021"},
        ],
    }


def test_the_old_document_type_has_dates_of_creation_and_identifiers_of_its_own(write: Write) -> None:
    old = """<MedlineCitation Owner="NLM"><PMID Version="1">5</PMID><DateCreated><Year>2007</Year><Month>10</Month>
    <Day>18</Day></DateCreated><Article><Journal><JournalIssue><PubDate><Year>2007</Year><Season>Fall</Season></PubDate>
    </JournalIssue><ISOAbbreviation>J Old</ISOAbbreviation></Journal><ArticleTitle>A</ArticleTitle>
    <AuthorList><Author><LastName>Doe</LastName><FirstName>Jo</FirstName><Affiliation>Here</Affiliation></Author></AuthorList>
    </Article><OtherID Source="NLM">PMC12 [Available on 01/01/09]</OtherID></MedlineCitation>"""
    deletion = "<DeleteCitation><PMID Version='1'>6</PMID></DeleteCitation>"
    row = rows(write("a.xml", citations(old, deletion, root="MedlineCitationSet", head="")))[0]
    assert row["entered_on"] == row["revised_on"] == date(2007, 10, 18)
    assert (row["published_on"], row["published_precision"]) == (date(2007, 1, 1), "year")
    assert (row["pmcid"], row["journal"], row["group_key"]) == ("PMC12", "J Old", "doe j")
    assert row["authors"][0]["affiliation"] == "Here"  # type: ignore[index]


def test_deletions_are_no_documents_and_do_not_touch_the_citation_before(write: Write) -> None:
    stream = XmlStream(
        write("a.xml", citations(article(1), "<DeleteCitation><PMID>2</PMID><PMID>3</PMID></DeleteCitation>"))
    )
    columns = DocumentColumns()
    reader = Citations(stream, columns)
    for record in stream.run(reader.check_root):
        reader.add(record)
    batch = columns.take()
    assert batch.documents["doc_id"].to_pylist() == ["pmid:1"]
    assert batch.deletions["doc_id"].to_pylist() == ["pmid:2", "pmid:3"]


def test_the_title_of_a_list_of_references_is_not_the_journal(write: Write) -> None:
    listed = "<ReferenceList><Title>References</Title><ReferenceList><Title/><Reference><ArticleIdList>" + (
        '<ArticleId IdType="pubmed">9</ArticleId></ArticleIdList></Reference></ReferenceList></ReferenceList>'
    )
    row = rows(write("a.xml", citations(FULL.replace("<ReferenceList>", f"{listed}<ReferenceList>"))))[0]
    assert row["journal"] == "Journal of Made Things"
    assert row["cites"] == ["pmid:7", "pmid:9", "doi:10.1000/y"]


def test_elements_within_each_other_without_end_are_refused(write: Write) -> None:
    for tag in ("AuthorList", "odd"):
        deep = f"<{tag}>" * 5000 + "<b/>" + f"</{tag}>" * 5000
        path = write("a.xml", citations(article(1, deep)))
        with pytest.raises(FileFormatError, match="too deeply"):
            rows(path)
    assert gc.isenabled()


def test_versions_of_a_citation_are_rows_of_their_own(write: Write) -> None:
    second = article(1).replace('Version="1"', 'Version="2"')
    assert [(r["doc_id"], r["version"]) for r in rows(write("a.xml", citations(article(1), second)))] == [
        ("pmid:1", 1),
        ("pmid:1", 2),
    ]


@pytest.mark.parametrize(
    ("title", "vernacular", "expected"),
    [
        ("[Not Available].", "Von Dingen.", "Von Dingen."),
        ("", "Von Dingen.", "Von Dingen."),
        ("[Of things].", "Von Dingen.", "[Of things]."),
        ("[Not Available].", "", None),
    ],
)
def test_the_title_in_its_own_language_stands_in(
    write: Write, title: str, vernacular: str, expected: str | None
) -> None:
    text = citations(article(1, f"<VernacularTitle>{vernacular}</VernacularTitle>", title=title))
    assert rows(write("a.xml", text))[0]["title"] == expected


def test_books_and_preprints_are_said_to_be_such(write: Write) -> None:
    book = """<PubmedBookArticle><BookDocument><PMID Version="1">30</PMID><ArticleIdList>
    <ArticleId IdType="bookaccession">NBK1</ArticleId></ArticleIdList><Book><BookTitle>A Book</BookTitle>
    <PubDate><Year>1993</Year></PubDate></Book>{}<Abstract><AbstractText>Of it.</AbstractText></Abstract></BookDocument>
    <PubmedBookData><History><PubMedPubDate PubStatus="entrez"><Year>2010</Year><Month>3</Month><Day>20</Day>
    </PubMedPubDate></History></PubmedBookData></PubmedBookArticle>"""
    chapter = "<ArticleTitle>A Chapter</ArticleTitle>"
    preprint = "<PublicationTypeList><PublicationType>Preprint</PublicationType></PublicationTypeList>"
    found = rows(write("a.xml", citations(book.format(""), book.format(chapter), article(2, preprint))))
    assert [(r["kind"], r["title"], r["journal"]) for r in found] == [
        ("book", "A Book", "A Book"),
        ("book", "A Chapter", "A Book"),
        ("preprint", "T", None),
    ]
    assert (found[0]["entered_on"], found[0]["published_on"]) == (date(2010, 3, 20), date(1993, 1, 1))


@pytest.mark.parametrize(
    ("inside", "retracted"),
    [
        ("<PublicationTypeList><PublicationType>Retracted Publication</PublicationType></PublicationTypeList>", True),
        (
            "<PublicationTypeList><PublicationType>Retraction of Publication</PublicationType></PublicationTypeList>",
            False,
        ),
        ("<CommentsCorrections RefType='RetractionIn'><RefSource>A</RefSource></CommentsCorrections>", True),
        ("<CommentsCorrections RefType='RetractionOf'><RefSource>A</RefSource></CommentsCorrections>", False),
        ("<CommentsCorrections RefType='PartialRetractionIn'><RefSource>A</RefSource></CommentsCorrections>", False),
    ],
)
def test_what_is_retracted(write: Write, inside: str, *, retracted: bool) -> None:
    assert rows(write("a.xml", citations(article(1, inside))))[0]["is_retracted"] is retracted


def test_a_bad_date_is_missing_and_elements_in_odd_places_do_no_harm(write: Write) -> None:
    dates = (
        "<DateRevised><Year>2020</Year><Month>02</Month><Day>31</Day></DateRevised><PubDate><Year>x</Year></PubDate>"
    )
    odd = "<Keyword>k</Keyword><AbstractText>a</AbstractText><mml:math xmlns:mml='m'>1 2</mml:math><Year>1</Year>"
    row = rows(write("a.xml", citations(odd, article(1, dates), odd, article(2))))
    assert [(r["revised_on"], r["published_on"], r["keywords"], r["abstract"]) for r in row] == [
        (None, None, [], None)
    ] * 2


_TEXT = st.text(st.sampled_from("ab <&>'\"]\t\n\u00e9\u202e\u2009\u738b"), max_size=30)


@settings(max_examples=30, deadline=None)
@given(title=_TEXT, sections=st.lists(_TEXT, max_size=3), split=st.integers(0, 30))
def test_any_text_comes_back_with_markup_inside_or_not(
    tmp_path_factory: pytest.TempPathFactory, title: str, sections: list[str], split: int
) -> None:
    def marked(text: str) -> str:
        parts = (text[:split], text[split:])
        plain, inner = ("".join({"<": "&lt;", "&": "&amp;", ">": "&gt;"}.get(c, c) for c in p) for p in parts)
        return f"{plain}<i>{inner}</i>"

    inside = "".join(f"<AbstractText>{marked(s)}</AbstractText>" for s in sections)
    path = tmp_path_factory.mktemp("made") / "a.xml"
    path.write_text(citations(article(1, f"<Abstract>{inside}</Abstract>", title=marked(title))), encoding="utf-8")
    row = rows(path)[0]
    assert row["title"] == (tidy(title) or None)
    assert row["abstract"] == ("\n".join(t for s in sections if (t := tidy(s))) or None)
