from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from tmescope.foundation.errors import FormatVersionError, StoreError
from tmescope.store.matrices import read_cohort_folder, read_genes, write_cohort_folder


@pytest.fixture
def adata():
    obs = pd.DataFrame(
        {"os_event": pd.array([True, None, False], dtype="boolean"), "age": [1.5, np.nan, 3]}, index=["s1", "s2", "NA"]
    )
    var = pd.DataFrame({"hgnc_id": ["HGNC:1", None]}, index=["A", "B"])
    return AnnData(
        X=np.array([[1.0, np.nan], [3.0, 4.0], [5.0, 6.0]]),
        obs=obs,
        var=var,
        uns={"tmescope": {"scale": "tpm", "cohort_id": "c"}},
    )


def test_a_cohort_comes_back_bit_for_bit(adata, tmp_path):
    write_cohort_folder(adata, tmp_path)
    back = read_cohort_folder(tmp_path)
    np.testing.assert_array_equal(back.X, adata.X)
    assert list(back.obs_names) == ["s1", "s2", "NA"]
    assert back.obs["os_event"].tolist()[0] is True
    assert back.obs["os_event"].isna().tolist() == [False, True, False]
    assert back.uns["tmescope"] == {"scale": "tpm", "cohort_id": "c"}
    assert read_genes(tmp_path) == ["A", "B"]


def test_the_same_cohort_gives_the_same_bytes(adata, tmp_path):
    for name in ("1", "2"):
        (tmp_path / name).mkdir()
        write_cohort_folder(adata, tmp_path / name)
    files = [sorted(p.name for p in (tmp_path / n).iterdir()) for n in ("1", "2")]
    assert files[0] == files[1]
    assert all((tmp_path / "1" / f).read_bytes() == (tmp_path / "2" / f).read_bytes() for f in files[0])


def test_newer_absent_and_pickled_are_refused(adata, tmp_path):
    with pytest.raises(StoreError, match="cannot be read"):
        read_cohort_folder(tmp_path)
    write_cohort_folder(adata, tmp_path)
    np.save(tmp_path / "matrix.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(StoreError, match="cannot be read"):
        read_cohort_folder(tmp_path)
    (tmp_path / "cohort.json").write_text(json.dumps({"format": "cohort", "version": 99, "uns": {}}))
    with pytest.raises(FormatVersionError, match="format 99"):
        read_cohort_folder(tmp_path)
