"""Support vector regression on a signature matrix of one's own, beside the same steps with scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from sklearn.svm import NuSVR
from tests.bulk.references_made import made

from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve
from tmescope.bulk.methods.nu_svr import METHOD, NUS
from tmescope.bulk.mixtures import Mixture
from tmescope.bulk.references import SignatureReference
from tmescope.foundation.errors import MethodError
from tmescope.foundation.method import resolve_parameters


def bulk(reference: SignatureReference, n: int = 5, noise: float = 0.2) -> tuple[AnnData, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = rng.dirichlet(np.ones(3), n)
    values = truth @ reference.profiles.T * rng.lognormal(0.0, noise, (n, len(reference.genes)))
    obs = pd.DataFrame(index=[f"S{i}" for i in range(n)])
    adata = AnnData(values, obs=obs, var=pd.DataFrame(index=list(reference.genes)))
    adata.uns["tmescope"] = {"scale": "tpm", "cohort_id": "c"}
    return adata, truth


def estimate(adata: AnnData, reference: SignatureReference, **parameters: Any) -> np.ndarray:
    options = DeconvolveOptions(parameters=parameters)
    table = deconvolve(adata, method="nu_svr", reference=reference, options=options).table
    return table["value"].to_numpy().reshape(adata.n_obs, -1)


def by_scikit_learn(profiles: np.ndarray, sample: np.ndarray) -> np.ndarray:
    features = (profiles - profiles.mean()) / profiles.std(ddof=1)
    target = (sample - sample.mean()) / sample.std(ddof=1)
    tried = []
    for nu in NUS:
        weights = NuSVR(kernel="linear", nu=nu, C=1.0, tol=1e-9).fit(features, target).coef_.ravel()
        shares = np.maximum(weights, 0.0) / np.maximum(weights, 0.0).sum()
        tried.append((np.sqrt(np.mean((features @ shares - target) ** 2)), shares))
    return min(tried, key=lambda one: one[0])[1]


def test_shares_are_those_of_the_published_steps_with_scikit_learn() -> None:
    reference = made(90, size_factors=None)
    adata, truth = bulk(reference)
    found = estimate(adata, reference)
    theirs = np.array([by_scikit_learn(reference.profiles, s) for s in np.asarray(adata.X)])
    np.testing.assert_allclose(found, theirs, atol=1e-5)
    assert np.abs(found - truth).max() < 0.1
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


def test_size_factors_turn_rna_into_cells() -> None:
    reference = made(90)
    adata, _ = bulk(reference)
    rna = estimate(adata, reference, cell_shares=False)
    cells = rna / reference.size_factors
    np.testing.assert_allclose(estimate(adata, reference), cells / cells.sum(axis=1, keepdims=True))


def test_the_unit_of_a_sample_does_not_matter_and_samples_are_by_themselves() -> None:
    reference = made(90)
    adata, _ = bulk(reference)
    found = estimate(adata, reference)
    scaled = adata.copy()
    scaled.X = np.asarray(scaled.X) * 7.0
    np.testing.assert_allclose(estimate(scaled, reference), found, atol=1e-7)
    np.testing.assert_allclose(estimate(adata[2:3].copy(), reference), found[2:3], atol=1e-7)
    np.testing.assert_allclose(estimate(adata[:, ::-1].copy(), reference), found, atol=1e-7)


def test_a_sample_that_is_constant_has_no_estimate_and_is_warned_about() -> None:
    reference = made(90)
    adata, _ = bulk(reference)
    values = np.asarray(adata.X).copy()
    values[1] = 5.0
    adata.X = values
    result = deconvolve(adata, method="nu_svr", reference=reference)
    wide = result.table.pivot(index="sample_id", columns="feature", values="value")
    assert wide.loc["S1"].isna().all()
    assert not wide.drop(index="S1").isna().any(axis=None)
    assert [w.code for w in result.warnings] == ["nu_svr.no_weight"]


def test_a_sample_of_the_opposite_has_no_positive_weight() -> None:
    reference = made(90, size_factors=None)
    values = reference.profiles.sum(axis=1).max() - reference.profiles.sum(axis=1, keepdims=True).T
    found = METHOD.run(Mixture(values, reference.genes), reference, resolve_parameters(METHOD.spec, {}))
    assert np.isnan(found.values).all()


def test_few_genes_other_objects_and_flat_references_are_refused() -> None:
    reference = made(30)
    adata, _ = bulk(reference)
    few = adata[:, :5].copy()
    with pytest.raises(MethodError, match="25 of the 30 genes that nu_svr needs were not measured"):
        deconvolve(few, method="nu_svr", reference=reference)
    with pytest.raises(MethodError, match="5 genes of the reference are in the mixture, for 3 cell types"):
        deconvolve(few, method="nu_svr", reference=reference, options=DeconvolveOptions(min_coverage=0.1))
    with pytest.raises(MethodError, match="nu_svr needs profiles"):
        deconvolve(adata, method="nu_svr")
    with pytest.raises(MethodError, match="was given a str"):
        deconvolve(adata, method="nu_svr", reference="LM22")
