"""Commands keep what they find in the atlas, say what they left out, and end with a message on bad input."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from typer.testing import CliRunner

from tmescope.cli.atlas_passes import passes_app
from tmescope.facts.signatures import load_signature
from tmescope.foundation.errors import InputError, StoreError
from tmescope.store.atlas_writing import AtlasWriter, create_atlas


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    found = tmp_path_factory.mktemp("passes") / "a.zarr"
    genes = pd.Index([*load_signature("cyt").genes, "MT-CO1", *(f"GENE{i}" for i in range(300))])
    create_atlas(found, pd.DataFrame(index=genes), shard=1 << 14)
    writer, rng = AtlasWriter(found), np.random.default_rng(8)
    for sample, n in (("a", 90), ("b", 80), ("few", 3)):
        counts = sparse.csr_matrix(rng.poisson(rng.gamma(0.3, 2.0, size=(n, genes.size))).astype(np.int32))
        obs = pd.DataFrame(
            {"cell_type": ["T", "B", "T"] * (n // 3) + ["T"] * (n % 3)}, index=[f"c{i}" for i in range(n)]
        )
        writer.add_sample(sample, [(counts, obs)])
    writer.commit()
    return found


def run(*arguments):
    result = CliRunner().invoke(passes_app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_each_command_keeps_its_result_and_says_what_it_found(path):
    said = run("qc", path, "--threads", 2)
    assert "173 cells" in said
    assert "1 mitochondrial genes" in said
    said = run("pseudobulk", path, "--label", "cell_type")
    assert "6 groups of 173 cells; 2 have fewer than 10 cells and are not kept" in said
    assert "few:B" in said
    said = run("variable-genes", path, "--genes", 60, "--batch", "sample_id")
    assert "60 variable genes" in said
    assert "1 batches have fewer than 50 cells and had no say: few" in said
    said = run("pca", path, "--components", 4, "--memory", "1G")
    assert "4 components" in said
    said = run("score", path, "--signatures", "cyt,tis18", "--controls", 5)
    assert "1 of 1 signatures scored" in said
    assert "left out, as their weights have both signs: tis18" in said
    found = anndata.read_zarr(path)
    assert {"pct_counts_mt", "score_cyt"} <= set(found.obs)
    assert found.obsm["X_pca"].shape == (173, 4)


def test_named_genes_that_the_atlas_lacks_leave_the_per_cent_missing(path):
    said = run("qc", path, "--mitochondrial", "MT-XX")
    assert "0 mitochondrial genes: the per cent of their counts is missing" in said
    assert anndata.read_zarr(path).obs["pct_counts_mt"].isna().all()


def test_bad_input_ends_with_a_message(path):
    run("variable-genes", path, "--genes", 20, "--flavour", "seurat")
    with pytest.raises(InputError, match="'lots' is no size"):
        CliRunner().invoke(passes_app, ["pca", str(path), "--memory", "lots"], catch_exceptions=False)
    with pytest.raises(InputError, match="at least"):
        CliRunner().invoke(passes_app, ["pca", str(path), "--memory", "1K"], catch_exceptions=False)
    with pytest.raises((StoreError, FileNotFoundError)):
        CliRunner().invoke(passes_app, ["qc", str(path.parent / "none.zarr")], catch_exceptions=False)
