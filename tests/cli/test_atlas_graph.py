"""From components to a picture by commands; each says what it found and warns of what it should."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from tests.cells.planted import shifted
from typer.testing import CliRunner

from tmescope.cli.atlas_graph import graph_app
from tmescope.foundation.errors import InputError, StoreError, UnknownNameError
from tmescope.store.atlas_results import AtlasResult, write_result
from tmescope.store.atlas_writing import AtlasWriter, create_atlas


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Return an atlas of three samples that keeps components with shifts, and the response of each sample."""
    found = tmp_path_factory.mktemp("graph") / "a.zarr"
    create_atlas(found, pd.DataFrame(index=[f"G{i}" for i in range(20)]), shard=1 << 14)
    components, types, batches = shifted(600)
    order = np.argsort(batches, kind="stable")
    writer, rng = AtlasWriter(found), np.random.default_rng(0)
    for name in np.unique(batches):
        own = types[order][batches[order] == name]
        counts = sparse.csr_matrix(rng.poisson(1.0, (own.size, 20)).astype(np.int32))
        obs = pd.DataFrame(
            {"kind": [f"type {t}" for t in own], "response": name[-1]}, index=[f"c{i}" for i in range(own.size)]
        )
        writer.add_sample(name.replace(" ", "-"), [(counts, obs)])
    writer.commit()
    write_result(found, AtlasResult(name="pca", obsm={"X_pca": components[order]}))
    return found


def _run(*arguments):
    result = CliRunner().invoke(graph_app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def test_the_steps_follow_each_other(path):
    with pytest.raises(StoreError, match="no result 'neighbours'") as raised:
        _run("cluster", path)
    assert "tmescope atlas neighbours" in str(raised.value)
    before = _run("neighbours", path, "--quiet")
    assert "600 cells of pca, all pairs were looked at" in before.output
    integrated = _run("integrate", path, "--batch", "sample_id", "--keep", "response", "--keep", "kind", "--quiet")
    assert "of the variance lay between batches" in integrated.output
    assert "one and the same" in integrated.output
    assert "kind" not in integrated.output
    assert "600 cells of harmony" in _run("neighbours", path, "--threads", "2", "--quiet").output
    assert "clusters of" in _run("cluster", path, "--resolution", "0.3", "--seed", "4").output
    assert "in 30 epochs" in _run("umap", path, "--epochs", "30").output
    found = anndata.read_zarr(path)
    assert found.obsm["X_umap"].shape == (600, 2)
    assert found.obsm["X_pca_harmony"].shape == (600, 12)
    assert found.obsp["connectivities"].shape == (600, 600)
    table = pd.crosstab(found.obs["leiden"], found.obs["kind"])
    assert table.max(axis=1).sum() > 590
    assert list(found.obs["leiden"].cat.categories)[:2] == ["0", "1"]


def test_results_of_other_components_are_not_mixed(path):
    _run("integrate", path, "--batch", "sample_id", "--quiet")
    _run("neighbours", path, "--quiet")
    components = anndata.read_zarr(path).obsm["X_pca"]
    write_result(path, AtlasResult(name="pca", obsm={"X_pca": components[:, :5]}))
    with pytest.raises(StoreError, match="'harmony' was made of other components"):
        _run("neighbours", path)
    with pytest.raises(StoreError, match="other components"):
        _run("umap", path)
    assert "of pca" in _run("neighbours", path, "--of", "pca").output
    write_result(path, AtlasResult(name="pca", obsm={"X_pca": components}))


def test_what_cannot_be_is_said(path):
    with pytest.raises(UnknownNameError, match="'sample'"):
        _run("integrate", path, "--batch", "sample")
    with pytest.raises(InputError, match="sigma"):
        _run("integrate", path, "--batch", "sample_id", "--sigma", "0")
