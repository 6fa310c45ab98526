"""Planted kinds of tumour are found again in new ones; where there are none nobody gets one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score
from tests.bulk.clustered import GENES, OPTIONS, SIGNATURES, cohort

from tmescope.bulk.cluster_models import ClusterModel, ClusterOptions, cluster_hash
from tmescope.bulk.cluster_subtypes import apply_clusters, find_sets, fit_clusters
from tmescope.foundation.errors import ExpressionError, IdentifierError, MethodError, ScaleError


@pytest.fixture(scope="module")
def model() -> ClusterModel:
    return fit_clusters(cohort()[0], options=OPTIONS)


def test_planted_kinds_are_found_in_new_tumours(model: ClusterModel) -> None:
    assert model.k == 3
    new, truth = cohort(30, seed=1)
    result = apply_clusters(model, new)
    assert adjusted_rand_score(truth, result.table["subtype"]) >= 0.9
    assert set(result.table["subtype"]) == {"cluster-1", "cluster-2", "cluster-3"}
    np.testing.assert_allclose(result.table[[f"p_cluster-{i}" for i in (1, 2, 3)]].sum(axis=1), 1.0)
    assert result.warnings == ()
    assert result.provenance.inputs["model"] == cluster_hash(model)
    assert model.stability["p_value"] <= OPTIONS.alpha


def test_a_cohort_without_kinds_gives_nobody_one() -> None:
    adata, _ = cohort(planted=False)
    model = fit_clusters(adata, options=OPTIONS)
    assert model.k == 1
    result = apply_clusters(model, adata)
    assert result.table["subtype"].isna().all()
    assert set(result.table["verdict"]) == {"no groups"}
    assert [w.code for w in result.warnings] == ["subtype.no_groups"]


def test_no_patient_moves_another(model: ClusterModel) -> None:
    new, _ = cohort(6, seed=2)
    whole = apply_clusters(model, new).table
    for i in range(new.n_obs):
        alone = apply_clusters(model, new[[i]].copy()).table
        pd.testing.assert_frame_equal(alone, whole.iloc[[i]].reset_index(drop=True))


def test_strange_or_uncovered_samples_have_no_group(model: ClusterModel) -> None:
    new, _ = cohort(4, seed=5)
    new.X[1] = new.X[1][np.random.default_rng(6).permutation(len(GENES))]
    new.X[2, [GENES.index(g) for g in model.sets["ifng6"][:4]]] = np.nan
    result = apply_clusters(model, new)
    assert result.table["verdict"].tolist() == ["placed", "unlike the cohort", "too few genes", "placed"]
    assert result.table["subtype"].isna().tolist() == [False, True, True, False]
    assert {w.code for w in result.warnings} == {"subtype.unlike_cohort", "coverage.missing"}


def test_what_cannot_be_is_said(model: ClusterModel) -> None:
    adata, _ = cohort(40)
    with pytest.raises(MethodError, match="29 samples are too few to look for groups"):
        fit_clusters(adata[:29].copy(), options=OPTIONS)
    with pytest.raises(MethodError, match="0 of 5 signatures have 50%"):
        find_sets(["OTHER1"], OPTIONS)
    flat = adata.copy()
    flat.X = np.tile(PROFILE_ROW := np.asarray(flat.X)[:1], (flat.n_obs, 1))
    assert PROFILE_ROW.shape == (1, len(GENES))
    with pytest.raises(MethodError, match="0 of 5 signatures vary"):
        fit_clusters(flat, options=OPTIONS)
    with pytest.raises(IdentifierError, match="genes of the model"):
        apply_clusters(model, adata[:, 500:].copy())
    with pytest.raises(ScaleError, match="takes tpm"):
        apply_clusters(model, adata, scale="log2_array")
    logged = adata.copy()
    logged.X = np.log2(np.asarray(logged.X) + 0.001)
    with pytest.raises(ExpressionError, match="negative"):
        apply_clusters(model, logged, scale="tpm")


def test_sets_without_enough_genes_take_no_part() -> None:
    kept = [g for g in GENES if g not in set(find_sets(GENES, OPTIONS)["hallmark_hypoxia"])]
    assert "hallmark_hypoxia" not in find_sets(kept, OPTIONS)
    assert set(find_sets(GENES, OPTIONS)) == set(SIGNATURES)
    assert ClusterOptions().signatures == ()
