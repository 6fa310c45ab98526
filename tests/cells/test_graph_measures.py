"""Results of an atlas say what they were made of, how, and what to beware of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from tests.cells.planted import shifted

from tmescope.cells.graph_measures import measure_clusters, measure_integration, measure_neighbours
from tmescope.cells.input_digests import digest_values
from tmescope.cells.integration import integrate
from tmescope.foundation.errors import StoreError
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_results import AtlasResult, read_result, write_result
from tmescope.store.atlas_writing import AtlasWriter, create_atlas


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "a.zarr"
    create_atlas(found, pd.DataFrame(index=["A", "B"]), shard=1 << 14)
    writer = AtlasWriter(found)
    components, _, batches = shifted(300)
    obs = pd.DataFrame({"lab": batches}, index=[f"c{i}" for i in range(300)])
    writer.add_sample("s", [(sparse.csr_matrix(np.ones((300, 2), dtype=np.int32)), obs)])
    writer.commit()
    write_result(found, AtlasResult(name="pca", obsm={"X_pca": components}))
    return found


def test_what_is_kept_is_what_the_functions_give(path):
    components, _, batches = shifted(300)
    result = measure_integration(open_atlas(path), ["lab"], seed=9)
    direct = integrate(components, {"lab": batches}, rng=np.random.default_rng(9))
    np.testing.assert_array_equal(result.obsm["X_pca_harmony"], direct.components)
    assert len(result.tables["objective"]) == sum(map(len, direct.objective))
    write_result(path, result)
    kept = read_result(open_atlas(path), "harmony")
    assert kept.provenance["seed"] == 9
    assert set(kept.provenance["inputs"]) == {"pca"}
    assert kept.provenance["parameters"]["batches"] == ["lab"]
    write_result(path, measure_neighbours(open_atlas(path)))
    found = measure_clusters(open_atlas(path), resolution=0.5)
    assert set(found.provenance["inputs"]) == {"harmony", "neighbours"}
    assert found.obs is not None
    assert len(found.obs) == 300


def test_an_atlas_without_components_says_which_command_makes_them(path):
    atlas = open_atlas(path)
    with pytest.raises(StoreError, match="no result 'harmony'") as raised:
        measure_neighbours(atlas, of="harmony")
    assert "tmescope atlas integrate" in str(raised.value)


def test_clusters_say_of_which_neighbours_they_are(path):
    found = []
    for metric in ("euclidean", "cosine"):
        write_result(path, measure_neighbours(open_atlas(path), of="pca", metric=metric))
        found.append(measure_clusters(open_atlas(path)).provenance["inputs"])
    assert found[0]["pca"] == found[1]["pca"]
    assert found[0]["neighbours"] != found[1]["neighbours"]


def test_what_was_made_of_other_results_than_there_are_now_is_refused(path):
    write_result(path, measure_neighbours(open_atlas(path), of="pca"))
    components = read_result(open_atlas(path), "pca").obsm["X_pca"]
    write_result(path, AtlasResult(name="pca", obsm={"X_pca": components[:, ::-1].copy()}))
    with pytest.raises(StoreError, match="'neighbours' was made of other components"):
        measure_clusters(open_atlas(path))
    marked = pd.Series([True, False])
    write_result(path, AtlasResult(name="variable_genes", var=pd.DataFrame({"highly_variable": marked})))
    said = {"inputs": {"variable_genes": digest_values(marked)}}
    write_result(path, AtlasResult(name="pca", obsm={"X_pca": components}, provenance=said))
    measure_neighbours(open_atlas(path), of="pca")
    write_result(path, AtlasResult(name="variable_genes", var=pd.DataFrame({"highly_variable": ~marked})))
    with pytest.raises(StoreError, match=r"other variable genes(.|\n)*tmescope atlas pca"):
        measure_neighbours(open_atlas(path), of="pca")
