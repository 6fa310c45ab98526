"""Answers of bioRxiv and medRxiv: one row a version, and the paper that a preprint became."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from tests.ingest.records_made import ENTRY as FIRST

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.preprints import read_preprints
from tmescope.store.lake_schemas import document_schema

SECOND = FIRST | {"date": "2025-02-03", "version": "2", "published": "10.1158/2159-8290.CD-24-0187"}


def rows(folder: Path, *entries: object) -> list[dict]:
    path = folder / "b.json"
    message = {"status": "ok", "interval": "2025-01-01:2025-01-01", "cursor": 0, "count": 2, "total": "57"}
    path.write_text(json.dumps({"messages": [message], "collection": list(entries)}), encoding="utf-8")
    batches = list(read_preprints(path))
    assert all(b.documents.schema == document_schema() for b in batches)
    return [row for b in batches for row in b.documents.to_pylist()]


def test_each_version_is_a_row_of_its_day(tmp_path: Path) -> None:
    first, second = rows(tmp_path, FIRST, SECOND)
    authors = first.pop("authors")
    assert {name: value for name, value in first.items() if value is not None} == {
        "doc_id": "doi:10.1101/2024.12.31.630767",
        "source": "biorxiv",
        "kind": "preprint",
        "version": 1,
        "entered_on": dt.date(2025, 1, 1),
        "revised_on": dt.date(2025, 1, 1),
        "published_on": dt.date(2025, 1, 1),
        "published_precision": "day",
        "title": "Persistent methylation in glioma",
        "abstract": "Glioma is =HYPERLINK(1) \u202e.",
        "journal": "bioRxiv",
        "publication_types": ["Preprint", "new results"],
        "is_review": False,
        "is_retracted": False,
        "keywords": ["cancer biology"],
        "group_key": "rossi a",
        "doi": "10.1101/2024.12.31.630767",
        "links": [],
    }
    assert [(a["last_name"], a["fore_name"], a["initials"], a["collective"]) for a in authors] == [
        ("Gomez Cuautle", "D. D.", "DD", None),
        ("Rossi", "Ana Rosa", None, None),
        (None, None, None, "The Consortium"),
    ]
    assert (second["version"], second["entered_on"]) == (2, dt.date(2025, 2, 3))
    assert second["links"] == [{"kind": "PreprintOf", "doc_id": "doi:10.1158/2159-8290.cd-24-0187", "source": None}]


def test_medrxiv_withdrawals_and_what_is_not_given(tmp_path: Path) -> None:
    other = FIRST | {"server": "medRxiv", "version": 3, "title": "WITHDRAWN: this", "category": "NA", "authors": ""}
    (row,) = rows(tmp_path, other)
    assert (row["source"], row["journal"], row["version"], row["is_retracted"]) == ("medrxiv", "medRxiv", 3, True)
    assert row["keywords"] is row["authors"] is row["group_key"] is None
    (row,) = rows(tmp_path, FIRST | {"authors": "The Consortium", "type": "withdrawn"})
    assert (row["group_key"], row["is_retracted"]) == ("the consortium", True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"doi": "x"}, "doi holds 'x'"),
        ({"doi": None}, "doi is missing"),
        ({"server": "arXiv"}, "server holds 'arXiv'"),
        ({"version": "one"}, "version holds 'one'"),
        ({"version": True}, "version holds True"),
        ({"date": "today"}, "date holds 'today'"),
        ({"title": ["a"]}, "title holds a list"),
    ],
)
def test_what_is_no_entry_is_refused(tmp_path: Path, change: dict, says: str) -> None:
    with pytest.raises(FileFormatError, match=says) as caught:
        rows(tmp_path, FIRST, SECOND | change)
    assert str(caught.value.where).endswith("record 2")
