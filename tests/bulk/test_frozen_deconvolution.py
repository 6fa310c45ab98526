"""A cohort becomes the measure of new patients, none of whom moves another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from tests.bulk.methods import small_xcell as small

from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve
from tmescope.bulk.frozen_deconvolution import (
    FrozenDeconvolution,
    apply_deconvolution,
    deconvolution_hash,
    fit_deconvolution,
)
from tmescope.facts.installed import install
from tmescope.foundation.errors import ExpressionError, FactsError, IdentifierError, MethodError, ScaleError
from tmescope.foundation.result import Result


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.installed(tmp_path_factory.mktemp("frozen"))


def options(home: Path, **parameters: object) -> DeconvolveOptions:
    return DeconvolveOptions(facts_home=home, parameters=parameters)


@pytest.fixture(scope="module")
def model(home: Path) -> FrozenDeconvolution:
    return fit_deconvolution(small.cohort(10)[0], method="xcell", options=options(home, alpha=0.4))


def wide(result: Result) -> pd.DataFrame:
    table = result.table
    return table.pivot(index="sample_id", columns="feature", values="value").loc[table["sample_id"].unique()]


def test_the_model_says_what_it_stands_on(model: FrozenDeconvolution, home: Path) -> None:
    assert (model.method, model.parameters, model.scale) == ("xcell", {"alpha": 0.4}, "tpm")
    assert (model.cohort, model.n_samples, len(model.genes)) == ("c0", 10, 1500)
    assert len(model.facts) == 6
    assert all(name.startswith("xcell sha256-") for name in model.facts)
    result = apply_deconvolution(model, small.cohort(2, seed=1)[0], options=options(home))
    assert set(result.table["method"]) == {"xcell_frozen"}
    assert result.provenance.facts == dict(model.facts)
    assert result.provenance.inputs["model"] == deconvolution_hash(model)
    assert result.provenance.parameters["alpha"] == 0.4


def test_one_new_patient_does_not_move_when_others_arrive(model: FrozenDeconvolution, home: Path) -> None:
    new, _ = small.cohort(6, seed=2)
    new.X[3] *= 50
    new.X[4] = 0.0
    new.X[5, :250] = np.nan
    alone = apply_deconvolution(model, new[:1].copy(), options=options(home)).table
    beside = apply_deconvolution(model, new, options=options(home)).table.iloc[: len(alone)]
    np.testing.assert_array_equal(alone["value"], beside["value"])
    np.testing.assert_array_equal(alone["coverage"], beside["coverage"])
    moved = wide(deconvolve(new[:4].copy(), method="xcell", options=options(home, alpha=0.4)))
    assert np.abs(moved.iloc[0] - wide(deconvolve(new[:3].copy(), method="xcell", options=options(home))).iloc[0]).max()


def test_genes_may_come_in_any_order_and_in_another_form_of_the_scale(model: FrozenDeconvolution, home: Path) -> None:
    new, _ = small.cohort(3, seed=3)
    other = new[:, ::-1].copy()
    other.X = np.log10(np.asarray(other.X) + 0.01)
    other.uns = {"tmescope": {"scale": "log10(tpm+0.01)", "cohort_id": "c3"}}
    first, second = (wide(apply_deconvolution(model, one, options=options(home))) for one in (new, other))
    np.testing.assert_allclose(first, second, atol=1e-9)


def test_genes_that_are_missing_lower_the_coverage_of_that_sample_alone(model: FrozenDeconvolution, home: Path) -> None:
    new, _ = small.cohort(3, seed=4)
    new.X[1, :20] = np.nan  # all genes of the first type, which stand in the sets of the last
    result = apply_deconvolution(model, new, options=options(home))
    coverage = result.table.pivot(index="sample_id", columns="feature", values="coverage").loc[new.obs_names]
    first, last = small.TYPES[0], small.TYPES[-1]
    assert coverage.iloc[0].tolist() == [1.0] * len(coverage.columns)
    assert coverage[first].iloc[1] < 0.5 < coverage[last].iloc[1] < 1
    found = wide(result)
    assert found[first].isna().tolist() == [False, True, False]
    few = apply_deconvolution(model, new[:, 100:].copy(), options=options(home))
    assert any(w.code == "model.genes_missing" and w.count == 100 for w in few.warnings)
    with pytest.raises(IdentifierError, match="400 of the 1500 genes of the model"):
        apply_deconvolution(model, new[:, 400:].copy(), options=options(home))


def test_empty_samples_and_genes_that_some_miss_take_no_part_in_the_fit(home: Path) -> None:
    adata, _ = small.cohort(8)
    plain = fit_deconvolution(adata[1:, 1:].copy(), method="xcell", options=options(home))
    adata.X[0] = 0.0
    adata.X[3, 0] = np.nan
    with_them = fit_deconvolution(adata, method="xcell", options=options(home))
    assert with_them.genes == plain.genes
    assert with_them.n_samples == 7
    for name, array in plain.state.items():
        np.testing.assert_array_equal(with_them.state[name], array)


def test_old_names_are_looked_up_where_the_model_is_applied_as_where_it_was_fitted(tmp_path: Path) -> None:
    files = small.write(tmp_path / "files")
    for name in ("signatures_489.tsv", "genes_used.txt"):  # AARS is AARS1 today
        (files / name).write_text((files / name).read_text().replace("G0003\n", "AARS\n"))
    install("xcell", files, home=tmp_path / "facts", accepted=frozenset({"xcell"}))

    def named(adata: AnnData, gene: str) -> AnnData:
        adata.var_names = [gene if g == "G0003" else g for g in adata.var_names]
        return adata

    asked = options(tmp_path / "facts")
    model = fit_deconvolution(named(small.cohort(5)[0], "AARS1"), method="xcell", options=asked)
    assert "AARS" in model.genes
    old, new = (
        wide(apply_deconvolution(model, named(small.cohort(2, seed=1)[0], gene), options=asked))
        for gene in ("AARS", "AARS1")
    )
    np.testing.assert_array_equal(old, new)


def test_another_reference_is_refused(model: FrozenDeconvolution, home: Path, tmp_path: Path) -> None:
    new, _ = small.cohort(2, seed=1)
    changed = replace(model, facts={**model.facts, next(iter(model.facts)): "0" * 64})
    with pytest.raises(FactsError, match="was fitted with another reference"):
        apply_deconvolution(changed, new, options=options(home))
    with pytest.raises(FactsError, match=r"xcell sha256-.* is not installed") as caught:
        apply_deconvolution(model, new, options=options(tmp_path))
    assert "tmescope facts add xcell" in str(caught.value)


def test_what_cannot_be_done_is_said(model: FrozenDeconvolution, home: Path) -> None:
    adata, _ = small.cohort(3)
    with pytest.raises(MethodError, match="mcp_counter estimates each sample alone") as caught:
        fit_deconvolution(adata, method="mcp_counter")
    assert "xcell, xcell_raw, consensustme, consensustme_gsva" in str(caught.value)
    with pytest.raises(MethodError, match="at least 2 samples and got 1"):
        fit_deconvolution(adata[:1].copy(), method="xcell", options=options(home))
    with pytest.raises(MethodError, match="the parameters 'alpha' are frozen"):
        apply_deconvolution(model, adata, options=options(home, alpha=0.4))
    with pytest.raises(ScaleError, match="takes tpm, the matrix is log2_array"):
        apply_deconvolution(model, adata, scale="log2_array", options=options(home))
    adata.X[0, 0] = -1.0
    with pytest.raises((ScaleError, ExpressionError), match="1 values"):
        apply_deconvolution(model, adata, options=options(home))


def test_the_hash_knows_every_number(model: FrozenDeconvolution) -> None:
    state = {**model.state, "lowest_of_types": model.state["lowest_of_types"] + 1e-9}
    assert deconvolution_hash(replace(model, state=state)) != deconvolution_hash(model)
    assert deconvolution_hash(replace(model, map_symbols=False)) != deconvolution_hash(model)
    assert deconvolution_hash(replace(model, n_samples=3)) == deconvolution_hash(model)
