"""What is measured can be kept in an atlas, and read by AnnData and by the next step."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tmescope.cells.atlas_measures import measure_components, measure_scores, measure_variable_genes
from tmescope.cells.quality import measure_quality
from tmescope.facts.signatures import load_signature
from tmescope.foundation.errors import StoreError
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_results import read_result, write_result
from tmescope.store.atlas_writing import AtlasWriter, create_atlas


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Return an atlas of two samples with the genes of two signatures among others."""
    found = tmp_path_factory.mktemp("measures") / "a.zarr"
    named = sorted({*load_signature("cyt").genes, *load_signature("tis18").genes})
    genes = pd.Index([*named, *(f"GENE{i}" for i in range(400))])
    create_atlas(found, pd.DataFrame(index=genes), shard=1 << 14)
    writer, rng = AtlasWriter(found), np.random.default_rng(3)
    for sample in ("a", "b"):
        counts = rng.poisson(rng.gamma(0.3, 2.0, size=(120, genes.size)))
        obs = pd.DataFrame(index=[f"c{i}" for i in range(120)])
        writer.add_sample(sample, [(sparse.csr_matrix(counts.astype(np.int32)), obs)])
    writer.commit()
    return found


def test_each_result_is_kept_and_the_next_finds_it(path):
    with pytest.raises(StoreError, match="no result 'variable_genes'"):
        measure_components(open_atlas(path))
    write_result(path, measure_quality(open_atlas(path)))
    write_result(path, measure_variable_genes(open_atlas(path), n_genes=100, batch="sample_id"))
    write_result(path, measure_components(open_atlas(path), n_components=5))
    write_result(path, measure_scores(open_atlas(path), ["cyt", "tis18"]))
    found = anndata.read_zarr(path)
    assert {"total_counts", "pct_counts_mt", "quality_outlier", "score_cyt"} <= set(found.obs)
    assert found.var["highly_variable"].sum() == 100
    assert found.obsm["X_pca"].shape == (240, 5)
    assert found.obsm["X_pca"].dtype == np.float32
    loadings = found.varm["PCs"]
    np.testing.assert_array_equal(loadings[~found.var["highly_variable"].to_numpy()], 0)
    np.testing.assert_allclose(np.linalg.norm(loadings, axis=0), 1)
    kept = read_result(open_atlas(path), "pca")
    assert list(kept.tables["components"]["component"]) == ["PC1", "PC2", "PC3", "PC4", "PC5"]
    assert kept.provenance["parameters"]["n_genes"] == 100


def test_signatures_whose_weights_have_both_signs_are_left_out_and_named(path):
    found = measure_scores(open_atlas(path), ["cyt", "tis18"])
    assert list(found.obs) == ["score_cyt"]
    assert found.provenance["parameters"]["left_out"] == ["tis18"]
    assert found.provenance["facts"]["cyt"] == load_signature("cyt").sha256


def test_real_cells_of_a_tumour_go_through_every_step(shared_data, tmp_path):
    source = anndata.read_h5ad(shared_data / "cells" / "wu2021_tnbc_CID4465" / "cells.h5ad")
    path = tmp_path / "wu.zarr"
    create_atlas(path, pd.DataFrame(index=source.var_names.astype(str)))
    writer = AtlasWriter(path)
    writer.add_sample("CID4465", [(sparse.csr_matrix(source.X).astype(np.int32), source.obs)])
    writer.commit()
    quality = measure_quality(open_atlas(path)).obs
    np.testing.assert_array_equal(quality["total_counts"], source.obs["nCount_RNA"])
    np.testing.assert_array_equal(quality["n_genes_by_counts"], source.obs["nFeature_RNA"])
    np.testing.assert_allclose(quality["pct_counts_mt"], source.obs["percent.mito"], atol=0.01)
    write_result(path, measure_variable_genes(open_atlas(path), flavour="seurat", n_genes=1000))
    components = measure_components(open_atlas(path), n_components=10)
    assert components.obsm["X_pca"].shape == (1564, 10)
    scores = measure_scores(open_atlas(path), ["cyt"]).obs["score_cyt"]
    types = source.obs["celltype_major"].to_numpy()
    means = scores.groupby(types).mean()
    assert means.idxmax() == "T-cells"  # granzyme and perforin
