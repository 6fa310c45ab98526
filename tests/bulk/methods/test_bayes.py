"""The Bayesian method on pseudo-bulks of cells and donors that its reference has not seen."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy.optimize import nnls
from tests.bulk.references_made import donors, made

from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve
from tmescope.bulk.methods.bayes import SAMPLE, fit_bayes, type_reads
from tmescope.bulk.mixtures import Mixture
from tmescope.bulk.reference_accuracy import HeldOut, hold_out
from tmescope.bulk.reference_building import BuildOptions, read_labels
from tmescope.bulk.references import SignatureReference, cell_fractions
from tmescope.foundation.errors import MethodError
from tmescope.foundation.method import resolve_parameters

OPTIONS = BuildOptions(donors="donor", malignant="type 1", n_mixtures=20)


@cache
def held() -> HeldOut:
    cells = donors()
    return hold_out(cells, read_labels(cells, OPTIONS), OPTIONS, rng=np.random.default_rng(0))


def fractions(mixtures: AnnData, reference: SignatureReference, method: str = "bayes", **parameters: Any) -> np.ndarray:
    options = DeconvolveOptions(parameters=parameters)
    table = deconvolve(mixtures, method=method, reference=reference, options=options).table
    wide = table.pivot(index="sample_id", columns="feature", values="value")
    return wide.loc[list(mixtures.obs_names), list(reference.cell_types)].to_numpy()


def rmse(estimate: np.ndarray, truth: np.ndarray) -> float:
    return float(np.sqrt(np.mean((estimate - truth) ** 2)))


def by_nnls(mixtures: AnnData, reference: SignatureReference) -> np.ndarray:
    counts = np.asarray(mixtures.X)
    place = [mixtures.var_names.get_loc(g) for g in reference.genes]
    cpm = 1e6 * counts[:, place] / counts.sum(axis=1, keepdims=True)
    return cell_fractions(np.array([nnls(reference.profiles, s)[0] for s in cpm]), reference.size_factors)


@pytest.mark.parametrize("method", ["bayes", "bayes_cohort"])
@pytest.mark.parametrize("step", [True, False])
def test_held_out_donors_are_estimated_better_than_by_least_squares(method: str, step: bool) -> None:
    one = held()
    truth = np.asarray(one.mixtures.obsm["fractions"])
    found = fractions(one.mixtures, one.reference, method, malignant_step=step)
    assert rmse(found, truth) < 0.85 * rmse(by_nnls(one.mixtures, one.reference), truth)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


def test_held_out_real_cells_are_estimated_better_than_by_least_squares(shared_data: Any) -> None:
    import anndata as ad

    path = shared_data / "cells" / "wu2021_tnbc_CID4465" / "cells.h5ad"
    if not path.is_file():
        pytest.skip("the cells are not here")
    cells = ad.read_h5ad(path)
    options = BuildOptions(labels="celltype_major", n_mixtures=40)
    labelled = read_labels(cells, options)
    for seed in range(3):
        one = hold_out(cells, labelled, options, rng=np.random.default_rng(seed))
        truth = np.asarray(one.mixtures.obsm["fractions"])
        found = fractions(one.mixtures, one.reference)
        assert rmse(found, truth) < rmse(by_nnls(one.mixtures, one.reference), truth)


def test_a_sample_does_not_depend_on_others() -> None:
    one = held()
    together = fractions(one.mixtures, one.reference)
    np.testing.assert_allclose(fractions(one.mixtures[3:5].copy(), one.reference), together[3:5], atol=1e-12)


def test_the_order_of_genes_and_the_depth_do_not_matter() -> None:
    one = held()
    together = fractions(one.mixtures, one.reference)
    turned = one.mixtures[:, ::-1].copy()
    np.testing.assert_allclose(fractions(turned, one.reference), together, atol=1e-9)
    deeper = one.mixtures.copy()
    deeper.X = np.asarray(deeper.X) * 50.0
    np.testing.assert_allclose(fractions(deeper, one.reference), together, atol=1e-4)


def test_genes_that_were_not_measured_do_not_tilt_the_shares() -> None:
    # without every marker of one type its share of the measured reads is smaller; its share of cells is not
    reference = made(300, variances=None)
    truth = np.array([[0.5, 0.3, 0.2]])
    rna = truth * reference.size_factors
    totals = reference.profiles / reference.profiles.sum(axis=0)
    bulk = AnnData(1e6 * (rna / rna.sum()) @ totals.T, var=pd.DataFrame(index=list(reference.genes)))
    bulk.uns["tmescope"] = {"scale": "tpm", "cohort_id": "c"}
    kept = bulk[:, [i for i in range(300) if i % 3 or i > 200]].copy()
    for one in (bulk, kept):
        np.testing.assert_allclose(fractions(one, reference), truth, atol=1e-3)
    np.testing.assert_allclose(fractions(bulk, reference, cell_shares=False), rna / rna.sum(), atol=1e-3)


def test_expression_of_types_adds_up_and_the_malignant_profile_is_the_samples_own() -> None:
    one = held()
    values = np.asarray(one.mixtures.X)
    mixture = Mixture(values, tuple(one.mixtures.var_names))
    fit = fit_bayes(mixture, one.reference, resolve_parameters(SAMPLE.spec, {}))
    used = values[:, fit.columns]
    parts = {t: type_reads(used, fit, t) for t in one.reference.cell_types}
    np.testing.assert_allclose(sum(parts.values()), used, rtol=1e-9, atol=1e-9)
    assert all((p >= 0).all() for p in parts.values())
    assert fit.own is not None
    assert fit.part_types[-1] == "type 1"
    np.testing.assert_allclose(fit.own.sum(axis=1), 1.0)


def test_the_malignant_profile_follows_a_gene_that_the_reference_does_not_know() -> None:
    # the tumour of one sample expresses a gene ten times more than the reference says
    reference = made(300, malignant="Tumour", variances=None)
    profiles = reference.profiles / reference.profiles.sum(axis=0)
    changed = profiles.copy()
    changed[2, 2] *= 10
    shares = np.array([0.2, 0.2, 0.6])
    values = np.vstack([1e6 * profiles @ shares, 1e6 * changed @ shares])
    cautious = fit_bayes(Mixture(values, reference.genes), reference, resolve_parameters(SAMPLE.spec, {}))
    assert cautious.own is not None
    assert cautious.own[1, 2] > 2 * cautious.own[0, 2]
    light = resolve_parameters(SAMPLE.spec, {"profile_weight": 0.01})
    fit = fit_bayes(Mixture(values, reference.genes), reference, light)
    assert fit.own is not None
    assert fit.own[1, 2] > 5 * fit.own[0, 2]
    tumour = type_reads(values, fit, "Tumour")
    assert tumour[1, 2] == pytest.approx(1e6 * changed[2, 2] * 0.6, rel=0.05)


def test_a_pooled_profile_moves_towards_the_cohort() -> None:
    reference = made(300, variances=None)
    profiles = reference.profiles / reference.profiles.sum(axis=0)
    changed = profiles.copy()
    changed[3, 0] *= 4
    shares = np.random.default_rng(0).dirichlet(np.ones(3), 40)
    values = 1e6 * shares @ changed.T
    parameters = resolve_parameters(SAMPLE.spec, {})
    alone = fit_bayes(Mixture(values, reference.genes), reference, parameters)
    pooled = fit_bayes(Mixture(values, reference.genes), reference, parameters, pooled=True)
    assert pooled.profiles[0, 3] > 2 * alone.profiles[0, 3]


def test_other_identifiers_and_too_few_genes_are_refused() -> None:
    one = held()
    renamed = one.mixtures.copy()
    renamed.var_names = [f"ENSG{i:011d}" for i in range(renamed.n_vars)]
    with pytest.raises(MethodError, match="600 of the 600 genes that bayes needs were not measured"):
        deconvolve(renamed, method="bayes", reference=one.reference)
    mixture = Mixture(np.ones((1, 10)), one.reference.genes[:10])
    with pytest.raises(MethodError, match="10 of the 600 genes of the reference are in the mixture"):
        fit_bayes(mixture, one.reference, resolve_parameters(SAMPLE.spec, {}))
    with pytest.raises(MethodError, match="bayes was given a dict"):
        deconvolve(one.mixtures, method="bayes", reference={"a": 1})


def test_a_collinear_reference_is_warned_about() -> None:
    profiles = made(60).profiles.copy()
    profiles[:, 1] = profiles[:, 0] * np.random.default_rng(1).lognormal(0.0, 0.02, 60)
    reference = made(60, profiles=profiles)
    bulk = AnnData(np.array([profiles.sum(axis=1)]), var=pd.DataFrame(index=list(reference.genes)))
    result = deconvolve(bulk, method="bayes", reference=reference, scale="tpm")
    assert [w.code for w in result.warnings] == ["reference.collinear"]


def test_fits_that_did_not_end_are_warned_about(monkeypatch: pytest.MonkeyPatch) -> None:
    from tmescope.bulk.methods import bayes

    monkeypatch.setattr(bayes, "MixtureModel", bayes_model)
    one = held()
    result = deconvolve(one.mixtures[:2].copy(), method="bayes", reference=one.reference)
    assert "bayes.not_converged" in [w.code for w in result.warnings]


def bayes_model(profiles: np.ndarray, alpha: float) -> Any:
    from tmescope.bulk.methods.bayes_mixture import MixtureModel

    return MixtureModel(profiles, alpha=alpha, max_steps=1)
