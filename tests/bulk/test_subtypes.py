"""Tumours with planted immune cells and stroma are placed in their quadrant, and none moves another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy.stats import rankdata

from tmescope.bulk.subtype_files import read_subtypes, write_subtypes
from tmescope.bulk.subtype_models import SUBTYPES, SubtypeModel, SubtypeOptions, subtype_hash
from tmescope.bulk.subtypes import apply_subtypes, fit_subtypes
from tmescope.facts.signatures import load_signature
from tmescope.foundation.errors import ExpressionError, IdentifierError, MethodError, ScaleError

AXES = [load_signature(name).genes for name in ("estimate_immune", "estimate_stromal")]
IMMUNE, STROMAL = ([getattr(g, "gene_symbol", g) for g in genes] for genes in AXES)
GENES = [*IMMUNE, *STROMAL, *(f"OTHER{i}" for i in range(400))]
PROFILE = np.random.default_rng(9).gamma(0.7, 30.0, size=len(GENES))


def cohort(n: int = 40, *, seed: int = 0, scale: str = "tpm") -> tuple[AnnData, np.ndarray]:
    """Return tumours of which every fourth is of each subtype, and which."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % 4
    values = PROFILE * rng.gamma(6.0, 1 / 6, size=(n, len(GENES)))
    values[:, : len(IMMUNE)] *= np.where(truth >= 2, 4.0, 0.5)[:, None]
    values[:, len(IMMUNE) : len(IMMUNE) + len(STROMAL)] *= np.where(truth % 2 == 1, 4.0, 0.5)[:, None]
    obs = pd.DataFrame(index=[f"s{seed}_{i}" for i in range(n)])
    uns = {"tmescope": {"scale": scale, "cohort_id": f"c{seed}"}}
    x = np.log2(values + 1) if scale.startswith("log2") else values
    return AnnData(X=x, obs=obs, var=pd.DataFrame(index=GENES), uns=uns), truth


@pytest.fixture(scope="module")
def model() -> SubtypeModel:
    return fit_subtypes(cohort()[0])


def test_planted_subtypes_are_found_in_new_tumours(model: SubtypeModel) -> None:
    new, truth = cohort(20, seed=1)
    result = apply_subtypes(model, new)
    assert list(result.table["subtype"]) == [SUBTYPES[t] for t in truth]
    assert result.table["probability"].min() > 0.95
    shares = result.table[[f"p_{s}" for s in SUBTYPES]]
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert list(result.table["sample_id"]) == list(new.obs_names)
    assert result.warnings == ()
    assert result.provenance.inputs["model"] == subtype_hash(model)
    assert set(result.provenance.facts) == {"estimate_immune", "estimate_stromal"}


def test_an_axis_is_the_mean_rank_and_its_cut_the_mean_of_the_cohort(model: SubtypeModel) -> None:
    fitted, _ = cohort()
    ranks = np.array([rankdata(sample) for sample in np.asarray(fitted.X)]) / len(GENES)
    table = apply_subtypes(model, fitted).table
    for name, genes, column in (("immune", IMMUNE, 0), ("stromal", STROMAL, 1)):
        axis = ranks[:, [GENES.index(g) for g in genes]].mean(axis=1)
        np.testing.assert_allclose(table[name], axis, rtol=1e-12)
        assert model.state["cuts"][0, column] == pytest.approx(axis.mean(), rel=1e-12)
        high = np.array([s in (SUBTYPES[2:] if name == "immune" else SUBTYPES[1::2]) for s in table["subtype"]])
        np.testing.assert_array_equal(high, axis > axis.mean())
    median = fit_subtypes(fitted, options=SubtypeOptions(cut="median"))
    assert median.state["cuts"][0, 0] == pytest.approx(np.median(table["immune"]), rel=1e-12)


def test_a_tumour_near_a_cut_has_no_certain_subtype(model: SubtypeModel) -> None:
    sure, _ = cohort(4, seed=3)
    between = sure[:1].copy()
    half = np.sqrt(4.0 * 0.5) / 0.5  # between low and high
    rng = np.random.default_rng(4)
    chosen = rng.random(len(IMMUNE)) < 0.5
    between.X[0, : len(IMMUNE)] *= np.where(chosen, 8.0, 1.0) * half / np.sqrt(8.0)
    table = apply_subtypes(model, between).table
    assert table["probability"].iloc[0] < 1.0
    assert apply_subtypes(model, sure).table["probability"].min() > table["probability"].iloc[0]


def test_no_patient_moves_another_and_no_form_of_the_scale_moves_any(model: SubtypeModel) -> None:
    new, _ = cohort(8, seed=2)
    whole = apply_subtypes(model, new).table
    for i in range(new.n_obs):
        pd.testing.assert_frame_equal(
            apply_subtypes(model, new[[i]].copy()).table, whole.iloc[[i]].reset_index(drop=True)
        )
    logged, _ = cohort(8, seed=2, scale="log2(tpm+1)")
    logged = logged[:, ::-1].copy()
    np.testing.assert_array_equal(apply_subtypes(model, logged).table["subtype"], whole["subtype"])


def test_a_wrongly_declared_scale_is_caught(model: SubtypeModel) -> None:
    logged, _ = cohort(5, seed=2)
    logged.X = np.log2(np.asarray(logged.X) + 0.001)
    with pytest.raises(ExpressionError, match="values are negative"):
        apply_subtypes(model, logged, scale="tpm")
    with pytest.raises(ScaleError, match="below the floor"):
        apply_subtypes(model, logged, scale="log2(tpm+1)")
    with pytest.raises(ScaleError, match=r"takes tpm, the matrix is log2\(fpkm\+0\.001\)"):
        apply_subtypes(model, logged, scale="log2(fpkm+0.001)")
    linear, _ = cohort(5, seed=2)
    linear.X *= 100
    with pytest.raises(ExpressionError, match="too large to be logarithms"), np.errstate(over="ignore"):
        apply_subtypes(model, linear, scale="log2(tpm+1)")


def test_a_sample_of_another_platform_has_no_subtype(model: SubtypeModel) -> None:
    new, _ = cohort(4, seed=5)
    new.X[1] = new.X[1][np.random.default_rng(6).permutation(len(GENES))]
    new.X[2, :100] = np.nan
    result = apply_subtypes(model, new)
    assert result.table["subtype"].isna().tolist() == [False, True, True, False]
    assert {w.code: w.examples for w in result.warnings} == {
        "subtype.unlike_cohort": ("s5_1",),
        "coverage.missing": ("s5_2",),
    }
    assert result.table[["probability", "p_sparse"]].isna().all(axis=1).tolist() == [False, True, True, False]


def test_what_cannot_be_fitted_or_applied_is_said(model: SubtypeModel) -> None:
    adata, _ = cohort(12)
    with pytest.raises(MethodError, match="9 samples is no measure"):
        fit_subtypes(adata[:9].copy())
    with pytest.raises(MethodError, match="41 of the 141 genes of the immune axis"):
        fit_subtypes(adata[:, 100:].copy())
    with pytest.raises(IdentifierError, match="200 of the 682 genes of the model"):
        apply_subtypes(model, adata[:, 200:].copy())
    few = apply_subtypes(model, adata[:, 20:].copy())
    assert [w.code for w in few.warnings] == ["model.genes_missing"]


def test_a_model_comes_back_from_its_file(model: SubtypeModel, tmp_path: Path) -> None:
    write_subtypes(model, tmp_path / "model")
    back = read_subtypes(tmp_path / "model")
    assert subtype_hash(back) == subtype_hash(model)
    new, _ = cohort(6, seed=1)
    pd.testing.assert_frame_equal(apply_subtypes(back, new).table, apply_subtypes(model, new).table)


def test_the_same_seed_gives_the_same_model(model: SubtypeModel) -> None:
    again: dict[int, Any] = {seed: fit_subtypes(cohort()[0], options=SubtypeOptions(seed=seed)) for seed in (0, 1)}
    assert subtype_hash(again[0]) == subtype_hash(model) != subtype_hash(again[1])
