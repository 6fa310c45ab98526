"""What ``tmescope demo`` does around the run; the run itself is looked at in ``journeys/test_demo_truth.py``."""

from __future__ import annotations

import tomllib

import pytest
from tests.study import tiny

from tmescope.study import outcomes, running


@pytest.fixture
def asked(monkeypatch):
    """Do not run the demo; remember what was to be run."""
    calls = []

    def run(study, output, *, threads, progress):
        calls.append((study, output, threads))
        (output / "report.html").write_text("")
        return outcomes.RunOutcome(output, ("a",), (), 0.0)

    monkeypatch.setattr(running, "run", run)
    return calls


def test_the_demo_writes_a_study_and_runs_it_into_the_same_folder(tmescope, asked, tmp_path):
    out = tmp_path / "demo"
    said = tmescope("demo", "-o", out, "--threads", 2, "-q")
    assert said.code == 0, said.err
    assert asked == [(out / "study.toml", out, 2)]
    assert said.err == ""
    assert f"report: {out / 'report.html'}\n" in said.out
    assert said.out.endswith(f"study:  {out / 'study.toml'}\n")
    assert len(tomllib.loads((out / "study.toml").read_text())["cohorts"]) == 3


def test_without_an_output_it_goes_to_demo(tmescope, asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert tmescope("demo", "-q").code == 0
    assert [p.name for p in tmp_path.iterdir()] == ["demo"]


def test_the_seed_decides_the_data(tmescope, asked, tmp_path):
    for name, seed in (("one", 1), ("again", 1), ("two", 2)):
        assert tmescope("demo", "-o", tmp_path / name, "--seed", seed, "-q").code == 0
    one, again, two = (tiny.tree(tmp_path / name) for name in ("one", "again", "two"))
    assert one == again
    assert all(one[name] != two[name] for name in one if name.startswith("data/"))
    assert "seed = 2" in two["study.toml"].decode()


def test_a_folder_with_other_files_is_left_alone(tmescope, asked, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    said = tmescope("demo", "-o", tmp_path)
    assert said.code == 2
    assert "did not write" in said.err
    assert tiny.tree(tmp_path) == {"thesis.txt": b"mine"}
    assert asked == []


def test_a_negative_seed_is_wrong_usage(tmescope, asked):
    assert tmescope("demo", "--seed", -1).code == 2
    assert asked == []
