"""Columns of cells keep their kind, and what is missing stays missing."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from tests.store.atlases import SHARD

from tmescope.foundation.errors import SampleError
from tmescope.store.atlas_columns import CellColumns
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_writing import AtlasWriter, create_atlas


def _add(path, frames):
    if not path.exists():
        create_atlas(path, pd.DataFrame(index=["g"]), shard=SHARD)
    writer = AtlasWriter(path)
    for number, frame in enumerate(frames, start=len(writer.layout.samples)):
        writer.add_sample(f"s{number}", [(sparse.csr_matrix((len(frame), 1)), frame)])
        writer.commit()


def test_each_kind_comes_back(tmp_path):
    obs = pd.DataFrame(
        {
            "text": ["b", None, "a"],
            "group": pd.Categorical(["x", "y", None]),
            "real": [0.5, np.nan, -1e300],
            "whole": [1, -5, 2**60],
            "truth": [True, False, True],
        },
        index=["c1", "c2", "c3"],
    )
    _add(tmp_path / "a.zarr", [obs, obs.iloc[::-1]])
    found = open_atlas(tmp_path / "a.zarr").cells()
    twice = pd.concat([obs, obs.iloc[::-1]])
    for name in ("real", "whole", "truth"):
        np.testing.assert_array_equal(found[name], twice[name])
    for name in ("text", "group"):
        assert found[name].astype(object).where(found[name].notna(), None).tolist() == [
            None if pd.isna(v) else v for v in twice[name]
        ]
    assert list(found["text"].cat.categories) == ["b", "a"]  # as they came, so that none is ever written anew
    assert list(CellColumns(tmp_path / "a.zarr", open_atlas(tmp_path / "a.zarr").layout).names()[[0, 3]]) == [
        "s0:c1",
        "s1:c3",
    ]


def test_whole_numbers_and_truths_cannot_be_missing(tmp_path):
    frames = [pd.DataFrame({"n": [1]}, index=["c"]), pd.DataFrame({"x": ["a"]}, index=["c"])]
    with pytest.raises(SampleError, match="'n' \\(int64\\) is not in every sample"):
        _add(tmp_path / "a.zarr", frames)


def left_by_a_dead_writer(path, frames):
    """Write columns as a writer does that is killed before the root counts them."""
    writer = AtlasWriter(path)
    writer.add_sample("dead", [(sparse.csr_matrix((len(f), writer.layout.n_genes)), f) for f in frames])
    for appender in writer._columns.appenders.values():
        appender.finish()
    writer._columns.finish()


def test_what_a_dead_writer_left_of_columns_does_not_count(tmp_path):
    path = tmp_path / "a.zarr"
    create_atlas(path, pd.DataFrame(index=["g"]), shard=SHARD)
    writer = AtlasWriter(path)
    counts = sparse.csr_matrix((2, 1))
    writer.add_sample("s", [(counts, pd.DataFrame({"t": ["x", "y"]}, index=["a", "b"]))])
    writer.commit()
    left_by_a_dead_writer(path, [pd.DataFrame({"t": ["z", "x"], "new": ["p", "q"]}, index=["a", "b"])])
    assert open_atlas(path).cells()["t"].cat.categories.tolist() == ["x", "y"]
    writer = AtlasWriter(path)
    writer.add_sample("u", [(counts, pd.DataFrame({"t": ["w", "x"], "new": [1.0, 2.0]}, index=["a", "b"]))])
    writer.commit()
    obs = anndata.read_zarr(path).obs
    assert obs["t"].tolist() == ["x", "y", "w", "x"]
    assert obs["t"].cat.categories.tolist() == ["x", "y", "w"]
    np.testing.assert_array_equal(obs["new"], [np.nan, np.nan, 1.0, 2.0])
    assert not (path / "obs/new/codes").exists()
    assert list(open_atlas(path).verify()) == []


@pytest.mark.parametrize("place", ["obs/_index/c/0", "obs/t/categories/c/0", "obs/t/codes/c/0"])
def test_names_and_categories_are_verified(tmp_path, place):
    path = tmp_path / "a.zarr"
    create_atlas(path, pd.DataFrame(index=["g"]), shard=SHARD)
    writer = AtlasWriter(path)
    writer.add_sample("s", [(sparse.csr_matrix((2, 1)), pd.DataFrame({"t": ["x", "y"]}, index=["a", "b"]))])
    writer.commit()
    body = bytearray((path / place).read_bytes())
    body[-1] ^= 1
    (path / place).write_bytes(body)
    assert f"{place} holds other bytes than were written" in list(open_atlas(path).verify())


def test_categories_of_pandas_come_in_the_order_of_the_cells(tmp_path):
    path = tmp_path / "a.zarr"
    create_atlas(path, pd.DataFrame(index=["g"]), shard=SHARD)
    writer = AtlasWriter(path)
    values = pd.Categorical(["b", None, "a"], categories=["unused", "a", "b"])
    writer.add_sample("s", [(sparse.csr_matrix((3, 1)), pd.DataFrame({"t": values}, index=["x", "y", "z"]))])
    writer.commit()
    found = anndata.read_zarr(path).obs["t"]
    assert found.cat.categories.tolist() == ["b", "a"]
    assert found.astype(object).where(found.notna(), None).tolist() == ["b", None, "a"]
