"""xCell on a made reference: equal to the pipeline written plainly, and planted cell types are found again."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData, concat
from scipy.stats import rankdata, spearmanr
from tests.bulk.methods import small_xcell as small

from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve
from tmescope.bulk.frozen_deconvolution import apply_deconvolution, fit_deconvolution
from tmescope.bulk.methods import xcell
from tmescope.facts.registry import find_reference
from tmescope.foundation.errors import FactsError, MethodError
from tmescope.foundation.result import Result


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.installed(tmp_path_factory.mktemp("xcell"))


def run(adata: AnnData, home: Path, method: str = "xcell", **parameters: object) -> Result:
    return deconvolve(adata, method=method, options=DeconvolveOptions(0.0, facts_home=home, parameters=parameters))


def wide(result: Result) -> pd.DataFrame:
    table = result.table
    return table.pivot(index="sample_id", columns="feature", values="value").loc[table["sample_id"].unique()]


def walk(sample: np.ndarray, genes: list[str], members: tuple[str, ...]) -> float:
    """Add up the difference of the two running sums, gene by gene."""
    ranks = np.floor(rankdata(sample))
    inside = np.isin(genes, members)
    order = np.argsort(-sample, kind="stable")
    weights = np.where(inside, ranks**0.25, 0.0)[order]
    hits = np.cumsum(weights) / weights.sum()
    misses = np.cumsum(~inside[order]) / np.sum(~inside)
    return float(np.sum(hits - misses))


@cache
def plain_raw(n: int) -> pd.DataFrame:
    """Return raw scores of a made cohort, which no monotone form of its scale changes."""
    adata, _ = small.cohort(n)
    values, names = np.asarray(adata.X), list(adata.var_names)
    columns = [i for i, g in enumerate(names) if g in set(small.GENES)]
    genes = [names[i] for i in columns]
    scores = {n: [walk(sample[columns], genes, members) for sample in values] for n, members in small.sets().items()}
    frame = pd.DataFrame(scores)
    shifted = frame - frame.min()
    return pd.DataFrame({t: shifted[[n for n in frame if n.split("%")[0] == t]].mean(axis=1) for t in small.TYPES})


def plain_linear(raw: pd.DataFrame, seed: int) -> pd.DataFrame:
    powers = small.spill_over(seed)[1].loc[list(small.TYPES)]
    return ((raw - raw.min()) / 5000) ** powers["V2"] / (2 * powers["V3"])


@pytest.mark.parametrize(("scale", "seed"), [("tpm", 0), ("log2(tpm+1)", 0), ("array", 1), ("log2_array", 1)])
def test_it_equals_the_pipeline_written_plainly(home: Path, scale: str, seed: int) -> None:
    adata, _ = small.cohort(6, scale=scale)
    raw = plain_raw(adata.n_obs)
    found = wide(run(adata, home, "xcell_raw"))
    np.testing.assert_allclose(found[list(small.TYPES)], raw, atol=1e-8)
    assert found.to_numpy().max() > 50
    linear = plain_linear(raw, seed)
    np.testing.assert_allclose(wide(run(adata, home, alpha=0.0))[list(small.TYPES)], linear, atol=1e-10)
    final = wide(run(adata, home))
    mixing = small.spill_over(seed)[0].to_numpy() * 0.5
    np.fill_diagonal(mixing, 1.0)
    scores = final[list(small.TYPES)].to_numpy()
    slope = (scores @ mixing.T - linear.to_numpy()) @ mixing  # of half the squared distance
    assert scores.min() == 0.0, "some score is at its bound, or nothing is tested"
    assert slope.min() >= -1e-12
    assert np.abs(slope * scores).max() <= 1e-12
    immune = [*small.TYPES[2:6], "Eosinophils", "Macrophages", "Mast cells", "Monocytes", "Neutrophils", "NK cells"]
    np.testing.assert_allclose(final["ImmuneScore"], final[immune].sum(axis=1) / 1.5, rtol=1e-12)
    stroma = final[["Adipocytes", "Endothelial cells", "Fibroblasts"]].sum(axis=1) / 2
    np.testing.assert_allclose(final["StromaScore"], stroma, rtol=1e-12)
    np.testing.assert_allclose(final["MicroenvironmentScore"], final["ImmuneScore"] + stroma, rtol=1e-12)


def test_planted_cell_types_are_found_again_in_rank(home: Path) -> None:
    adata, amounts = small.cohort(40)
    found = wide(run(adata, home))
    agreement = [spearmanr(found[t], amounts[t]).statistic for t in small.TYPES]
    assert min(agreement) > 0.7
    following = (*small.TYPES[1:], small.TYPES[0])  # some of its genes stand in each type's sets
    spilled = wide(run(adata, home, alpha=0.0))
    with_it, without = (
        np.median([spearmanr(scores[t], amounts[n]).statistic for t, n in zip(small.TYPES, following, strict=True)])
        for scores in (spilled, found)
    )
    assert with_it > 0.15
    assert abs(without) < with_it / 2, "the compensation takes it away"


def test_a_new_patient_gets_the_scores_that_she_has_inside_the_cohort(home: Path) -> None:
    fitted, _ = small.cohort(12)
    new, _ = small.cohort(5, seed=1)
    new.X[0] *= np.where(np.arange(new.n_vars) < 400, 0.05, 1.0)  # lower than anyone of the cohort
    options = DeconvolveOptions(0.0, facts_home=home)
    for method in ("xcell", "xcell_raw"):
        model = fit_deconvolution(fitted, method=method, options=options)
        applied = wide(apply_deconvolution(model, new, options=options))
        for i in range(new.n_obs):
            beside = concat([fitted, new[[i]]])
            beside.uns = fitted.uns
            inside = wide(run(beside, home, method)).iloc[[-1]]
            np.testing.assert_allclose(applied.iloc[[i]], inside[applied.columns], rtol=1e-9, atol=1e-12)
        again = wide(apply_deconvolution(model, fitted, options=options))
        np.testing.assert_allclose(again, wide(run(fitted, home, method))[again.columns], rtol=1e-9, atol=1e-12)
    assert (wide(apply_deconvolution(model, new[[0]].copy(), options=options)).to_numpy() == 0).any()


def test_a_type_without_any_gene_is_missing_and_the_others_are_compensated_without_it(home: Path) -> None:
    adata, _ = small.cohort(8)
    kept = [g not in small.OF_TYPE["type 03"] and g not in small.OF_TYPE["type 04"] for g in adata.var_names]
    result = run(adata[:, kept].copy(), home)
    found = wide(result)
    assert found["type 03"].isna().all()
    assert not found.drop(columns="type 03").isna().any().any()
    coverage = result.table.groupby("feature", observed=True)["coverage"].first()
    assert coverage["type 03"] == 0
    assert 0 < coverage["type 02"] < coverage["type 01"] == 1


def test_types_on_few_genes_are_missing_by_default_and_told(home: Path) -> None:
    adata, _ = small.cohort(8)
    kept = [g not in small.OF_TYPE["NK cells"] for g in adata.var_names]
    result = deconvolve(adata[:, kept].copy(), method="xcell", options=DeconvolveOptions(facts_home=home))
    assert wide(result)["NK cells"].isna().all()
    assert [w.examples for w in result.warnings if w.code == "coverage.missing"] == [("NK cells",)]


def test_arrays_need_their_own_matrices(tmp_path: Path) -> None:
    home = small.installed(tmp_path, arrays=False)
    adata, _ = small.cohort(4, scale="log2_array")
    with pytest.raises(FactsError, match="no spill-over matrix for microarrays") as caught:
        run(adata, home)
    assert "spill.array_K.tsv" in str(caught.value)
    assert not wide(run(adata, home, "xcell_raw")).isna().any().any()
    assert not wide(run(small.cohort(4)[0], home)).isna().any().any()


def test_one_sample_is_refused_with_the_way_out(home: Path) -> None:
    adata, _ = small.cohort(3)
    with pytest.raises(MethodError, match="at least 2 samples and got 1") as caught:
        run(adata[:1].copy(), home)
    assert "apply_deconvolution" in str(caught.value)
    adata.X[:2] = 0.0
    with pytest.raises(MethodError, match="at least 2 samples and got 1"):
        run(adata, home)
    with pytest.raises(MethodError, match=r"alpha = 1\.5 is out of range"):
        run(adata, home, alpha=1.5)


def test_it_says_what_the_registry_says_of_its_licence() -> None:
    registered = find_reference("xcell")
    for method in (xcell.FINAL, xcell.RAW):
        assert method.spec.installed == registered.name
        assert method.spec.licence == registered.licence
        assert method.spec.commercial_use == (registered.company_use == "yes")
        assert method.spec.reference == registered.doi


def test_the_order_of_samples_and_genes_does_not_matter_and_nothing_is_changed(home: Path) -> None:
    adata, _ = small.cohort(6)
    before = np.array(adata.X)
    found = wide(run(adata, home))
    np.testing.assert_array_equal(adata.X, before)
    turned = wide(run(adata[::-1, ::-1].copy(), home)).loc[found.index]
    np.testing.assert_allclose(turned, found, rtol=1e-9, atol=1e-12)
