from __future__ import annotations

import json
import shutil

import pytest
from tests.study import tiny

from tmescope.cli.diff import DIFFERENT
from tmescope.study.running import run


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    tiny.write_files(folder)
    data = tiny.study_dict()
    run(tiny.write_study(folder, data), folder / "one")
    shutil.copytree(folder / "one", folder / "two")
    data["profile"]["parameters"] = {"ssgsea": {"alpha": 0.5}}
    run(tiny.write_study(folder, data), folder / "two")
    return folder


def test_equal_runs_end_with_zero(tmescope, runs):
    said = tmescope("diff", runs / "one", runs / "one")
    assert (said.code, said.err) == (0, "")
    assert said.out == "The runs are equal: inputs, study, facts, versions and tables.\n"


def test_runs_that_differ_end_with_one_and_say_why(tmescope, runs):
    said = tmescope("diff", runs / "one", runs / "two")
    assert said.code == DIFFERENT == 1
    assert "profile.parameters.ssgsea.alpha: added, 0.5" in said.out
    assert "a, ssgsea: 72 scores of 3 gene sets changed in value" in said.out
    assert said.out.count("because of: study profile.parameters.ssgsea.alpha") == 3


def test_json_holds_everything(tmescope, runs):
    said = tmescope("diff", runs / "one", runs / "two", "--json")
    assert said.code == DIFFERENT
    found = json.loads(said.out)
    assert (found["format"], found["version"], found["equal"]) == ("run-comparison", 1, False)
    assert found["consequences"][0]["causes"] == [0]


def test_what_cannot_be_compared_ends_with_two(tmescope, runs, tmp_path):
    said = tmescope("diff", runs / "one", tmp_path)
    assert said.code == 2
    assert "study.json" in said.err
    assert "Traceback" not in said.err


def test_names_from_files_cannot_steer_the_terminal(tmescope, runs, tmp_path):
    shutil.copytree(runs / "one", tmp_path / "two")
    path = tmp_path / "two" / "study.json"
    record = json.loads(path.read_text())
    record["facts"]["\u001b[2Jevil"] = "1" * 64
    record["study"]["study"]["title"] = "x" * 500
    path.write_text(json.dumps(record))
    said = tmescope("diff", runs / "one", tmp_path / "two")
    assert "\u001b" not in said.out
    assert "?[2Jevil: added, sha256 111111111111" in said.out
    assert max(map(len, said.out.splitlines())) < 250
    assert "no table" in said.out
