"""A study of a lake runs like every other: in steps, resumed, with its record."""

from __future__ import annotations

import json
import shutil

import pytest
from tests.study import lake_study

from tmescope.foundation.errors import ManyProblems
from tmescope.study.checking import check
from tmescope.study.loading import parse_study
from tmescope.study.run_records import read_run
from tmescope.study.running import run


def test_the_planted_rises_lead_the_ranking(lake_run):
    _, truth, outcome = lake_run
    top = outcome.table("trends")["entity_id"].head(6)
    assert (truth.entities.loc[top, "slope"] > 0).mean() > 0.8
    assert outcome.report is not None


def test_a_second_run_keeps_every_step_and_more_documents_make_them_anew(lake_run, tmp_path):
    folder, _, first = lake_run
    again = run(folder / "study.toml", folder / "out")
    assert again.redone == ()
    assert set(again.kept) == set(first.redone)
    lake_study.fill(tmp_path / "horizon", years=4)
    study = lake_study.write_study(tmp_path)
    before = run(study, tmp_path / "out").table("horizon_areas")
    lake_study.fill(tmp_path / "horizon")
    grown = run(study, tmp_path / "out")
    assert {"sources", "area-all", "tables"} <= set(grown.redone)
    assert (grown.table("horizon_areas")["n_documents"] > before["n_documents"]).all()


def test_the_same_study_gives_the_same_bytes(lake_run, tmp_path):
    folder, _, _ = lake_run
    run(folder / "study.toml", tmp_path / "out", threads=2)
    for path in sorted((folder / "out/tables").glob("*.csv")):
        assert path.read_bytes() == (tmp_path / "out/tables" / path.name).read_bytes(), path.name
    assert (folder / "out/report.html").read_bytes() == (tmp_path / "out/report.html").read_bytes()


def test_what_is_wrong_is_told_at_once_and_nothing_is_written(tmp_path):
    study = lake_study.write_study(tmp_path, focus=["al", "all"])
    found = check(study)
    assert [type(p).__name__ for p in found.problems] == ["UnknownNameError", "MissingFileError"]
    with pytest.raises(ManyProblems, match="al"):
        run(study, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_check_says_what_the_lake_holds(lake_run):
    folder, _, _ = lake_run
    found = check(folder / "study.toml")
    assert found.problems == ()
    assert "trial: " in found.summary
    assert "entered 2017-01-01 to" in found.summary


def test_a_frozen_study_sees_nothing_later(lake_run, tmp_path):
    folder, _, _ = lake_run
    shutil.copytree(folder / "horizon", tmp_path / "horizon")
    study = lake_study.write_study(tmp_path, as_of="2020")
    sources = run(study, tmp_path / "out").table("horizon_sources")
    assert sources["last_entered_on"].max() <= "2020-12-31"


def test_the_crate_names_every_file_of_the_lake(lake_run):
    folder, _, _ = lake_run
    graph = json.loads((folder / "out/ro-crate-metadata.json").read_text())["@graph"]
    inputs = [e["name"] for e in graph if e["@id"].startswith("#input-")]
    assert len(inputs) == 5
    assert all(name.startswith("lake: year-") for name in inputs)
    assert str(folder) not in json.dumps(graph)


def test_the_record_is_a_study_again(lake_run):
    folder, _, _ = lake_run
    said = read_run(folder / "out").study
    assert not {"cohorts", "profile"} & said.keys()
    assert parse_study(dict(said), folder=folder).horizon.shown == 8
