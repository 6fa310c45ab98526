"""Files into a lake: each for itself, known by its content."""

from __future__ import annotations

import gzip
import json
import socket

import pytest

from tmescope.foundation.progress import SilentProgress
from tmescope.ingest import documents as module
from tmescope.ingest.documents import ingest_documents, listed_files
from tmescope.store.lake import create_lake, open_lake


def study(number, *, updated="2024-01-01", status="RECRUITING"):
    return {
        "protocolSection": {
            "identificationModule": {"nctId": f"NCT{number:08d}", "briefTitle": f"Study {number}"},
            "statusModule": {
                "overallStatus": status,
                "studyFirstPostDateStruct": {"date": "2020-01-01", "type": "ACTUAL"},
                "lastUpdatePostDateStruct": {"date": updated, "type": "ACTUAL"},
            },
        }
    }


def trial_file(folder, name, *studies):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(list(studies)))
    return path


@pytest.fixture
def files(tmp_path):
    cut = tmp_path / "in" / "c.json.gz"
    cut.parent.mkdir()
    cut.write_bytes(gzip.compress(json.dumps([study(n) for n in range(5, 200)]).encode())[:-20])
    return [
        trial_file(tmp_path / "in", "a.json", study(1), study(2)),
        trial_file(tmp_path / "in", "b.json", study(2, updated="2025-01-01", status="COMPLETED"), study(3)),
        cut,
        tmp_path / "in" / "nowhere.json",
    ]


class Heard(SilentProgress):
    def __init__(self):
        self.n = 0

    def advance(self, task, parts=1):
        self.n += parts


def test_one_file_that_is_refused_costs_no_other(tmp_path, files):
    heard = Heard()
    lake = create_lake(tmp_path / "lake")
    outcomes = ingest_documents(files, lake, progress=heard)
    assert [o.is_new for o in outcomes] == [True, True, False, False]
    assert [(o.counts.added, o.counts.revised) for o in outcomes[:2]] == [(2, 0), (1, 1)]
    assert "closing checksum" in outcomes[2].refused.what
    assert "no file" in outcomes[3].refused.what
    assert [o.format for o in outcomes] == ["trials", "trials", "", ""]
    assert heard.n >= 4
    rows = lake.connect().execute("SELECT nct_id, status FROM trials ORDER BY 1").fetchall()
    assert rows == [("NCT00000001", "RECRUITING"), ("NCT00000002", "COMPLETED"), ("NCT00000003", "RECRUITING")]
    (line,) = (lake.path / "log" / "ingests.jsonl").read_text().splitlines()
    said = json.loads(line)
    assert said["new"] == ["a.json", "b.json"]
    assert sorted(said["refused"]) == ["c.json.gz", "nowhere.json"]


def test_files_that_the_lake_has_are_hashed_and_not_opened_by_a_reader(tmp_path, files, monkeypatch):
    first = ingest_documents(files[:2], create_lake(tmp_path / "lake"))
    root = (tmp_path / "lake" / "lake.json").read_bytes()

    def never(path):
        raise AssertionError(path)

    monkeypatch.setattr(module, "read_documents", never)
    again = ingest_documents(files[:2], open_lake(tmp_path / "lake"))
    assert [o.is_new for o in again] == [False, False]
    assert [o.n_documents for o in again] == [o.n_documents for o in first] == [2, 2]
    assert (tmp_path / "lake" / "lake.json").read_bytes() == root


def test_a_folder_stands_for_its_files(tmp_path, files):
    (tmp_path / "in" / "a.json.md5").write_text("x")
    (tmp_path / "in" / ".hidden").write_text("x")
    (tmp_path / "in" / "inner").mkdir()
    found = listed_files([tmp_path / "in", files[0], tmp_path / "in" / "a.json.md5"])
    assert [p.name for p in found] == ["a.json", "b.json", "c.json.gz"]


def test_nothing_of_it_needs_a_network(tmp_path, files, monkeypatch):
    def closed(*_, **__):
        raise AssertionError("a socket is opened")

    monkeypatch.setattr(socket, "socket", closed)
    from tmescope.store.search import search_lake
    from tmescope.store.search_index import update_index

    lake = create_lake(tmp_path / "lake")
    ingest_documents(files, lake)
    update_index(lake)
    assert [h.doc_id for h in search_lake(lake, "Study 3").hits] == ["nct:NCT00000003"]
    assert lake.connect().execute("SELECT count(*) FROM documents").fetchone() == (3,)


def test_real_trials_are_all_there_and_equal(tmp_path, shared_data):
    paths = sorted((shared_data / "horizon").glob("ctgov_*/ctg-studies.json"))
    lake = create_lake(tmp_path / "lake")
    outcomes = ingest_documents(paths, lake)
    assert sorted(o.n_documents for o in outcomes) == [88, 100, 128]
    given = {s["protocolSection"]["identificationModule"]["nctId"]: s for p in paths for s in json.loads(p.read_text())}
    kept = dict(lake.connect().execute("SELECT nct_id, record FROM trials").fetchall())
    assert {nct: json.loads(record) for nct, record in kept.items()} == given


def test_real_citations_are_all_there_and_the_cut_file_is_refused_by_name(tmp_path, shared_data):
    folder = shared_data / "horizon"
    paths = listed_files(
        [
            folder / "pubmed_medline16n0902" / "medline16n0902.xml.gz",
            *sorted((folder / "pubmed21_netsynergy").glob("*.xml.gz")),
            *sorted((folder / "pubmed26_pmparser").glob("*.xml.gz*")),
            folder / "pubmed23n0001_head" / "pubmed23n0001.trunc.xml.gz",
        ]
    )
    lake = create_lake(tmp_path / "lake")
    *whole, cut = ingest_documents(paths, lake)
    n = [o.n_documents for o in whole]
    assert (n[0], sum(n[1:8]), sum(n[8:])) == (604, 319, 86)
    assert all(o.counts.revised == 0 for o in whole)
    assert cut.path.name == "pubmed23n0001.trunc.xml.gz"
    assert "without its closing checksum" in cut.refused.what
    assert lake.connect().execute("SELECT count(*), count(DISTINCT doc_id) FROM documents").fetchone() == (1009, 1009)
    assert {p.sequence for p in lake.parts} >= {20160902, 20211005, 20261335}
