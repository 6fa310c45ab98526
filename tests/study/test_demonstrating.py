from __future__ import annotations

import pytest
from tests.study import tiny

from tmescope.foundation.errors import StoreError
from tmescope.study.checking import check
from tmescope.study.demonstrating import write_demo
from tmescope.study.loading import load_study


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo's study file."""
    return write_demo(tmp_path_factory.mktemp("demos") / "demo", seed=3)


def test_the_demo_looks_like_the_files_of_three_groups(demo):
    study = load_study(demo)
    assert [c.expression.partition(".")[2] for c in study.cohorts] == ["tsv.gz", "csv", "parquet"]
    assert len({c.scale for c in study.cohorts}) == 3
    assert len({c.columns.sample_id for c in study.cohorts}) > 1
    assert {study.endpoints["response"].rule_for(c.id).rule for c in study.cohorts} == {"recist", "source-defined"}
    assert {study.endpoints["os"].rule_for(c.id).unit for c in study.cohorts} == {"days", "months"}
    assert all(c.licence.startswith("simulated") for c in study.cohorts)
    assert study.study.seed == 3
    assert study.answers.survival == "os"
    names = {p.name for p in demo.parent.iterdir()}
    assert names == {".tmescope", "data", "study.toml"}


def test_nothing_is_wrong_with_the_demo(demo):
    outcome = check(demo)
    assert outcome.problems == ()
    assert outcome.summary.count("\n") == 2
    assert {w.code for w in outcome.warnings} >= {"join.matrix_only", "join.table_only"}


def test_writing_it_again_changes_no_byte(demo):
    before = tiny.tree(demo.parent)
    assert write_demo(demo.parent, seed=3) == demo
    assert tiny.tree(demo.parent) == before


def test_a_demo_that_was_cut_off_goes_on(tmp_path, demo):
    (tmp_path / ".tmescope").mkdir()
    (tmp_path / "data").mkdir()
    write_demo(tmp_path, seed=3)
    assert tiny.tree(tmp_path) == tiny.tree(demo.parent)


def test_other_peoples_files_are_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError, match="did not write"):
        write_demo(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]
