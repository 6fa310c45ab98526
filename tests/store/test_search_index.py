"""The index follows the lake, whatever comes in which order, and whenever it is stopped."""

from __future__ import annotations

import sqlite3
from itertools import permutations

import pytest
from tests.store.lakes import batch, day, lake_of, paper

from tmescope.foundation.errors import MissingDependencyError
from tmescope.store import search_index
from tmescope.store.search import search_lake
from tmescope.store.search_index import INDEX, SLOTS, facet_of, first_entry, open_index, update_index

FILES = {
    "pubmed26n0001.xml": [batch([paper(1), paper(2), paper(3)])],
    "pubmed26n0002.xml": [batch([paper(2, title="Revised 2", version=2, entered_on=day("2021-01-01")), paper(4)])],
    "pubmed26n0003.xml": [batch([paper(5)], deleted=[3])],
}


def _entries(lake):
    with open_index(lake.path / INDEX) as index:
        return index.execute(
            "SELECT e.doc_id, e.entry / ?, t.title, t.facets FROM entries e JOIN texts t ON t.rowid = e.entry "
            "ORDER BY e.doc_id",
            [SLOTS],
        ).fetchall()


def test_it_follows_the_lake_in_any_order(tmp_path):
    found = []
    for number, order in enumerate(list(permutations(FILES))[::2]):
        name = f"lake{number}"
        for file in order:
            lake = lake_of(tmp_path, {file: FILES[file]}, name=name)
            update_index(lake)
            current = lake.connect().execute("SELECT doc_id, entered_on, title FROM documents ORDER BY 1").fetchall()
            assert [(d, o, t) for d, o, t, _ in _entries(lake)] == [(d, e.toordinal(), t) for d, e, t in current]
        found.append(_entries(lake))
    assert all(entries == found[0] for entries in found)
    assert found[0][1] == ("pmid:2", day("2020-01-03").toordinal(), "Revised 2", "\ue000kindpaper \ue000sourcepubmed")
    with open_index(lake.path / INDEX) as index:
        index.execute("SELECT count(*) FROM texts").fetchone()
    with sqlite3.connect(lake.path / INDEX) as index:
        index.execute("INSERT INTO texts (texts) VALUES ('integrity-check')")
    index.close()
    assert update_index(lake) == 0


def test_one_that_is_stopped_goes_on(tmp_path, monkeypatch):
    lake = lake_of(tmp_path, FILES)
    add, done = search_index._add_part, []

    def stop(*arguments):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(add(*arguments))
        return done[-1]

    monkeypatch.setattr(search_index, "_add_part", stop)
    with pytest.raises(KeyboardInterrupt):
        update_index(lake)
    monkeypatch.undo()
    assert update_index(lake) + sum(done) == 4
    assert [r[0] for r in _entries(lake)] == ["pmid:1", "pmid:2", "pmid:4", "pmid:5"]


def test_a_file_that_gets_its_number_later(tmp_path):
    lake = lake_of(tmp_path, {"pubmed26n0009.xml": [batch([paper(8)], deleted=[1])], "copy.xml": [batch([paper(1)])]})
    update_index(lake)
    assert [r[0] for r in _entries(lake)] == ["pmid:8"]
    numbered = tmp_path / "sources" / "pubmed26n0010.xml"
    numbered.write_text("copy.xml")
    assert not lake.add(numbered, [], source="pubmed", sequence=20260010).is_new
    update_index(lake)
    assert [r[0] for r in _entries(lake)] == ["pmid:1", "pmid:8"]


def test_an_index_of_another_lake_or_version_is_made_anew(tmp_path):
    lake, other = lake_of(tmp_path, FILES), lake_of(tmp_path, {"x.xml": [batch([paper(77)])]}, name="other")
    update_index(other)
    (lake.path / INDEX).write_bytes((other.path / INDEX).read_bytes())
    assert update_index(lake) == 4
    with sqlite3.connect(lake.path / INDEX) as index:
        index.execute("PRAGMA user_version = 99")
    index.close()
    assert update_index(lake) == 4
    assert len(search_lake(lake, "title OR revised").hits) == 4


def test_a_sqlite_without_full_text_search_is_told(tmp_path, monkeypatch):
    class Without(sqlite3.Connection):
        def execute(self, sql, *given):
            if "fts5" in sql:
                raise sqlite3.OperationalError("no such module: fts5")
            return super().execute(sql, *given)

    lake = lake_of(tmp_path, FILES)
    connect = sqlite3.connect
    monkeypatch.setattr(search_index.sqlite3, "connect", lambda *a, **k: connect(*a, factory=Without, **k))
    with pytest.raises(MissingDependencyError, match="no such module: fts5"):
        update_index(lake)


def test_numbers_of_days():
    assert first_entry(None) == 0
    assert first_entry(day("0001-01-01")) == SLOTS
    assert facet_of("source", "Europe PMC") == "\ue000sourceeuropepmc"
