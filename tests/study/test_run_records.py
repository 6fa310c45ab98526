from __future__ import annotations

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.study import tiny

from tmescope.foundation.errors import FormatVersionError, MissingFileError, StoreError
from tmescope.store.tables import empty_table, write_table
from tmescope.study import run_records
from tmescope.study.loading import parse_study
from tmescope.study.run_records import RECORD_FILE, read_run, read_run_table, shown_path, write_run_record

PROVENANCE = {"versions": {"tmescope": "1"}, "inputs": {"a: a.tsv": "0" * 64}, "facts": {"cyt": "1" * 64}, "seed": 0}


@pytest.fixture
def folder(tmp_path):
    data = tiny.study_dict()
    data["cohorts"][0]["expression"] = str(tmp_path / "secret" / "a.tsv")
    data["cohorts"][1]["expression"] = "../outside/b.tsv.gz"
    data["profile"]["signature_files"] = ["/srv/people/sets.gmt"]
    (tmp_path / "tables").mkdir()
    write_table(empty_table("samples"), tmp_path / "tables" / "samples.parquet")
    write_run_record(tmp_path, parse_study(data, folder=tmp_path), PROVENANCE)
    return tmp_path


def _edit(folder, **changes):
    path = folder / RECORD_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_record_comes_back_with_every_key_and_no_path_of_the_machine(folder):
    record = read_run(folder)
    assert record.versions == {"tmescope": "1"}
    assert record.inputs == PROVENANCE["inputs"]
    assert record.tables == ("samples",)
    assert record.study["profile"]["min_coverage"] == 0.5
    assert [c["expression"] for c in record.study["cohorts"]] == ["a.tsv", "b.tsv.gz"]
    assert record.study["profile"]["signature_files"] == ["sets.gmt"]
    text = (folder / RECORD_FILE).read_text()
    assert str(folder) not in text
    assert "/srv" not in text


def test_the_record_is_left_alone_where_nothing_changed(folder):
    path = folder / RECORD_FILE
    before = path.stat().st_mtime_ns
    record = read_run(folder)
    write_run_record(folder, parse_study(dict(record.study), folder=folder), PROVENANCE)
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("data/a.tsv", "data/a.tsv"),
        ("/data/a.tsv", "a.tsv"),
        ("../a.tsv", "a.tsv"),
        (r"C:\data\a.tsv", "a.tsv"),
        (r"..\a.tsv", "a.tsv"),
    ],
)
def test_paths_are_shown_without_what_tells_of_the_machine(path, shown):
    assert shown_path(path) == shown


def test_folders_that_are_no_results_are_refused(tmp_path):
    with pytest.raises(MissingFileError, match="no such folder"):
        read_run(tmp_path / "absent")
    with pytest.raises(MissingFileError, match="older release"):
        read_run(tmp_path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "other"}, "not a record"),
        ({"version": "1"}, "not a record"),
        ({"versions": ["x"]}, "versions is not"),
        ({"facts": {"cyt": 3}}, "facts is not"),
        ({"study": []}, "study is not"),
        ({"models": {"zscore_frozen": "x"}}, "models is not"),
        ({"models": []}, "models is not"),
    ],
)
def test_records_of_another_form_are_refused(folder, changes, words):
    _edit(folder, **changes)
    with pytest.raises(StoreError, match=words):
        read_run(folder)


def test_a_record_of_a_newer_release_says_what_to_do(folder):
    _edit(folder, version=2)
    with pytest.raises(FormatVersionError, match="reads up to 1") as raised:
        read_run(folder)
    assert "newer tmescope" in str(raised.value)


@pytest.mark.parametrize("text", ["{", "[" * 200_000, '{"version": NaN}', "[]", b"\xff\xfe"])
def test_damaged_or_endless_json_is_refused(folder, text):
    (folder / RECORD_FILE).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(StoreError):
        read_run(folder)


def test_large_files_and_links_are_not_opened(folder, monkeypatch, tmp_path_factory):
    monkeypatch.setattr(run_records, "_MOST_BYTES", 100)
    with pytest.raises(StoreError, match="are not read"):
        read_run(folder)
    monkeypatch.undo()
    away = tmp_path_factory.mktemp("away") / "study.json"
    (folder / RECORD_FILE).rename(away)
    (folder / RECORD_FILE).symlink_to(away)
    with pytest.raises(StoreError, match="a link"):
        read_run(folder)


def test_a_folder_of_tables_that_is_a_link_is_refused(folder, tmp_path_factory):
    away = tmp_path_factory.mktemp("away") / "tables"
    (folder / "tables").rename(away)
    (folder / "tables").symlink_to(away)
    with pytest.raises(StoreError, match="not a folder of its own"):
        read_run(folder)


def test_tables_are_read_with_their_schema_or_refused(folder, monkeypatch, tmp_path_factory):
    record = read_run(folder)
    assert list(read_run_table(record, "samples").columns[:2]) == ["cohort_id", "sample_id"]
    path = folder / "tables" / "samples.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError):
        read_run_table(record, "samples")
    path.write_bytes(whole)
    monkeypatch.setattr(run_records, "_MOST_TABLE_BYTES", len(whole) - 1)
    with pytest.raises(StoreError, match="are not read"):
        read_run_table(record, "samples")
    monkeypatch.undo()
    pq.write_table(pa.table({"x": [1]}), path)
    with pytest.raises(StoreError, match="lacks"):
        read_run_table(record, "samples")
    frame = empty_table("samples").reindex(range(1)).assign(age_years="old")
    pq.write_table(pa.Table.from_pandas(frame.astype({"age_years": "object"}), preserve_index=False), path)
    with pytest.raises(StoreError, match="cannot be read"):
        read_run_table(record, "samples")
    away = tmp_path_factory.mktemp("away") / "samples.parquet"
    path.rename(away)
    path.symlink_to(away)
    with pytest.raises(StoreError, match="a link"):
        read_run_table(record, "samples")


def test_a_table_of_a_newer_format_is_refused(folder):
    table = pa.Table.from_pandas(pd.DataFrame({"x": [1]}), preserve_index=False)
    pq.write_table(table.replace_schema_metadata({b"tmescope.version": b"9"}), folder / "tables" / "samples.parquet")
    with pytest.raises(FormatVersionError):
        read_run_table(read_run(folder), "samples")
    pq.write_table(table.replace_schema_metadata({b"tmescope.version": b"x"}), folder / "tables" / "samples.parquet")
    with pytest.raises(StoreError, match="ValueError"):
        read_run_table(read_run(folder), "samples")
