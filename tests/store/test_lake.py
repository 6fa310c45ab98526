"""A lake: parts are committed one by one, and what is current does not depend on the order in which they came."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from itertools import permutations

import pyarrow.parquet as pq
import pytest
from tests.store.lakes import batch, day, exported, lake_of, mentions, paper, source_file, table, trial

from tmescope.foundation.errors import FolderInUseError, InputError, MissingFileError, StoreError
from tmescope.store.lake import create_lake, open_lake
from tmescope.store.lake_schemas import LakeBatch, document_schema
from tmescope.store.lock import folder_lock

BASE = "pubmed26n0001.xml"
UPDATE = "pubmed26n1500.xml"


def _files():
    revised = paper(2, title="Revised", revised_on=day("2021-05-01"))
    return {
        BASE: [batch(paper(n) for n in range(1, 6))],
        "pubmed26n0002.xml": [batch([paper(6), paper(7)]), batch([paper(8)])],
        UPDATE: [batch([revised, paper(9)], deleted=[3, 7, 77])],
    }


def _bytes_of(lake, path):
    pq.write_table(lake.connect().sql("SELECT * FROM documents ORDER BY doc_id").to_arrow_table(), path)
    return path.read_bytes()


def test_an_update_revises_and_deletes_in_any_order_and_twice(tmp_path):
    files = _files()
    found = set()
    for number, order in enumerate(permutations(files)):
        lake = lake_of(tmp_path, {name: files[name] for name in order}, name=f"lake{number}")
        found.add((_bytes_of(lake, tmp_path / "out.parquet"), (lake.path / "lake.json").read_bytes()))
        for name in order[::-1]:
            assert not lake.add(tmp_path / "sources" / name, [], source="pubmed").is_new
        found.add((_bytes_of(lake, tmp_path / "out.parquet"), (lake.path / "lake.json").read_bytes()))
    assert len(found) == 1
    current = dict(lake.connect().execute("SELECT doc_id, title FROM documents").fetchall())
    assert sorted(current) == [f"pmid:{n}" for n in (1, 2, 4, 5, 6, 8, 9)]
    assert current["pmid:2"] == "Revised"


def test_what_each_file_gave_is_told_whatever_the_order(tmp_path):
    files = _files()
    for number, order in enumerate((list(files), list(files)[::-1])):
        lake = lake_of(tmp_path, {name: files[name] for name in order}, name=f"lake{number}")
        counts = {p.name: lake.counts()[p.sha256] for p in lake.parts}
        assert (counts[BASE].added, counts[BASE].revised, counts[BASE].deleted) == (5, 0, 0)
        assert (counts[UPDATE].added, counts[UPDATE].revised, counts[UPDATE].deleted) == (1, 1, 2)


def test_a_citation_that_comes_back_after_its_deletion_is_there(tmp_path):
    files = {
        BASE: [batch([paper(1)])],
        UPDATE: [batch(deleted=[1])],
        "pubmed26n1501.xml": [batch([paper(1, title="Back")])],
    }
    for number, order in enumerate(permutations(files)):
        lake = lake_of(tmp_path, {name: files[name] for name in order}, name=f"lake{number}")
        assert [row[8] for row in exported(lake)] == ["Back"]


def test_a_file_is_known_by_its_bytes_and_its_batches_are_not_asked_for(tmp_path):
    lake = lake_of(tmp_path, {BASE: [batch([paper(1)])]})

    def never():
        raise AssertionError("it is read again")
        yield

    again = source_file(tmp_path, "copy.xml", BASE)
    assert not lake.add(again, never(), source="pubmed").is_new
    assert lake.parts[0].names == ("copy.xml", BASE)
    assert lake.parts[0].sequence == 20260001


def test_a_file_that_is_refused_leaves_the_lake_as_it_was(tmp_path):
    lake = lake_of(tmp_path, {BASE: [batch([paper(1)])]})
    before = (lake.path / "lake.json").read_bytes()

    def broken():
        yield batch([paper(2)])
        raise InputError("the file ends too early")

    with pytest.raises(InputError, match="too early"):
        lake.add(source_file(tmp_path, "bad.xml"), broken(), source="pubmed")
    assert (lake.path / "lake.json").read_bytes() == before
    assert [p.name for p in (lake.path / "parts").iterdir()] == [lake.parts[0].sha256]


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path):
    lake = create_lake(tmp_path / "lake")
    path = source_file(tmp_path, "growing.xml")

    def growing():
        yield batch([paper(1)])
        path.write_text("more than before")

    with pytest.raises(InputError, match="changed while it was read"):
        lake.add(path, growing(), source="pubmed")
    assert not lake.parts


_KILLED = """
import os, sys, time
from pathlib import Path
from tests.store.lakes import batch, paper
from tmescope.store.lake import create_lake
folder = Path(sys.argv[1])
lake = create_lake(folder / "lake")
lake.add(folder / "a.xml", [batch([paper(1)])], source="pubmed")
def slow():
    yield batch([paper(n) for n in range(2, 300)])
    (folder / "reached").touch()
    time.sleep(60)
lake.add(folder / "b.xml", slow(), source="pubmed")
"""


def test_a_killed_ingest_goes_on_and_redoes_the_file_that_was_being_read(tmp_path):
    a, b = source_file(tmp_path, "a.xml"), source_file(tmp_path, "b.xml")
    process = subprocess.Popen([sys.executable, "-c", _KILLED, str(tmp_path)], cwd=".")
    for _ in range(600):
        if (tmp_path / "reached").exists() or process.poll() is not None:
            break
        time.sleep(0.05)
    with pytest.raises(FolderInUseError, match="to this lake"):
        open_lake(tmp_path / "lake").add(b, [], source="pubmed")
    process.kill()
    process.wait()
    (tmp_path / "lake" / ".lake.json.0123.part").touch()
    lake = create_lake(tmp_path / "lake")
    assert [p.name for p in lake.parts] == ["a.xml"]
    assert not lake.add(a, [], source="pubmed").is_new
    assert lake.add(b, [batch([paper(2)])], source="pubmed").is_new
    assert len(exported(lake)) == 2
    left = [p.name for p in (tmp_path / "lake").rglob(".*") if p.name != ".lock"]
    assert not left, "what the killed one left is gone"


def test_one_writer_at_a_time(tmp_path):
    lake = lake_of(tmp_path, {BASE: [batch([paper(1)])]})
    with folder_lock(lake.path / ".lock", folder=lake.path), pytest.raises(FolderInUseError, match="another process"):
        lake.add(source_file(tmp_path, "b.xml"), [], source="pubmed")


def test_a_damaged_part_is_named_the_others_stay_usable_and_it_is_made_anew(tmp_path):
    files = _files()
    lake = lake_of(tmp_path, files)
    whole = exported(lake)
    part = next(p for p in lake.parts if p.name == BASE)
    shutil.rmtree(lake.path / "parts" / part.sha256)
    opened = open_lake(lake.path)
    with pytest.raises(StoreError, match=BASE):
        opened.connect()
    left = opened.connect(without_damaged=True).execute("SELECT doc_id FROM documents ORDER BY 1").fetchall()
    assert [r[0] for r in left] == [f"pmid:{n}" for n in (2, 6, 8, 9)]
    assert opened.add(tmp_path / "sources" / BASE, files[BASE], source="pubmed", sequence=20260001).is_new
    assert exported(opened) == whole


def test_what_was_known_on_a_day_of_papers(tmp_path):
    heading = [{"ui": "D1", "name": "Late heading", "major": True, "qualifiers": []}]
    lake = lake_of(
        tmp_path,
        {
            BASE: [
                batch(
                    [
                        paper(1, revised_on=day("2020-02-01"), keywords=["then"]),
                        paper(2, revised_on=day("2022-01-01"), mesh=heading, is_retracted=True),
                        paper(3, entered_on=day("2023-01-01"), revised_on=day("2023-01-02")),
                        paper(4, entered_on=None),
                    ]
                )
            ],
            UPDATE: [
                batch(
                    [
                        paper(1, revised_on=day("2021-01-01"), mesh=heading, title="Corrected", keywords=["later"]),
                        paper(5, revised_on=day("2021-02-01")),
                    ],
                    deleted=[2],
                )
            ],
        },
    )
    query = "SELECT doc_id, title, keywords, mesh IS NULL, is_retracted, late FROM documents ORDER BY doc_id"
    then = lake.as_of(day("2020-12-31")).execute(query).fetchall()
    assert then == [
        ("pmid:1", "Title 1", ["then"], True, None, False),
        ("pmid:2", "Title 2", None, True, None, True),
        ("pmid:5", "Title 5", None, True, None, True),
    ]
    later = lake.as_of(day("2021-06-01")).execute(query).fetchall()
    assert later == [
        ("pmid:1", "Title 1", ["later"], False, None, False),
        ("pmid:5", "Title 5", None, True, None, False),
    ]
    assert lake.as_of(day("2019-01-01")).execute(query).fetchall() == []


def test_what_was_known_on_a_day_of_trials(tmp_path):
    lake = lake_of(
        tmp_path,
        {
            "then.json": [batch(trials=[trial(1, "2021-01-01"), trial(2, "2022-06-01")])],
            "now.json": [batch(trials=[trial(1, "2023-01-01", status="TERMINATED", phases=["PHASE1", "PHASE2"])])],
        },
    )
    query = "SELECT nct_id, status, phases, late, first_posted_on FROM trials ORDER BY nct_id"
    posted = day("2020-03-01")
    assert lake.as_of(day("2021-12-31")).execute(query).fetchall() == [
        ("NCT00000001", "RECRUITING", ["PHASE1"], False, posted),
        ("NCT00000002", None, None, True, posted),
    ]
    titles = lake.as_of(day("2021-12-31")).execute("SELECT title, entered_on FROM documents ORDER BY 1").fetchall()
    assert titles == [("A study of drug 1", posted), (None, posted)]
    current = lake.connect().execute("SELECT nct_id, status FROM trials ORDER BY 1").fetchall()
    assert current == [("NCT00000001", "TERMINATED"), ("NCT00000002", "RECRUITING")]
    assert lake.connect().execute("SELECT count(*) FROM all_trials").fetchone() == (3,)
    assert lake.as_of(day("2020-01-01")).execute(query).fetchall() == []


def _find(lake, terms):
    for part in lake.untagged("abcdef0123"):
        found = [
            {"doc_id": doc_id, "entity_id": entity, "part": where}
            for documents in lake.documents_of(part, columns=("title", "keywords"))
            for doc_id, title, keywords in zip(*documents.to_pydict().values(), strict=True)
            for entity in terms
            for where, text in (("title", title or ""), ("keyword", " ".join(keywords or [])))
            if entity in text
        ]
        lake.add_mentions(part, "abcdef0123", mentions(found))


def test_mentions_follow_the_versions(tmp_path):
    lake = lake_of(
        tmp_path,
        {
            BASE: [
                batch([paper(1, title="GENEA", keywords=["GENEK"]), paper(2, title="GENEB"), paper(3, title="GENEC")])
            ],
            UPDATE: [batch([paper(1, title="GENED", keywords=["GENEL"], revised_on=day("2021-01-01"))], deleted=[3])],
        },
    )
    assert exported(lake, "mentions") == []
    _find(lake, ["GENEA", "GENEB", "GENEC", "GENED", "GENEK", "GENEL"])
    assert not lake.untagged("abcdef0123")
    assert [r[:2] for r in exported(lake, "mentions")] == [
        ("pmid:1", "GENED"),
        ("pmid:1", "GENEL"),
        ("pmid:2", "GENEB"),
    ]
    then = lake.as_of(day("2020-12-31")).execute("SELECT doc_id, entity_id FROM mentions ORDER BY ALL").fetchall()
    assert then == [("pmid:1", "GENEA"), ("pmid:1", "GENEK"), ("pmid:2", "GENEB"), ("pmid:3", "GENEC")]
    early = lake.as_of(day("2020-03-01")).execute("SELECT doc_id, entity_id FROM mentions ORDER BY ALL").fetchall()
    assert early == [("pmid:1", "GENEA"), ("pmid:2", "GENEB"), ("pmid:3", "GENEC")], "keywords came with the version"
    assert [r[:2] for r in exported(open_lake(lake.path), "mentions")] == [r[:2] for r in exported(lake, "mentions")]


def test_two_versions_in_one_file(tmp_path):
    lake = lake_of(tmp_path, {BASE: [batch([paper(1, title="GENEA"), paper(1, title="GENEB", version=2)])]})
    _find(lake, ["GENEA", "GENEB"])
    assert [(r[0], r[1]) for r in exported(lake, "mentions")] == [("pmid:1", "GENEB")]
    late = lake.as_of(day("2020-12-31"))
    assert late.execute("SELECT title FROM documents").fetchall() == [("GENEA",)]
    assert late.execute("SELECT * FROM mentions").fetchall() == [], "what was found is not of the text of that day"


@pytest.mark.parametrize("digest", ["", "short", "../../../x", "ABCDEF0123", "g" * 16])
def test_a_digest_that_would_be_a_path_is_refused(tmp_path, digest):
    lake = lake_of(tmp_path, {BASE: [batch([paper(1)])]})
    with pytest.raises(StoreError, match="cannot be kept"):
        lake.add_mentions(lake.parts[0], digest, mentions([]))


def test_the_database_reads_the_lake_and_nothing_else(tmp_path):
    import duckdb

    lake = lake_of(tmp_path, {BASE: [batch([paper(1)])]})
    secret = source_file(tmp_path, "secret.txt")
    for statement in (f"SELECT * FROM read_text('{secret}')", "SET enable_external_access = true", "INSTALL httpfs"):
        with pytest.raises(duckdb.Error):
            lake.connect().execute(statement).fetchall()


def test_a_name_with_a_quote_and_a_folder_with_one(tmp_path):
    lake = lake_of(tmp_path / "it's", {"o'brien\"; DROP.xml": [batch([paper(1, title="it's")])]})
    assert lake.connect().execute("SELECT title FROM documents").fetchall() == [("it's",)]


def test_no_lake_and_a_folder_of_something_else(tmp_path):
    with pytest.raises(MissingFileError, match="no lake"):
        open_lake(tmp_path)
    source_file(tmp_path, "thesis.docx")
    with pytest.raises(StoreError, match="no lake of documents"):
        create_lake(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["thesis.docx"]


def test_an_empty_lake_has_all_views(tmp_path):
    lake = create_lake(tmp_path / "lake")
    for relation in ("documents", "trials", "deletions", "mentions", "all_documents", "all_trials", "parts"):
        assert exported(lake, relation) == []
    assert lake.as_of(day("2020-01-01")).execute("SELECT late FROM documents").fetchall() == []


def test_a_reader_that_gives_other_columns_is_told(tmp_path):
    lake = create_lake(tmp_path / "lake")
    path = source_file(tmp_path, "a.xml")
    whole = table([paper(1)], document_schema())
    with pytest.raises(InputError, match="other columns"):
        lake.add(path, [LakeBatch(documents=whole.drop_columns(["title"]))], source="pubmed")
    with pytest.raises(InputError, match="no row among the documents"):
        lake.add(path, [LakeBatch(documents=whole, trials=batch(trials=[trial(1, "2021-01-01")]).trials)], source="x")
    assert not lake.parts


def test_times_are_not_in_the_root(tmp_path):
    lake = lake_of(tmp_path, {BASE: [batch([paper(1)])]})
    said = json.loads((lake.path / "lake.json").read_text())
    assert sorted(said) == ["dictionary", "format", "parts", "version"]
    assert sorted(said["parts"][0]) == ["files", "last_day", "mentions", "names", "sequence", "sha256", "source"]
