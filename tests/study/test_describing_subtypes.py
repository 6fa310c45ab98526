from __future__ import annotations

import pytest
from tests.study.placed import study_dict, write_cohorts
from tests.study.written import write

from tmescope.study.loading import parse_study
from tmescope.study.running import run


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("told")
    write_cohorts(folder)
    run(parse_study(study_dict(models=["axis.subtypes"], fit="each"), folder=folder), folder / "out")
    return (folder / "out" / "methods.md").read_text(encoding="utf-8").split("## Subtypes")[1].split("## ")[0]


def test_models_fits_and_cuts_are_named(told):
    assert "by the model axis, fitted on c7 (40 samples; sha256 " in told
    assert "by the model axes, fitted on a (40 samples; sha256 " in told
    assert "and b (16 samples" in told
    assert "mean ranks of estimate_immune and estimate_stromal" in told
    assert "sparse, stroma-dense, immune-open and immune-dense" in told


def test_who_has_a_subtype_is_counted(told):
    assert "56 of 56 samples have a subtype" in told
    assert "correlation below 0.70" in told


def test_nothing_is_said_where_nothing_was_placed(tmp_path):
    assert "Subtypes" not in write(tmp_path)[1]
