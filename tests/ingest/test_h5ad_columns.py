"""Columns of cells keep their types, and what cannot be held is named."""

from __future__ import annotations

import h5py
import numpy as np
import pandas as pd
import pytest
from tests.ingest.cells_made import counts_of, write_cells

from tmescope.ingest.h5ad_columns import read_names, read_typed


@pytest.fixture(scope="module")
def columns(tmp_path_factory):
    obs = {
        "type": pd.Categorical(["T", None, "B"], categories=["T", "unused", "B"]),
        "text": ["b", "a", "b"],
        "n": [3, 1, 2],
        "small": np.array([1, 2, 3], dtype=np.int8),
        "share": [0.5, np.nan, 1.0],
        "ok": [True, False, True],
        "maybe": pd.array([True, None, False], dtype="boolean"),
        "number": pd.array([1, None, 3], dtype="Int64"),
        "whole": pd.array([1, 2, 3], dtype="Int64"),
        "codes": pd.Categorical([10, 20, 10]),
    }
    path = write_cells(tmp_path_factory.mktemp("h") / "a.h5ad", counts_of(3), obs=obs)
    with h5py.File(path, "r+") as file:
        file["obs"]["wide"] = np.zeros((3, 2))
        file["obs"].attrs["column-order"] = [*file["obs"].attrs["column-order"], "wide", "absent"]
    with h5py.File(path) as file:
        assert read_names(file["obs"], "obs")[0] == "BC000-1"
        yield read_typed(file["obs"], "obs", wanted=None), read_typed(file["obs"], "obs", wanted=["n"])


def test_types_are_kept(columns):
    (found, left_out), _ = columns
    assert {name: c.form for name, c in found.items()} == {
        "type": "category", "text": "category", "n": "int64", "small": "int64", "share": "float64", "ok": "bool",
        "maybe": "category", "number": "float64", "whole": "int64", "codes": "category",
    }  # fmt: skip
    assert [(n.partition(":")[0]) for n in left_out] == ["wide", "absent"]


def test_values_and_missing_ones_are_kept(columns):
    found = columns[0][0]
    named = {k: [None if i < 0 else c.categories[i] for i in c.values] for k, c in found.items() if c.categories}
    assert named["type"] == ["T", None, "B"]
    assert named["text"] == ["b", "a", "b"]
    assert named["maybe"] == ["True", None, "False"]
    assert named["codes"] == ["10", "20", "10"]
    np.testing.assert_array_equal(found["share"].values, [0.5, np.nan, 1.0])
    np.testing.assert_array_equal(found["number"].values, [1, np.nan, 3])


def test_only_what_is_wanted_is_read(columns):
    assert list(columns[1][0]) == ["n"]
