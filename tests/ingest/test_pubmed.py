from __future__ import annotations

import gzip
import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ingest.citations_made import FULL, article, citations, rows

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.decompress import Limits
from tmescope.ingest.pubmed import read_pubmed

Write = Callable[[str, str | bytes], Path]


@pytest.fixture(scope="module")
def horizon(shared_data: Path) -> Path:
    return shared_data / "horizon"


@pytest.mark.parametrize(
    ("folder", "n_files", "n_citations", "n_deleted"),
    [
        ("pubmed_medline16n0902", 1, 604, 1),
        ("pubmed21_netsynergy", 7, 319, 0),
        ("pubmed26_pmparser", 3, 86, 268),
    ],
)
def test_every_citation_and_deletion_of_the_archives_is_read(
    horizon: Path, folder: str, n_files: int, n_citations: int, n_deleted: int
) -> None:
    files = sorted((horizon / folder).glob("*.xml.gz"))
    assert len(files) == n_files
    batches = [b for f in files for b in read_pubmed(f)]
    assert sum(b.documents.num_rows for b in batches) == n_citations
    assert sum(b.deletions.num_rows for b in batches) == n_deleted
    documents = [row for b in batches for row in b.documents.to_pylist()]
    assert all(d["entered_on"] and d["revised_on"] and d["published_on"] and d["journal"] for d in documents)
    text = gzip.decompress(b"".join(f.read_bytes() for f in files)).decode()
    assert sum(len(d["mesh"]) for d in documents) == text.count("<MeshHeading>") + text.count("<SupplMeshName ")
    assert sum(len(d["substances"]) for d in documents) == text.count("<Chemical>")
    empty = len(re.findall(r"<Keyword [^>]*(/>|>\s*</Keyword>)", text))
    assert sum(len(d["keywords"]) for d in documents) == text.count("<Keyword ") - empty
    links = text.count("<CommentsCorrections ") - text.count('RefType="Cites"')
    assert sum(len(d["links"]) for d in documents) == links


def test_a_truncated_archive_is_refused_by_name(horizon: Path) -> None:
    with pytest.raises(FileFormatError, match="truncated") as caught:
        list(read_pubmed(horizon / "pubmed23n0001_head" / "pubmed23n0001.trunc.xml.gz"))
    assert "pubmed23n0001.trunc.xml.gz" in str(caught.value)


def test_answers_of_entrez_are_articles_or_said_to_be_none(horizon: Path) -> None:
    folder = horizon / "entrez_fixtures"
    found = {name: rows(folder / f"{name}.xml")[0] for name in ("pubmed4", "pubmed5", "pubmed6", "pubmed7")}
    assert [f["doc_id"] for f in found.values()] == [
        "pmid:27797938",
        "pmid:28775130",
        "pmid:30108519",
        "pmid:29963580",
    ]
    assert "p trend" not in str(found["pubmed4"]["abstract"])
    assert str(found["pubmed4"]["abstract"]).startswith("OBJECTIVE: Telomere shortening")
    assert "(TERT) gene region" in str(found["pubmed4"]["abstract"])
    assert "maximal oxygen uptake ( V.O2max" in str(found["pubmed6"]["abstract"])
    assert len(found["pubmed7"]["cites"]) == 49
    for name, root in (("esearch2", "eSearchResult"), ("elink3", "eLinkResult")):
        with pytest.raises(FileFormatError, match=f"holds <{root}>, which is no list of citations"):
            list(read_pubmed(folder / f"{name}.xml"))


def test_a_checksum_beside_the_file_is_held_against_it(horizon: Path, tmp_path: Path) -> None:
    real = horizon / "pubmed26_pmparser" / "pubmed26n1334.xml.gz"
    copy = Path(shutil.copy(real, tmp_path))
    beside = Path(shutil.copy(f"{real}.md5", tmp_path))
    copy.chmod(0o600)
    beside.chmod(0o600)
    assert sum(b.documents.num_rows for b in read_pubmed(copy)) == 30
    copy.write_bytes(gzip.compress(citations(article()).encode()))
    with pytest.raises(FileFormatError, match="has the MD5 checksum") as caught:
        next(iter(read_pubmed(copy)))
    assert str(copy) in str(caught.value)
    beside.write_text(f"MD5({copy.name})= {hashlib.md5(copy.read_bytes()).hexdigest()}\n")
    assert [r["doc_id"] for r in rows(copy)] == ["pmid:1"]


def test_the_same_whether_packed_or_plain_and_however_it_is_cut(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    text = citations(FULL, article(5), "<DeleteCitation><PMID>6</PMID></DeleteCitation>")
    plain = rows(write("a.xml", text))
    assert rows(write("a.xml.gz", gzip.compress(text.encode()))) == plain
    assert rows(write("utf16.xml", text.replace("utf-8", "utf-16").encode("utf-16"))) == plain
    monkeypatch.setattr("tmescope.ingest.xml_streams._BLOCK", 7)
    monkeypatch.setattr("tmescope.ingest.pubmed._ROWS", 1)
    batches = list(read_pubmed(write("a.xml", text)))
    assert [row for b in batches for row in b.documents.to_pylist()] == plain
    assert [b.documents.num_rows + b.deletions.num_rows for b in batches] == [1, 1, 1]


def test_many_records_come_in_batches(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tmescope.ingest.xml_streams._BLOCK", 1 << 14)
    batches = list(read_pubmed(write("a.xml", citations(*(article(i) for i in range(1, 5001))))))
    assert [2000 <= b.documents.num_rows <= 2200 for b in batches] == [True, True, False]
    ids = [i for b in batches for i in b.documents["doc_id"].to_pylist()]
    assert ids == [f"pmid:{i}" for i in range(1, 5001)]


def test_an_empty_list_has_no_batches(write: Write) -> None:
    assert list(read_pubmed(write("a.xml", citations()))) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (citations(FULL)[:-40], "ends before its last element is closed"),
        (citations(FULL)[:5], "ends before its last element is closed"),
        ("", "ends before its last element is closed"),
        (citations("<PubmedArticle></MedlineCitation>"), "mismatched tag"),
        (citations(article()) * 2, "junk after document element"),
        (citations("<PubmedArticle><MedlineCitation/></PubmedArticle>"), "has no PMID"),
        (citations(article("12a")), "'12a' is no PMID"),
        (citations(f"<PubmedArticle>{article()}</PubmedArticle>"), "lies inside another"),
        (citations(article(title="&eacute;")), "the entity 'eacute'"),
        (citations(article(title="&#0;")), "invalid character number"),
        ("<html><body>Service unavailable</body></html>", "holds <html>"),
        ('{"error": "API rate limit exceeded"}', "not well-formed"),
    ],
)
def test_what_is_no_whole_list_of_citations_is_refused(write: Write, text: str, what: str) -> None:
    path = write("a.xml", text)
    with pytest.raises(FileFormatError, match=what) as caught:
        list(read_pubmed(path))
    assert caught.value.where is not None
    assert caught.value.where.startswith(f"{path}, line ")


BOMB = (
    "<!DOCTYPE PubmedArticleSet [<!ENTITY a 'lol'>"
    + "".join(f"<!ENTITY {chr(98 + i)} '{f'&{chr(97 + i)};' * 10}'>" for i in range(9))
    + "]>"
)


@pytest.mark.parametrize(
    "head",
    [
        BOMB,
        "<!DOCTYPE PubmedArticleSet [<!ENTITY j SYSTEM 'file:///etc/passwd'>]>",
        "<!DOCTYPE PubmedArticleSet [<!ENTITY % p SYSTEM 'http://127.0.0.1:9/x.dtd'> %p;]>",
        "<!DOCTYPE PubmedArticleSet SYSTEM 'x.dtd' [<!ATTLIST PMID Version CDATA '9'>]>",
    ],
)
def test_declarations_and_entities_are_refused_and_nothing_is_fetched(write: Write, head: str) -> None:
    with pytest.raises(FileFormatError, match="declares a document type of its own"):
        list(read_pubmed(write("a.xml", citations(article(title="&j;"), head=head))))


def test_a_gzip_bomb_is_refused(write: Write) -> None:
    bomb = write("a.xml.gz", gzip.compress(citations(article(), " " * (4 << 20)).encode()))
    with pytest.raises(FileFormatError, match="-fold when decompressed"):
        list(read_pubmed(bomb, limits=Limits(max_ratio=100, ratio_from=1 << 20)))


def test_hostile_text_stays_text_and_ten_megabytes_are_no_trouble(write: Write) -> None:
    script = "=HYPERLINK(1)<script>alert('x')</script>\u202e\u0645\u0631\u062d\u0628\u0627"
    escaped = script.replace("<", "&lt;").replace(">", "&gt;")
    long = "A cell \u00e9. " * 1_000_000
    inside = f"<Abstract><AbstractText>{long}</AbstractText><AbstractText>{escaped}</AbstractText></Abstract>"
    row = rows(write("a.xml", citations(article(1, inside, title=escaped))))[0]
    assert row["title"] == script
    assert row["abstract"] == f"{long.strip()}\n{script}"


def test_a_record_without_end_is_refused_before_it_fills_the_memory(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tmescope.ingest.xml_streams._BLOCK", 1 << 12)
    monkeypatch.setattr("tmescope.ingest.xml_streams.LONGEST_RECORD", 1 << 16)
    with pytest.raises(FileFormatError, match="a record has more than 65,536 bytes"):
        list(read_pubmed(write("a.xml", citations(*(article(i) for i in range(1, 2000)), "<a>" * (1 << 16)))))
