from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.study import tiny

from tmescope.foundation.errors import StoreError
from tmescope.foundation.provenance import hash_file
from tmescope.study.finished_runs import check_output_folder, open_results
from tmescope.study.running import run

CRATE = "ro-crate-metadata.json"


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    tiny.write_files(folder)
    run(tiny.write_study(folder), folder / "out")
    return folder / "out"


@pytest.fixture
def results(finished, tmp_path) -> Path:
    shutil.copytree(finished, tmp_path / "out")
    return tmp_path / "out"


def test_the_record_says_where_the_results_came_from(results):
    record = open_results(results).record()
    assert record.study["id"] == "tiny"
    assert set(record.inputs) == {"a: a.tsv", "a: a_samples.csv", "b: b.tsv.gz", "b: b_samples.csv"}
    assert set(record.facts) >= set(tiny.SIGNATURES)
    assert record.versions["tmescope"]
    assert record.versions["numpy"]
    assert record.parameters["profile"]["methods"] == ["zscore", "ssgsea"]


def test_tables_and_cohorts_are_read(results):
    opened = open_results(results)
    tables = opened.read_tables(["cohorts", "scores"])
    assert opened.cohort_ids(tables["cohorts"]) == ["a", "b"]
    assert opened.read_cohort("b").shape == (18, 147)
    assert opened.table_hashes()["scores.parquet"] == hash_file(results / "tables" / "scores.parquet")


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"@graph": [{"@id": "#tmescope"}]}', "{", '{"@graph": null}'])
def test_damaged_metadata_are_refused(results, text):
    (results / CRATE).write_text(text)
    with pytest.raises(StoreError, match="metadata") as caught:
        open_results(results).record()
    assert "run the study again" in caught.value.next_step


def test_absent_metadata_are_refused(results):
    (results / CRATE).unlink()
    with pytest.raises(StoreError, match="metadata of the results cannot be read"):
        open_results(results).record()


def test_metadata_of_other_results_are_refused(results):
    crate = json.loads((results / CRATE).read_text())
    entity = next(e for e in crate["@graph"] if e["@id"] == "tables/scores.parquet")
    entity["sha256"] = "0" * 64
    (results / CRATE).write_text(json.dumps(crate))
    with pytest.raises(StoreError, match="other tables"):
        open_results(results).record()


def test_a_table_that_changed_is_refused(results):
    (results / "tables" / "answers.csv").write_text("changed")
    with pytest.raises(StoreError, match=r"1 files are not as the run left them: answers\.csv"):
        open_results(results).read_tables(["scores"])


def test_a_cohort_whose_name_leaves_the_folder_is_refused(results):
    opened = open_results(results)
    cohorts = opened.read_tables(["cohorts"])["cohorts"].replace({"cohort_id": {"a": "../a"}})
    with pytest.raises(StoreError, match="cannot become a file name"):
        opened.cohort_ids(cohorts)


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(StoreError, match="there are no results of a run"):
        open_results(tmp_path)


def test_output_folders(tmp_path):
    check_output_folder(tmp_path / "new")
    check_output_folder(tmp_path)
    (tmp_path / "mine").write_text("x")
    with pytest.raises(StoreError, match="holds something already"):
        check_output_folder(tmp_path)
    with pytest.raises(StoreError, match="the output is a file"):
        check_output_folder(tmp_path / "mine")
