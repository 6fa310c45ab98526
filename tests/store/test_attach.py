from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from tmescope.foundation.errors import InputError
from tmescope.foundation.provenance import Provenance
from tmescope.foundation.result import Result
from tmescope.store.attach import attach


def _result(samples, method="mean"):
    rows = [(s, method, f, v) for v, s in enumerate(samples) for f in ("b", "a")]
    return Result(pd.DataFrame(rows, columns=["sample_id", "method", "feature", "value"]), Provenance(method))


def test_scores_go_beside_their_samples_whatever_their_order(tmp_path):
    adata = AnnData(X=np.zeros((3, 1)), obs=pd.DataFrame(index=["x", "y", "z"]))
    same = attach(adata, _result(["z", "x"]))
    assert same is adata
    wide = adata.obsm["mean"]
    assert list(wide.columns) == ["b", "a"]
    assert wide["a"].tolist()[0] == 1
    assert np.isnan(wide["a"].tolist()[1])
    assert json.loads(adata.uns["tmescope_results"]["mean"])["method"] == "mean"
    attach(adata, _result(["x"], "zscore"))
    assert set(adata.uns["tmescope_results"]) == {"mean", "zscore"}
    adata.write_h5ad(tmp_path / "a.h5ad")


def test_strangers_and_other_tables_are_refused():
    adata = AnnData(X=np.zeros((1, 1)), obs=pd.DataFrame(index=["x"]))
    with pytest.raises(InputError, match="'q'"):
        attach(adata, _result(["q"]))
    with pytest.raises(InputError, match="'feature'"):
        attach(adata, Result(pd.DataFrame({"sample_id": []}), Provenance("m")))
    assert list(adata.obsm) == []
