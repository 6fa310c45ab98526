from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.ris import read_ris
from tmescope.store.lake_schemas import document_schema

Write = Callable[[str, str | bytes], Path]

MADE = """TY  - JOUR
AU  - Müller-Ost, Ana B.
AU  - Doe, J., Jr.
A1  - The Made Group
TI  - Of TIGIT
AB  - To see
what is there.
PY  - 2020
DA  - 2020/03/09/
T2  - Journal of Made Things
DO  - https://doi.org/10.1000/ABC.1
KW  - lung
KW  - TIGIT
LA  - eng
C2  - PMC55
ER  -
"""


def _rows(path: Path) -> list[dict[str, object]]:
    batches = list(read_ris(path))
    assert all(b.documents.schema.equals(document_schema()) for b in batches)
    return [row for b in batches for row in b.documents.to_pylist()]


def test_everything_that_a_record_says(write: Write) -> None:
    row = {k: v for k, v in _rows(write("a.ris", MADE))[0].items() if v not in (None, [], False)}
    authors = row.pop("authors")
    assert row == {
        "doc_id": "doi:10.1000/abc.1",
        "source": "ris",
        "kind": "paper",
        "published_on": date(2020, 3, 9),
        "published_precision": "day",
        "title": "Of TIGIT",
        "abstract": "To see what is there.",
        "language": "eng",
        "journal": "Journal of Made Things",
        "publication_types": ["Journal Article"],
        "keywords": ["lung", "TIGIT"],
        "group_key": "doe j",
        "doi": "10.1000/abc.1",
        "pmcid": "PMC55",
    }
    assert [(a["last_name"], a["fore_name"], a["collective"]) for a in authors] == [  # type: ignore[attr-defined]
        ("Müller-Ost", "Ana B.", None),
        ("Doe", "J. Jr.", None),
        (None, None, "The Made Group"),
    ]


@pytest.mark.parametrize(
    ("lines", "doc_id"),
    [
        ("DB  - PubMed\nAN  - 12\nDO  - 10.1000/x", "pmid:12"),
        ("UR  - https://pubmed.ncbi.nlm.nih.gov/12/\nDO  - 10.1000/x", "pmid:12"),
        ("DB  - Embase\nAN  - 12\nDO  - 10.1000/x", "doi:10.1000/x"),
        ("AN  - 12\nUR  - https://doi.org/10.1000/x", "doi:10.1000/x"),
    ],
)
def test_how_a_record_is_named(write: Write, lines: str, doc_id: str) -> None:
    assert _rows(write("a.ris", f"TY  - JOUR\n{lines}\nER  - \n"))[0]["doc_id"] == doc_id


def test_a_record_without_identifier_is_named_by_its_content(write: Write) -> None:
    text = "TY  - BOOK\nTI  - {}\nPY  - 1999//\nER  - \n"
    found = _rows(write("a.ris", text.format("A") + text.format("B") + text.format("A")))
    ids = [str(r["doc_id"]) for r in found]
    assert all(i.startswith("ris:") and len(i) == 36 for i in ids)
    assert ids[0] == ids[2] != ids[1]
    assert [(r["kind"], r["published_on"], r["published_precision"]) for r in found] == [
        ("book", date(1999, 1, 1), "year")
    ] * 3


def test_words_for_dates_and_batches(write: Write) -> None:
    path = write("a.ris", "TY  - GEN\nY1  - 2011 Jun-Jul\nER  - \n" * 2001)
    batches = list(read_ris(path))
    assert [b.documents.num_rows for b in batches] == [2000, 1]
    assert batches[1].documents.to_pylist()[0]["published_on"] == date(2011, 6, 1)
    assert batches[1].documents["publication_types"].to_pylist() == [["GEN"]]


def test_a_file_that_is_cut_off_is_refused(write: Write) -> None:
    with pytest.raises(FileFormatError, match="is cut off"):
        _rows(write("a.ris", MADE[:-7]))


@pytest.mark.parametrize(
    ("word", "kind"), [("JOUR", "paper"), ("CONF", "paper"), ("CHAP", "book"), ("PAT", "other"), ("THES", "other")]
)
def test_books_and_what_no_journal_prints_are_no_papers(write: Write, word: str, kind: str) -> None:
    (row,) = _rows(write("a.ris", f"TY  - {word}\nTI  - A title\nER  - \n"))
    assert row["kind"] == kind
