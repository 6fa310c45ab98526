"""Columns of cells keep their kind, and what is missing stays missing."""

from __future__ import annotations

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
