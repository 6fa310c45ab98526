"""ABIS: planted percentages are found again, in both kinds of data."""

from __future__ import annotations

import numpy as np
import pytest

from tmescope.bulk.methods.abis import ARRAYS, RNA_SEQ, abis, array_genes, rna_seq_genes
from tmescope.bulk.mixtures import Mixture
from tmescope.facts.matrices import NamedMatrix
from tmescope.facts.references.abis import Abis
from tmescope.foundation.errors import MethodError

GENES = tuple(f"G{i}" for i in range(80))
TRUTH = np.array([[0.2, 0.5, 0.1], [0.0, 0.05, 0.9]])


def facts() -> Abis:
    rng = np.random.default_rng(0)
    rna = NamedMatrix(GENES, ("NK", "MAIT", "pDCs"), rng.gamma(0.4, size=(80, 3)) * 500)
    micro = NamedMatrix(GENES[:40], ("T Naive", "Monocytes"), rng.gamma(0.4, size=(40, 2)) * 500)
    return Abis(rna, micro, np.sort(micro.values @ [0.6, 0.3]))


@pytest.mark.simulation
def test_planted_percentages_are_found_again_beside_outliers() -> None:
    reference = facts()
    values = TRUTH @ reference.rna_seq.values.T
    found = abis(Mixture(values, GENES), reference, {})
    assert found.features == ("NK", "MAIT", "pDCs")
    np.testing.assert_allclose(found.values, TRUTH * 100, rtol=1e-9, atol=1e-9)
    noisy = values + np.random.default_rng(1).normal(size=values.shape)
    noisy[:, 20:25] += 5000
    robust = abis(Mixture(noisy, GENES), reference, {}).values
    plain = np.linalg.lstsq(reference.rna_seq.values, noisy.T, rcond=None)[0].T * 100
    assert np.abs(robust - TRUTH * 100).max() < 1
    assert np.abs(plain - TRUTH * 100).max() > 10


def test_a_microarray_counts_by_its_ranks() -> None:
    reference = facts()
    values = (reference.microarray.values @ [0.6, 0.3])[None]
    found = abis(Mixture(values, GENES[:40], is_array=True), reference, {})
    assert found.features == ("T Naive", "Monocytes")
    np.testing.assert_allclose(found.values, [[60, 30]], rtol=1e-9)
    bent = abis(Mixture(np.log2(values + 1) ** 3, GENES[:40], is_array=True), reference, {})
    np.testing.assert_allclose(bent.values, found.values)


def test_other_genes_and_the_order_do_not_matter() -> None:
    reference = facts()
    values = TRUTH @ reference.rna_seq.values.T + np.random.default_rng(2).normal(size=(2, 80))
    values.setflags(write=False)
    whole = abis(Mixture(values, GENES), reference, {}).values
    more = Mixture(np.hstack([np.full((2, 3), 1e6), values[:, ::-1]]), ("X", "Y", "Z", *GENES[::-1]))
    np.testing.assert_allclose(abis(more, reference, {}).values, whole)
    np.testing.assert_array_equal(abis(Mixture(values[1:], GENES), reference, {}).values, whole[1:])


def test_genes_of_each_kind_and_too_few_of_them() -> None:
    reference = facts()
    assert rna_seq_genes(reference, {}) == GENES
    assert array_genes(reference, {}) == GENES[:40]
    assert (RNA_SEQ.spec.units, ARRAYS.spec.units) == (("tpm",), ("array",))
    half = Mixture(np.ones((1, 40)) * np.arange(1, 41), GENES[:40])
    np.testing.assert_allclose(abis(half, reference, {}).coverage, 0.5)
    with pytest.raises(MethodError, match="more genes than cell types and found 3 of 80"):
        abis(Mixture(np.ones((1, 3)), GENES[:3]), reference, {})


def test_a_fit_that_does_not_settle_is_warned_of() -> None:
    rng = np.random.default_rng(1)
    types = tuple(f"type {i}" for i in range(10))
    rna = NamedMatrix(GENES[:12], types, rng.gamma(1.0, size=(12, 10)))
    reference = Abis(rna, rna, np.arange(12.0))
    found = abis(Mixture(np.exp(rng.normal(size=(1, 12)) * 3), GENES[:12]), reference, {})
    assert [(w.code, w.count) for w in found.warnings] == [("deconvolution.not_converged", 1)]
    assert np.isfinite(found.values).all()
