"""A model is fitted in one call and places a new patient in another, as in Python."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.bulk.test_subtypes import cohort
from tests.study.placed import write_cohorts

from tmescope.bulk.subtype_files import read_subtypes
from tmescope.bulk.subtype_models import SUBTYPES
from tmescope.cli.subtype import subtype_app
from tmescope.store.tables import read_table


@pytest.fixture
def placed(tmp_path):
    write_cohorts(tmp_path)
    return tmp_path


def test_fit_and_apply(tmescope, placed):
    said = tmescope("subtype", "fit", placed / "a.tsv", "--scale", "tpm", "-o", placed / "my model.subtypes")
    assert said.code == 0, said.err
    assert "axes, 4 subtypes (sparse, stroma-dense, immune-open, immune-dense), fitted on 40 samples in tpm" in said.out
    assert read_subtypes(placed / "my model.subtypes").cohort == "my-model"
    one = pd.read_csv(placed / "b.tsv", sep="\t", index_col=0).iloc[:, [3]]
    one.to_csv(placed / "one.tsv", sep="\t")
    said = tmescope(
        "subtype", "apply", placed / "my model.subtypes", placed / "one.tsv", "--scale", "tpm", "-o", placed / "out"
    )
    assert said.code == 0, said.err
    table = read_table(placed / "out" / "tables" / "subtypes.parquet")
    assert table["subtype"].tolist() == [SUBTYPES[cohort(16, seed=2)[1][3]]]
    assert table["probability"].item() > 0.9


def test_another_platform_is_refused_with_the_next_step(tmescope, placed):
    array = pd.read_csv(placed / "b.tsv", sep="\t", index_col=0)
    (4 + 2 * (array + 1).rank() / len(array)).to_csv(placed / "array.tsv", sep="\t")
    out = placed / "out"
    said = tmescope(
        "subtype", "apply", placed / "axis.subtypes", placed / "array.tsv", "--scale", "log2_array", "-o", out
    )
    assert said.code == 2
    assert "takes tpm, the matrix is log2_array" in said.err
    assert "fit a model on a cohort like this one" in said.err
    assert not out.exists()


def test_what_is_no_model_is_told(tmescope, placed):
    said = tmescope("subtype", "apply", placed / "a.tsv", placed / "b.tsv", "--scale", "tpm", "-o", placed / "out")
    assert said.code == 2
    assert "no model of subtypes" in said.err
    assert "tmescope subtype fit" in said.err


def test_help_says_what_it_is_for():
    assert "place new patients" in str(subtype_app.info.help)
