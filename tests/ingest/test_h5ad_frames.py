from __future__ import annotations

from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.h5ad_content import read_content
from tmescope.ingest.h5ad_frames import read_frame


def _frame() -> pd.DataFrame:
    columns = {
        "text": ["a", "é", ""],
        "float": [0.5, np.nan, 1e-7],
        "float32": np.array([0.1, 2, np.nan], dtype=np.float32),
        "int": [1, 2, 3],
        "bool": [True, False, True],
        "groups": pd.Categorical(["b", None, "a"]),
        "numbers": pd.Categorical([2, 1, 2]),
        "nullable": pd.array([1, None, 3], dtype="Int64"),
        "nullable bool": pd.array([True, None, False], dtype="boolean"),
    }
    return pd.DataFrame(columns, index=["S1", "S2", "S3"])


def test_columns_are_the_texts_that_anndata_gives(tmp_path: Path) -> None:
    path = tmp_path / "m.h5ad"
    ad.AnnData(np.eye(3), obs=_frame()).write_h5ad(path)
    read = ad.read_h5ad(path).obs
    wanted = {str(c): ["" if pd.isna(v) else str(v) for v in read[c]] for c in read.columns}
    assert read_content(path).about["obs"] == {"sample_id": ["S1", "S2", "S3"], **wanted}
    assert wanted["nullable"] == ["1", "", "3"], "the test compares something"


def test_nullable_text(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        obs = file.create_group("obs")
        obs.attrs.update({"_index": "_index", "column-order": ["t"]})
        obs["_index"] = ["a", "b"]
        column = obs.create_group("t")
        column.attrs["encoding-type"] = "nullable-string-array"
        column["values"], column["mask"] = ["x", "y"], np.array([True, False])
        assert read_frame(obs, "obs") == (["a", "b"], {"t": ["", "y"]})
        assert read_frame(obs, "obs", names_only=True) == (["a", "b"], {})
        del column["mask"]
        column["mask"] = np.array([True])
        with pytest.raises(FileFormatError, match="2 values and 1 marks"):
            read_frame(obs, "obs")


def test_categories_of_older_formats(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        obs = file.create_group("obs")
        obs.attrs.update({"_index": "cell", "column-order": ["kind"]})
        obs["cell"] = ["a", "b"]
        obs["kind"] = np.array([1, -1], dtype=np.int8)
        obs["__categories/kind"] = ["T", "B"]
        obs["kind"].attrs["categories"] = obs["__categories/kind"].ref
        assert read_frame(obs, "obs") == (["a", "b"], {"kind": ["B", ""]})
        file["old"] = np.array([(b"a", 1.5), (b"b", np.nan)], dtype=[("index", "S5"), ("x", "f8")])
        assert read_frame(file["old"], "old") == (["a", "b"], {"x": ["1.5", ""]})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda obs: obs.attrs.update({"column-order": ["absent"]}), "'absent' is declared and not there"),
        (lambda obs: obs.update({"c": [1.0]}), "'c' has 1 values, the index 2"),
        (lambda obs: obs.update({"c": np.eye(2)}), "no list of values"),
        (lambda obs: obs.create_group("c"), "no known encoding"),
    ],
)
def test_a_table_that_is_not_sound(tmp_path: Path, change, says: str) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        obs = file.create_group("obs")
        obs.attrs.update({"_index": "i", "column-order": ["c"]})
        obs["i"] = ["a", "b"]
        change(obs)
        with pytest.raises(FileFormatError, match=says):
            read_frame(obs, "obs")


@pytest.mark.parametrize("codes", [np.array([0, 2]), np.array([-2, 0]), np.array([0.0, 1.0])])
def test_codes_beyond_the_categories(tmp_path: Path, codes: np.ndarray) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        obs = file.create_group("obs")
        obs.attrs.update({"_index": "i", "column-order": ["c"]})
        obs["i"] = ["a", "b"]
        column = obs.create_group("c")
        column.attrs["encoding-type"] = "categorical"
        column["codes"], column["categories"] = codes, ["x", "y"]
        with pytest.raises(FileFormatError, match="codes"):
            read_frame(obs, "obs")
