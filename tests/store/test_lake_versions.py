"""Which version is current, whatever the order in which files came."""

from __future__ import annotations

import datetime as dt

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.lakes import batch, day, exported, lake_of, paper, trial

from tmescope.store.lake import open_lake
from tmescope.store.lake_versions import PartCounts, count_parts

VERSIONS = st.tuples(
    st.integers(1, 4),  # paper
    st.sampled_from([None, 1, 2]),  # version
    st.sampled_from([None, "2020-01-01", "2021-01-01"]),  # revised
)
FILES = st.lists(st.tuples(st.lists(VERSIONS, max_size=4), st.sets(st.integers(1, 4), max_size=2)), max_size=4)
NAMES = ("pubmed26n0001.xml", "pubmed26n0002.xml", "plain.xml", "medline25n0003.xml")


def _current(files, parts):
    """Say which title each paper has, in the plainest way."""
    rows, gone = [], {}
    for name, (versions, deleted) in files.items():
        part = next(p for p in parts if name in p.names)
        for row, (number, version, revised) in enumerate(versions):
            key = (version or 0, day(revised) if revised else dt.date.min, part.sequence, part.sha256, row)
            rows.append((number, key, part.sequence, f"{name} {row}"))
        for number in deleted:
            gone[number] = max(gone.get(number, -1), part.sequence)
    alive = [row for row in rows if row[2] > gone.get(row[0], -1)]
    return {f"pmid:{n}": max(r for r in alive if r[0] == n)[3] for n in sorted({r[0] for r in alive})}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES, order=st.permutations(range(4)))
def test_the_current_version_is_that_of_the_plain_rule(tmp_path_factory, files, order):
    named = dict(zip(NAMES, files, strict=False))
    made = {
        name: [
            batch(
                [
                    paper(n, version=v, revised_on=day(r) if r else None, title=f"{name} {row}")
                    for row, (n, v, r) in enumerate(versions)
                ],
                deleted=sorted(deleted),
            )
        ]
        for name, (versions, deleted) in named.items()
    }
    folder = tmp_path_factory.mktemp("lakes")
    lake = lake_of(folder, {NAMES[i]: made[NAMES[i]] for i in order if NAMES[i] in made})
    found = dict(lake.connect().execute("SELECT doc_id, title FROM documents").fetchall())
    assert found == _current(named, lake.parts)
    if made:
        assert lake.layout == lake_of(folder, made, name="other").layout


def _record(updated, *, full):
    """Return the rows of a trial: of a whole record, or as an answer to a search tells it in short."""
    document, row = trial(1, updated or "2021-01-01")
    if not updated:
        document["revised_on"] = row["last_update_posted_on"] = None
    if full:
        row |= {"enrolment": 40, "eligibility": "Adults", "countries": ["France"], "record": '{"whole": "record"}'}
    document["title"] = f"{updated or 'undated'} {'full' if full else 'short'}"
    return document, row


@pytest.mark.parametrize(
    ("records", "current"),
    [
        ([(None, True), (None, False)], "undated full"),
        ([(None, True), ("2020-01-01", False)], "2020-01-01 short"),  # a day is newer than none
        ([("2020-01-01", True), ("2021-01-01", False)], "2021-01-01 short"),
        ([("2020-01-01", True), (None, False)], "2020-01-01 full"),
        ([("2020-01-01", False), ("2020-01-01", True)], "2020-01-01 full"),
        ([(None, False), (None, True), ("2020-01-01", False), ("2020-01-01", True)], "2020-01-01 full"),
    ],
)
def test_the_fuller_of_two_records_is_current_where_no_day_tells_which_is_newer(tmp_path, records, current):
    made = [[batch([], trials=[_record(day_, full=full)])] for day_, full in records]
    for turn in range(3):  # whatever the hashes of the files are, and whichever came first
        names = {f"{turn}-{i}.json": one for i, one in enumerate(made)}
        lake = lake_of(tmp_path / str(turn), dict(reversed(names.items())) if turn % 2 else names)
        assert lake.connect().execute("SELECT title FROM documents").fetchall() == [(current,)]
        enrolled = lake.connect().execute("SELECT enrolment FROM trials").fetchall()
        assert enrolled == [(40 if current.endswith("full") else None,)]
        lake.close()


def test_a_numbered_file_counts_before_a_fuller_record(tmp_path):
    short = {"abstract": None, "title": "corrected"}
    made = {"pubmed26n0001.xml": [batch([paper(1)])], "pubmed26n0002.xml": [batch([paper(1, **short)])]}
    assert lake_of(tmp_path, made).connect().execute("SELECT title FROM documents").fetchall() == [("corrected",)]


def test_the_table_is_kept_for_its_state_and_made_anew_where_it_is_damaged(tmp_path):
    lake = lake_of(tmp_path, {"a.xml": [batch([paper(1), paper(2)])], "b.xml": [batch([paper(1, version=2)])]})
    whole = exported(lake)
    kept = lake.path / "index" / lake.layout.state / "contested.parquet"
    assert pq.read_table(kept).num_rows == 2, "only what has several versions"
    for text in ("", "no Parquet"):
        kept.write_text(text)
        assert exported(open_lake(lake.path)) == whole
        assert pq.read_table(kept).num_rows == 2


def test_tables_of_older_states_go(tmp_path):
    lake = lake_of(tmp_path, {})
    for n in range(4):
        lake_of(tmp_path, {f"{n}.xml": [batch([paper(n + 1)])]}).connect()
    assert len(list((lake.path / "index").iterdir())) == 2


def test_a_lake_that_cannot_be_written_to_is_read(tmp_path, monkeypatch):
    lake = lake_of(tmp_path, {"a.xml": [batch([paper(1)])], "b.xml": [batch([paper(1, title="B", version=2)])]})

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tmescope.store.lake_versions.staged_folder", full)
    assert [row[8] for row in exported(lake)] == ["B"]
    assert not (lake.path / "index").exists()


def test_counts(tmp_path):
    lake = lake_of(
        tmp_path,
        {
            "pubmed26n0003.xml": [batch([paper(1, version=3)], deleted=[2, 2, 8])],
            "pubmed26n0001.xml": [batch([paper(1), paper(2), paper(1, version=2)])],
        },
    )
    counts = {p.name: found for p in lake.parts for found in [count_parts(lake.connect(), lake.layout)[p.sha256]]}
    assert counts == {"pubmed26n0003.xml": PartCounts(0, 1, 1), "pubmed26n0001.xml": PartCounts(2, 1, 0)}
