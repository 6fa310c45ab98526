"""A run as a workbook: what the project's own reader of workbooks finds is what the tables hold."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from tests.study import tiny

from tmescope.foundation.errors import StoreError
from tmescope.ingest.workbooks import read_workbook
from tmescope.store.tables import SCHEMAS, read_table
from tmescope.study import export_workbook as module
from tmescope.study.export_workbook import export_workbook
from tmescope.study.loading import parse_study
from tmescope.study.running import run


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    tiny.write_files(folder)
    run(tiny.write_study(folder), folder / "out")
    return folder / "out"


@pytest.fixture(scope="module")
def written(results, tmp_path_factory):
    return export_workbook(results, tmp_path_factory.mktemp("book") / "r.xlsx")


def _texts(table: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the rows as the reader of workbooks shows them; it skips rows without anything."""
    columns = []
    for name in table.columns:
        column = table[name]
        if column.dtype == "boolean":
            cells = ["" if pd.isna(v) else str(bool(v)).upper() for v in column]
        elif column.dtype.kind == "f":
            cells = ["" if pd.isna(v) else str(int(v)) if v.is_integer() and abs(v) < 1e15 else repr(v) for v in column]
        else:
            cells = ["" if pd.isna(v) else str(v) for v in column]
        columns.append([c if c.strip() else "" for c in cells])
    return [row for row in zip(*columns, strict=True) if any(row)]


def test_every_table_is_there_with_the_same_values(results, written):
    names = [name for name in SCHEMAS if (results / "tables" / f"{name}.parquet").is_file()]
    assert len(names) > 35
    assert written.sheets == (
        "about", "cohorts", "samples", "features", "scores_zscore", "scores_ssgsea", "scores",
        *(name for name in names if name not in {"cohorts", "samples", "features", "scores"}),
    )  # fmt: skip
    assert written.notes == ()
    filled = 0
    for name in names:
        table = read_table(results / "tables" / f"{name}.parquet")
        if not len(table):
            continue
        back = read_workbook(written.path, name)
        assert back.names == tuple(table.columns)
        assert list(back.rows) == _texts(table), name
        filled += 1
    assert filled >= 10


def test_wide_scores_are_those_of_the_long_table(results, written):
    scores = read_table(results / "tables" / "scores.parquet")
    back = read_workbook(written.path, "scores_ssgsea")
    assert back.names == ("cohort_id", "sample_id", *tiny.SIGNATURES)
    assert len(back.rows) == 24 + 18
    own = scores[scores["method"] == "ssgsea"].set_index(["cohort_id", "sample_id", "feature"])["value"]
    for row in back.rows:
        for feature, cell in zip(tiny.SIGNATURES, row[2:], strict=True):
            assert float(cell) == own[(row[0], row[1], feature)]


def test_the_first_sheet_says_what_it_is(results, written):
    rows = read_workbook(written.path, "about").rows
    about = {(section, name): value for section, name, value in rows}
    assert about["study", "title"] == "A tiny study"
    assert about["scale", "a"] == "tpm"
    assert about["unit", "tmb"] == "mutations/Mb"
    assert about["unit", "zscore"]
    assert {name for section, name in about if section == "sheet"} == set(written.sheets) - {"about"}
    assert ("sha256 of input", "a: a.tsv") in about
    assert about["sha256 of table", "scores.parquet"]
    assert about["version", "tmescope"]
    assert all(value for (section, _), value in about.items() if section != "note")


def test_the_same_results_give_the_same_bytes(results, written, tmp_path):
    assert export_workbook(results, tmp_path / "again.xlsx").path.read_bytes() == written.path.read_bytes()


def test_many_scores_leave_the_long_table_out(results, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_LONG_SCORES", 10)
    outcome = export_workbook(results, tmp_path / "r.xlsx")
    assert "scores" not in outcome.sheets
    assert "scores_zscore" in outcome.sheets
    assert outcome.notes[0].startswith("the long table of scores has 252 rows and is left out")
    assert outcome.notes[0] in {row[2] for row in read_workbook(outcome.path, "about").rows}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("r.xls", r"ends with '\.xls'"),
        ("r", "ends with 'nothing'"),
        ("d.xlsx", "a folder"),
        ("f.xlsx", "exists already"),
    ],
)
def test_nothing_is_overwritten(results, tmp_path, name, says):
    (tmp_path / "d.xlsx").mkdir()
    (tmp_path / "f.xlsx").write_text("mine")
    before = tiny.tree(tmp_path)
    with pytest.raises(StoreError, match=says):
        export_workbook(results, tmp_path / name)
    assert tiny.tree(tmp_path) == before


def test_results_that_changed_since_are_refused(results, tmp_path):
    shutil.copytree(results, tmp_path / "out")
    (tmp_path / "out" / "tables" / "samples.parquet").write_bytes(b"x")
    with pytest.raises(StoreError, match=r"samples\.parquet"):
        export_workbook(tmp_path / "out", tmp_path / "r.xlsx")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_what_fails_halfway_leaves_nothing(results, tmp_path, monkeypatch):
    def full(sheets, path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_spreadsheet", full)
    with pytest.raises(OSError, match="No space"):
        export_workbook(results, tmp_path / "r.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_real_cohort(shared_data, tmp_path):
    source = shared_data / "cohorts" / "liu2019_melanoma_pd1"
    scale = json.loads((source / "SOURCE.json").read_text())["unit"]
    cohort = {"id": "liu2019", "expression": str(source / "expression.parquet"), "scale": scale}
    data = {
        "format": 1,
        "study": {"id": "liu", "title": "Liu"},
        "cohorts": [{**cohort, "samples": str(source / "samples.tsv"), "columns": {"patient_id": "patient_id"}}],
        "profile": {"methods": ["zscore"], "signatures": ["cyt", "tis18"]},
        "output": {"report": False, "csv": False},
    }
    run(parse_study(data, folder=tmp_path), tmp_path / "out")
    outcome = export_workbook(tmp_path / "out", tmp_path / "r.xlsx")
    mapping = read_table(tmp_path / "out" / "tables" / "gene_mapping.parquet")
    back = read_workbook(outcome.path, "gene_mapping")
    assert len(back.rows) == len(mapping) > 16_000
    assert list(back.rows) == _texts(mapping)
