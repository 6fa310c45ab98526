"""The best documents for a question, and what they say."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from tests.store.lakes import batch, day, lake_of, paper, trial

from tmescope.foundation.errors import InputError, StoreError
from tmescope.store import search
from tmescope.store.search import search_lake
from tmescope.store.search_index import INDEX, update_index

HEADING = [{"ui": "D1", "name": "Neoplasms", "major": True, "qualifiers": []}]


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    drug = [{"type": "BIOLOGICAL", "name": "Zimberelimab", "other_names": ["AB122"], "description": None}]
    known = trial(7, "2021-01-01", interventions=drug, sponsor={"name": "Arcus", "class": "INDUSTRY"})
    papers = [
        paper(1, title="TIGIT in melanoma", abstract="Blockade of an inhibitory receptor."),
        paper(2, title="A receptor", abstract="We found TIGIT on natural killer cells. PD-1 was absent."),
        paper(3, title="Étude of Interférons", abstract="Nothing else. " * 200 + "Here is TIGIT.", mesh=HEADING),
        paper(4, title="Killer natural cells", keywords=["immunotherapy"], doi="10.1234/abc"),
        paper(5, title="<script>alert(1)</script> =cmd", abstract="hostile \u202e text"),
        paper(6, title="No day", entered_on=None, source="nbib"),
    ]
    made = lake_of(tmp_path_factory.mktemp("search"), {"a.xml": [batch(papers, trials=[known])]})
    assert update_index(made) == 7
    return made


def _ids(lake, question, **wanted):
    return [h.doc_id for h in search_lake(lake, question, **wanted).hits]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("TIGIT", ["pmid:1", "pmid:2", "pmid:3"]),
        ("tigit receptor", ["pmid:1", "pmid:2"]),
        ('"natural killer"', ["pmid:2"]),
        ("PD-1", ["pmid:2"]),
        ("TIGIT -receptor", ["pmid:3"]),
        ("melan* OR interferons", ["pmid:1", "pmid:3", "nct:NCT00000007"]),
        ("etude", ["pmid:3"]),
        ("mesh:neoplasms", ["pmid:3"]),
        ("title:TIGIT", ["pmid:1"]),
        ("immunotherapy", ["pmid:4"]),
        ("AB122", ["nct:NCT00000007"]),
        ("arcus melanoma", ["nct:NCT00000007"]),
        ("NCT00000007", ["nct:NCT00000007"]),
        ("10.1234/abc", ["pmid:4"]),
        ("kindtrial", []),
        ("kindt*", []),
        ("\ue000kindtrial", []),
        ('"tigit \ue000kindpaper"', []),
        ("'; DROP TABLE texts; --", []),
    ],
)
def test_questions(lake, question, found):
    assert sorted(_ids(lake, question)) == sorted(found)


def test_a_word_in_the_title_counts_most(lake):
    assert _ids(lake, "TIGIT")[0] == "pmid:1"
    assert _ids(lake, "TIGIT", limit=1) == ["pmid:1"]


def test_filters(lake):
    assert _ids(lake, "receptor OR drug", kind="trial") == ["nct:NCT00000007"]
    assert _ids(lake, "TIGIT OR drug", kind="paper", source="pubmed", since=day("2020-01-03")) == ["pmid:2", "pmid:3"]
    assert _ids(lake, "day", source="nbib") == ["pmid:6"]
    assert _ids(lake, "day", since=day("1900-01-01")) == []
    assert _ids(lake, "TIGIT", source="o'brien\" OR 1") == []


def test_what_is_shown(lake):
    first, *_ = search_lake(lake, "TIGIT", marks=("<", ">")).hits
    assert (first.title, first.snippet) == ("<TIGIT> in melanoma", "Blockade of an inhibitory receptor.")
    assert (first.kind, first.source, first.entered_on) == ("paper", "pubmed", "2020-01-02")
    far = next(h for h in search_lake(lake, "TIGIT").hits if h.doc_id == "pmid:3")
    assert far.snippet.endswith("Here is [TIGIT].")
    assert len(far.snippet) < 250
    assert search_lake(lake, "day").hits[0].entered_on == ""
    assert search_lake(lake, "AB122").hits[0].snippet.count("[") == 1
    assert search_lake(lake, "hostile").hits[0].title == "<script>alert(1)</script> =cmd", "text stays what it is"


def test_of_very_many_the_newest_are_ranked(lake, monkeypatch):
    monkeypatch.setattr(search, "_RANKED", 2)
    found = search_lake(lake, "TIGIT")
    assert found.is_partial
    assert found.n_ranked == 2
    assert sorted(h.doc_id for h in found.hits)[0] == "pmid:2", "the oldest of three is not looked at"
    assert not search_lake(lake, "receptor").is_partial


def test_an_index_that_is_missing_old_or_damaged_is_told(tmp_path):
    lake = lake_of(tmp_path, {"a.xml": [batch([paper(1)])]})
    with pytest.raises(StoreError, match="no search index"):
        search_lake(lake, "title")
    update_index(lake)
    assert _ids(lake, "title") == ["pmid:1"]
    with closing(sqlite3.connect(lake.path / INDEX)) as index:
        index.execute("PRAGMA user_version = 1")
    with pytest.raises(StoreError, match="of another release"):
        search_lake(lake, "title")
    assert update_index(lake) == 1
    assert _ids(lake, "title") == ["pmid:1"]
    lake = lake_of(tmp_path, {"b.xml": [batch([paper(2)])]})
    with pytest.raises(StoreError, match="not of what the lake holds") as caught:
        search_lake(lake, "title")
    assert "tmescope horizon ingest" in (caught.value.next_step or "")
    (lake.path / INDEX).write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(StoreError, match="cannot be read"):
        search_lake(lake, "title")
    assert update_index(lake) == 2
    assert len(_ids(lake, "title")) == 2


def test_a_number_of_hits_that_cannot_be(lake):
    with pytest.raises(InputError, match="0 documents"):
        search_lake(lake, "TIGIT", limit=0)
