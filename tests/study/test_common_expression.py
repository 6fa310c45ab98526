from __future__ import annotations

from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tmescope.store.matrices import write_cohort_folder
from tmescope.store.tables import write_table
from tmescope.study import common_expression
from tmescope.study.common_expression import read_common_expression


def _folder(root: Path, name: str, values: np.ndarray, genes: list[str], scale: str) -> Path:
    folder = root / name
    folder.mkdir()
    ids = [f"{name}{i}" for i in range(len(values))]
    adata = ad.AnnData(
        values, obs=pd.DataFrame(index=ids), var=pd.DataFrame(index=genes), uns={"tmescope": {"scale": scale}}
    )
    write_cohort_folder(adata, folder)
    write_table(pd.DataFrame({"sample_id": ids}), folder / "samples.parquet")
    return folder


def test_cohorts_come_to_one_scale_over_their_common_genes(tmp_path: Path) -> None:
    tpm = np.array([[1.0, 3.0, 7.0], [3.0, 1.0, 0.0]])
    folders = {
        "a": _folder(tmp_path, "a", tpm, ["X", "Y", "Z"], "tpm"),
        "b": _folder(tmp_path, "b", np.log2(tpm[:, [2, 0]] + 0.001), ["Z", "X"], "log2(tpm+0.001)"),
    }
    found = read_common_expression(folders)
    assert found is not None
    assert list(found.values.columns) == ["X", "Z"]
    assert (found.n_common, found.scale) == (2, "log2(tpm + 1)")
    np.testing.assert_allclose(found.values.loc["a"], np.log2(tpm[:, [0, 2]] + 1))
    np.testing.assert_allclose(found.values.loc["b"], np.log2(tpm[:, [0, 2]] + 1), atol=1e-9)


def test_counts_become_counts_per_million(tmp_path: Path) -> None:
    counts = np.array([[10.0, 30.0, 60.0], [5.0, 5.0, 90.0]])
    found = read_common_expression({"a": _folder(tmp_path, "a", counts, ["X", "Y", "Z"], "counts")})
    assert found is not None
    assert found.scale == "log2(cpm + 1)"
    np.testing.assert_allclose(found.values.to_numpy(), np.log2(counts * 1e4 + 1))


def test_genes_vary_within_cohorts_whatever_lies_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common_expression, "MOST_GENES", 2)
    rng = np.random.default_rng(1)
    values = rng.normal(size=(20, 4)) * [0.1, 2.0, 1.0, 0.2] + 8
    shifted = rng.normal(size=(20, 4)) * [0.1, 2.0, 1.0, 0.2] + [100.0, 8, 8, 8]
    folders = {
        "a": _folder(tmp_path, "a", values, ["SHIFT", "MOST", "NEXT", "LEAST"], "log2_array"),
        "b": _folder(tmp_path, "b", shifted, ["SHIFT", "MOST", "NEXT", "LEAST"], "log2_array"),
    }
    found = read_common_expression(folders)
    assert found is not None
    assert sorted(found.values.columns) == ["MOST", "NEXT"]
    assert found.n_common == 4


def test_genes_with_gaps_are_left_out_and_nothing_in_common_is_none(tmp_path: Path) -> None:
    values = np.array([[1.0, 2.0, np.nan], [2.0, 4.0, 1.0]])
    a = _folder(tmp_path, "a", values, ["X", "Y", "Z"], "tpm")
    found = read_common_expression({"a": a})
    assert found is not None
    assert list(found.values.columns) == ["X", "Y"]
    assert read_common_expression({"a": a, "b": _folder(tmp_path, "b", values, ["P", "Q", "R"], "tpm")}) is None
