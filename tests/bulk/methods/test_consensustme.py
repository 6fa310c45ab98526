"""ConsensusTME on a made reference: each cancer has its sets, which are scored as the scoring methods do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy.stats import spearmanr

from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve
from tmescope.bulk.frozen_deconvolution import apply_deconvolution, fit_deconvolution
from tmescope.bulk.gene_sets import index_sets
from tmescope.bulk.methods import consensustme
from tmescope.bulk.methods.gsva import GAUSSIAN
from tmescope.bulk.methods.ssgsea import NORMALISED
from tmescope.facts.installed import install
from tmescope.facts.registry import find_reference
from tmescope.foundation.errors import MethodError, UnknownNameError
from tmescope.foundation.result import Result

GENES = [f"G{i}" for i in range(300)]
CELLS = [f"cell {i:02d}" for i in range(10)]
CANCERS = ["Unfiltered", *(f"C{i}" for i in range(1, 12))]


def sets_of(cancer: int) -> dict[str, list[str]]:
    """Ten genes for each cell type, other ones in each cancer; a sum of immune cells except without a cancer."""
    sets = {cell: [f"G{20 * i + (k + cancer) % 20}" for k in range(10)] for i, cell in enumerate(CELLS)}
    if cancer == 0:
        return sets
    immune = [g for cell in CELLS[:6] for g in sets[cell]]
    return {**sets, "cell 09": [], "Immune_Score": immune} if cancer == 2 else {**sets, "Immune_Score": immune}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("consensustme")
    rows = ["cancer\tset\tgene_symbol"]
    for i, cancer in enumerate(CANCERS):
        for name, genes in sets_of(i).items():
            rows += [f"{cancer}\t{name}\t{gene}" for gene in genes or [""]]
    (folder / "consensus_gene_sets.tsv").write_text("\n".join(rows) + "\n")
    install("consensustme", folder, home=folder / "facts", accepted=frozenset({"consensustme"}))
    return folder / "facts"


def cohort(n: int = 20, *, seed: int = 0) -> tuple[AnnData, np.ndarray]:
    rng = np.random.default_rng(seed)
    amounts = rng.gamma(1.0, 1.0, size=(n, len(CELLS)))
    values = rng.gamma(1.0, 20.0, size=len(GENES)) * rng.gamma(4.0, 0.25, size=(n, len(GENES)))
    for i in range(len(CELLS)):
        values[:, 20 * i : 20 * i + 20] += 30 * amounts[:, [i]]
    obs = pd.DataFrame(index=[f"s{seed}_{i}" for i in range(n)])
    uns = {"tmescope": {"scale": "tpm", "cohort_id": f"c{seed}"}}
    return AnnData(X=values, obs=obs, var=pd.DataFrame(index=GENES), uns=uns), amounts


def options(home: Path, **parameters: object) -> DeconvolveOptions:
    return DeconvolveOptions(facts_home=home, parameters=parameters)


def wide(result: Result) -> pd.DataFrame:
    table = result.table
    found = table.pivot(index="sample_id", columns="feature", values="value").loc[table["sample_id"].unique()]
    return found[list(dict.fromkeys(table["feature"]))]


@pytest.mark.parametrize(
    ("name", "scoring", "parameters"),
    [
        ("consensustme", NORMALISED, {"alpha": 0.25, "threads": 1}),
        ("consensustme_gsva", GAUSSIAN, {"tau": 1.0, "max_difference": True, "threads": 1}),
    ],
)
def test_the_sets_of_the_cancer_are_scored_on_the_linear_scale(home, name, scoring, parameters) -> None:
    adata, _ = cohort()
    for i, cancer in ((0, "Unfiltered"), (1, "C1"), (5, "C5")):
        sets = sets_of(i)
        if i == 0:
            sets["Immune_Score"] = [g for genes in sets.values() for g in genes]
        expected = scoring.run(np.asarray(adata.X), index_sets(sets, GENES), parameters)
        found = wide(deconvolve(adata, method=name, options=options(home, cancer=cancer)))
        assert list(found) == [*CELLS, "Immune_Score"]
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    first, second = (wide(deconvolve(adata, method=name, options=options(home, cancer=c))) for c in ("C1", "C5"))
    assert np.abs(first - second).to_numpy().max() > 1e-3


def test_planted_cell_types_are_found_again_in_rank(home: Path) -> None:
    adata, amounts = cohort(40)
    for method in ("consensustme", "consensustme_gsva"):
        found = wide(deconvolve(adata, method=method, options=options(home, cancer="C3")))
        assert min(spearmanr(found[cell], amounts[:, i]).statistic for i, cell in enumerate(CELLS)) > 0.6


def test_a_set_without_genes_has_no_score(home: Path) -> None:
    adata, _ = cohort()
    found = wide(deconvolve(adata, method="consensustme", options=options(home, cancer="C2")))
    assert list(found.columns[found.isna().any()]) == ["cell 09"]


def test_the_cancer_must_be_named_and_known(home: Path) -> None:
    adata, _ = cohort()
    with pytest.raises(MethodError, match="none is named") as missing:
        deconvolve(adata, method="consensustme", options=options(home))
    assert "Unfiltered, C1, C2" in str(missing.value)
    with pytest.raises(UnknownNameError, match="'unfiltered'") as unknown:
        deconvolve(adata, method="consensustme", options=options(home, cancer="unfiltered"))
    assert "did you mean 'Unfiltered'" in str(unknown.value)
    with pytest.raises(MethodError, match="at least 2 samples"):
        deconvolve(adata[:1].copy(), method="consensustme", options=options(home, cancer="C1"))


@pytest.mark.parametrize("method", ["consensustme", "consensustme_gsva"])
def test_a_frozen_cohort_scores_itself_and_new_patients_one_by_one(home: Path, method: str) -> None:
    fitted, _ = cohort()
    new, _ = cohort(6, seed=1)
    asked = options(home, cancer="C4")
    model = fit_deconvolution(fitted, method=method, options=asked)
    own = wide(apply_deconvolution(model, fitted, options=options(home)))
    np.testing.assert_allclose(own, wide(deconvolve(fitted, method=method, options=asked)), rtol=1e-9, atol=1e-12)
    together = wide(apply_deconvolution(model, new, options=options(home)))
    for i in range(new.n_obs):
        alone = wide(apply_deconvolution(model, new[[i]].copy(), options=options(home)))
        np.testing.assert_array_equal(alone, together.iloc[[i]])


def test_it_says_what_the_registry_says_of_its_licence() -> None:
    registered = find_reference("consensustme")
    for method in (consensustme.SSGSEA, consensustme.GSVA):
        assert method.spec.installed == registered.name
        assert method.spec.licence == registered.licence
        assert method.spec.commercial_use == (registered.company_use == "yes")
        assert method.spec.reference == registered.doi
