"""Results of an atlas whose inputs were made anew are told, and not built on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from tests.store.atlases import small_atlas, write_small
from typer.testing import CliRunner

from tmescope.cells.atlas_measures import measure_markers
from tmescope.cells.pseudobulk import measure_pseudobulk
from tmescope.cli.main import app
from tmescope.foundation.errors import StoreError
from tmescope.store.atlas_layout import read_layout
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_results import AtlasResult, result_names, write_result
from tmescope.store.stale_results import digest_inputs, stale_results


@pytest.fixture
def path(tmp_path):
    """Return an atlas with pca, neighbours of it, clusters of these, and markers of the clusters and of cell types."""
    found = tmp_path / "a.zarr"
    write_small(found, small_atlas(), samples=slice(0, 2))
    for result in (_pca(found), _neighbours(found), _clusters(found), _markers("leiden")):
        write_result(found, result, of=read_layout(found))
    return found


def _pca(path, shift=0.0):
    return AtlasResult(name="pca", obsm={"X_pca": np.full((read_layout(path).n_cells, 2), shift, dtype=np.float32)})


def _neighbours(path, weight=1.0):
    near = weight * sparse.identity(read_layout(path).n_cells, format="csr")
    return AtlasResult(name="neighbours", obsp={"connectivities": near}, provenance={"inputs": {"pca": "x"}})


def _clusters(path, n=3):
    labels = pd.Categorical([str(i % n) for i in range(read_layout(path).n_cells)])
    said = {"inputs": {"pca": "x", "neighbours": "x"}}
    return AtlasResult(name="leiden", obs=pd.DataFrame({"leiden": labels}), provenance=said)


def _markers(label):
    table = pd.DataFrame({"group": ["0"], "gene": ["g"], "auc": [0.9]})
    return AtlasResult(name="markers", tables={"markers": table}, provenance={"inputs": {label: "x"}})


def test_the_same_again_makes_nothing_stale(path):
    assert stale_results(open_atlas(path)) == {}
    write_result(path, _pca(path), of=read_layout(path))
    assert stale_results(open_atlas(path)) == {}


def test_what_was_made_of_something_else_is_stale_and_so_is_what_stands_on_it(path):
    write_result(path, _neighbours(path, 0.5), of=read_layout(path))
    found = stale_results(open_atlas(path))
    assert found == {
        "leiden": "obsp/connectivities has been made anew since",
        "markers": "made of leiden, which is out of date",
    }
    said = CliRunner().invoke(app, ["atlas", "info", str(path)]).output
    assert "leiden is out of date: obsp/connectivities has been made anew since" in said
    write_result(path, _clusters(path, 2), of=read_layout(path))
    assert stale_results(open_atlas(path)) == {"markers": "obs/leiden has been made anew since"}


def test_columns_that_came_with_the_samples_stay_as_they_are(path):
    write_result(path, _markers("cell_type"), of=read_layout(path))
    assert digest_inputs(read_layout(path), ["cell_type"]) == {}
    write_result(path, _neighbours(path, 0.5), of=read_layout(path))
    assert set(stale_results(open_atlas(path))) == {"leiden"}


def test_what_does_not_say_what_it_was_made_of_is_not_called_stale(path):
    write_result(path, _markers("leiden"))
    write_result(path, _clusters(path, 2), of=read_layout(path))
    assert stale_results(open_atlas(path)) == {}


def test_clusters_that_are_stale_are_not_built_on(path):
    write_result(path, _neighbours(path, 0.5), of=read_layout(path))
    for measure in (measure_markers, measure_pseudobulk):
        with pytest.raises(StoreError, match=r"'leiden' .* is out of date(.|\n)*tmescope atlas cluster"):
            measure(open_atlas(path), "leiden")
    assert measure_pseudobulk(open_atlas(path), "cell_type").name == "pseudobulk"


def test_a_result_of_what_was_replaced_meanwhile_is_refused(path):
    before = read_layout(path)
    write_result(path, _neighbours(path, 0.5), of=before)
    with pytest.raises(StoreError, match="'obsp/connectivities' was made anew while the result 'leiden'"):
        write_result(path, _clusters(path, 2), of=before)
    assert "leiden" in result_names(open_atlas(path))
