"""Least squares on profiles of one's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve
from tmescope.bulk.methods.own_profiles import CONSTRAINED, NNLS, constrained, nnls
from tmescope.bulk.mixtures import Mixture
from tmescope.foundation.errors import MethodError
from tmescope.foundation.method import resolve_parameters

GENES = tuple(f"G{i}" for i in range(50))
TYPES = ("T cell", "B cell", "fibroblast", "endothelial")


@dataclass(frozen=True, eq=False)
class Reference:
    """What a reference that was built has."""

    genes: tuple[str, ...]
    cell_types: tuple[str, ...]
    profiles: np.ndarray
    variances: np.ndarray | None = None
    size_factors: np.ndarray | None = None
    sha256: str = "0" * 64


def reference(seed: int = 0, **changes: Any) -> Reference:
    profiles = np.random.default_rng(seed).gamma(0.4, size=(50, 4)) * 800
    return replace(Reference(GENES, TYPES, profiles), **changes)


PLANTED = np.array([[0.1, 0.3, 0.0, 0.2], [0.25, 0.25, 0.3, 0.2], [0.0, 0.0, 0.6, 0.0]])


def mixture(shares: np.ndarray, given: Reference) -> Mixture:
    seen = shares @ given.profiles.T
    return Mixture(np.hstack([seen, 1e6 - seen.sum(axis=1, keepdims=True)]), (*GENES, "REST"))


def run(function: Any, given: Mixture, profiles: Reference, **parameters: Any) -> Any:
    spec = (NNLS if function is nnls else CONSTRAINED).spec
    return function(given, profiles, resolve_parameters(spec, parameters))


@pytest.mark.parametrize("weights", ["none", "variance"])
@pytest.mark.simulation
def test_planted_fractions_are_found_again(weights: str) -> None:
    variances = np.random.default_rng(1).gamma(1.0, size=(50, 4)) * 100
    given = reference(variances=variances)
    found = run(constrained, mixture(PLANTED, given), given, weights=weights)
    assert found.features == (*TYPES, "uncharacterised")
    np.testing.assert_allclose(found.values[:, :4], PLANTED, atol=1e-12)
    np.testing.assert_allclose(found.values.sum(axis=1), 1)
    among = run(nnls, mixture(PLANTED, given), given, weights=weights)
    assert among.features == TYPES
    np.testing.assert_allclose(among.values, PLANTED / PLANTED.sum(axis=1, keepdims=True), atol=1e-12)


def test_size_factors_turn_mrna_into_cells() -> None:
    sizes = np.array([1.0, 2.0, 4.0, 0.5])
    given = reference(size_factors=sizes)
    rna = PLANTED * sizes
    rna *= PLANTED.sum(axis=1, keepdims=True) / rna.sum(axis=1, keepdims=True)
    samples = mixture(rna, given)
    np.testing.assert_allclose(run(constrained, samples, given).values[:, :4], PLANTED, atol=1e-12)
    np.testing.assert_allclose(
        run(nnls, samples, given).values, PLANTED / PLANTED.sum(axis=1, keepdims=True), atol=1e-12
    )
    np.testing.assert_allclose(run(constrained, samples, given, scale_mrna=False).values[:, :4], rna, atol=1e-12)


def test_genes_of_large_variance_weigh_little() -> None:
    variances = np.full((50, 4), 1.0)
    variances[:5] = 1e6
    given = reference(variances=variances)
    samples = mixture(PLANTED, given)
    samples.values[:, :5] *= 3
    plain = run(constrained, samples, given).values[:, :4]
    weighted = run(constrained, samples, given, weights="variance").values[:, :4]
    assert np.abs(weighted - PLANTED).max() < 0.1 * np.abs(plain - PLANTED).max()


def test_a_sample_that_no_type_explains() -> None:
    given = reference(profiles=np.vstack([reference().profiles[:49], np.zeros((1, 4))]))
    samples = Mixture(np.zeros((1, 51)), (*GENES, "REST"))
    samples.values[0, 49:] = 1.0
    assert np.isnan(run(nnls, samples, given).values).all()
    np.testing.assert_array_equal(run(constrained, samples, given).values, [[0, 0, 0, 0, 1]])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"profiles": reference().profiles - 500}, "negative or no numbers: 'G0 in T cell: -"),
        ({"profiles": np.full((50, 4), np.nan)}, "200 values of the reference"),
        ({"profiles": np.ones((4, 50))}, "shape (4, 50)"),
        ({"profiles": np.tile(reference().profiles[:, :1], (1, 4))}, "combinations of each other"),
        ({"profiles": reference().profiles * [1, 1, 1, 0]}, "1 cell types express none of the genes"),
        ({"size_factors": np.array([1.0, 0.0, 1.0, 1.0])}, "size factors of the reference are 1.0, 0.0, 1.0"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], says: str) -> None:
    samples = mixture(PLANTED, reference())
    for function in (nnls, constrained):
        with pytest.raises(MethodError) as caught:
            run(function, samples, reference(**changes))
        assert says in str(caught.value)


def test_a_sum_of_other_types_is_refused_too() -> None:
    profiles = reference().profiles.copy()
    profiles[:, 3] = profiles[:, :3].sum(axis=1)
    with pytest.raises(MethodError, match="combinations of each other"):
        run(nnls, mixture(PLANTED, reference()), reference(profiles=profiles))


def test_types_that_are_hardly_told_apart_are_warned_of() -> None:
    profiles = reference().profiles.copy()
    profiles[:, 2] = profiles[:, 0] * (1 + 0.01 * np.random.default_rng(0).normal(size=50))
    given = reference(profiles=profiles)
    found = run(nnls, mixture(PLANTED, given), given)
    assert [(w.code, w.examples) for w in found.warnings] == [("reference.collinear", ("T cell", "fibroblast"))]
    assert run(nnls, mixture(PLANTED, reference()), reference()).warnings == ()


@pytest.mark.parametrize(
    ("variances", "says"),
    [(None, "no variances"), (np.zeros((50, 4)), "none is above 0"), (np.full((50, 4), -1.0), "not all finite and 0")],
)
def test_weights_need_variances(variances: Any, says: str) -> None:
    given = reference(variances=variances)
    with pytest.raises(MethodError, match=says):
        run(nnls, mixture(PLANTED, given), given, weights="variance")


def test_one_type_and_too_few_genes() -> None:
    one = Reference(GENES, ("T cell",), reference().profiles[:, :1])
    found = run(constrained, mixture(np.array([[0.4]]), one), one)
    np.testing.assert_allclose(found.values, [[0.4, 0.6]])
    with pytest.raises(MethodError, match="3 of the reference's 50 genes were measured, for 4 cell types"):
        run(nnls, Mixture(np.ones((1, 3)), GENES[:3]), reference())


def test_through_the_runner() -> None:
    given = reference()
    samples = mixture(PLANTED, given)
    adata = AnnData(
        X=samples.values,
        obs=pd.DataFrame(index=["S1", "S2", "S3"]),
        var=pd.DataFrame(index=list(samples.genes)),
        uns={"tmescope": {"scale": "tpm"}},
    )
    found = deconvolve(adata, method="constrained", reference=given, options=DeconvolveOptions(map_symbols=False))
    wide = found.table.pivot(index="sample_id", columns="feature", values="value")[list(TYPES)]
    np.testing.assert_allclose(wide, PLANTED, atol=1e-12)
    assert found.provenance.facts == {"reference": "0" * 64}
    with pytest.raises(MethodError, match="profiles of cell types"):
        deconvolve(adata, method="nnls")
