"""quanTIseq: planted fractions are found again, and each rule does what it says."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from tests.facts.references import made

from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve
from tmescope.bulk.methods.quantiseq import ARRAYS, RNA_SEQ, quantiseq, read_further, renames, signature_genes
from tmescope.bulk.mixtures import Mixture
from tmescope.facts.hgnc import HgncRecord
from tmescope.facts.installed import install
from tmescope.facts.matrices import NamedMatrix
from tmescope.facts.references.quantiseq import Quantiseq
from tmescope.foundation.errors import FactsError, MethodError, ScaleError, UnknownNameError
from tmescope.foundation.method import resolve_parameters

TYPES = ("B.cells", "T.cells.CD4", "T.cells.CD8", "Tregs", "Neutrophils")
GENES = tuple(f"G{i}" for i in range(60))
CONTENT = np.array([60.0, 80.0, 70.0, 75.0, 30.0])


def facts(seed: int = 0) -> Quantiseq:
    rng = np.random.default_rng(seed)
    values = rng.gamma(0.4, size=(60, 5)) * 400
    content = MappingProxyType(dict(zip(TYPES, CONTENT.tolist(), strict=True)))
    return Quantiseq(NamedMatrix(GENES, TYPES, values), content, ("G1", "G2"), ("G2", "G3", "G4"))


def mixture(fractions: np.ndarray, reference: Quantiseq) -> Mixture:
    """Samples of these cells; what is missing to one is cells that express a gene of their own alone."""
    known = fractions.sum(axis=1, keepdims=True)
    x = fractions * CONTENT
    x *= np.divide(known, x.sum(axis=1, keepdims=True), out=np.ones_like(known), where=known > 0)
    seen = x @ reference.signature.values.T
    rest = 1e6 - seen.sum(axis=1, keepdims=True)
    return Mixture(np.hstack([rest, seen]), ("REST", *GENES))


def run(given: Mixture, reference: Quantiseq, **parameters: Any) -> Any:
    spec = (ARRAYS if given.is_array else RNA_SEQ).spec
    return quantiseq(given, {"quantiseq": reference}, resolve_parameters(spec, parameters))


PLANTED = np.array([[0.1, 0.2, 0.05, 0.1, 0.0], [0.3, 0.3, 0.2, 0.1, 0.1], [0.0, 0.0, 0.0, 0.05, 0.6]])


def test_planted_fractions_are_found_again() -> None:
    reference = facts()
    found = run(mixture(PLANTED, reference), reference)
    assert found.features == (*TYPES, "Other")
    np.testing.assert_allclose(found.values[:, :5], PLANTED, atol=1e-12)
    np.testing.assert_allclose(found.values.sum(axis=1), 1, atol=1e-14)
    np.testing.assert_array_equal(found.coverage, 1)


def test_a_sample_counts_by_its_proportions_and_by_itself() -> None:
    reference = facts()
    given = mixture(PLANTED, reference)
    given.values.setflags(write=False)
    whole = run(given, reference).values
    times = Mixture(given.values * np.array([[7.0], [0.01], [1.0]]), given.genes)
    np.testing.assert_allclose(run(times, reference).values, whole, atol=1e-13)
    np.testing.assert_array_equal(run(Mixture(given.values[1:2], given.genes), reference).values, whole[1:2])
    turned = Mixture(np.ascontiguousarray(given.values[:, ::-1]), given.genes[::-1])
    np.testing.assert_allclose(run(turned, reference).values, whole, atol=1e-13)


def test_shares_of_mrna_where_they_are_asked_for() -> None:
    reference = facts()
    found = run(mixture(PLANTED, reference), reference, scale_mrna=False).values[:, :5]
    x = PLANTED * CONTENT
    x *= PLANTED.sum(axis=1, keepdims=True) / x.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, x, atol=1e-12)


@pytest.mark.parametrize("rule", ["faithful", "corrected"])
def test_few_regulatory_t_cells_are_taken_from_cd4(rule: str) -> None:
    reference = facts(3)
    planted = np.array([[0.1, 0.4, 0.1, 0.01, 0.1], [0.1, 0.005, 0.1, 0.015, 0.1], [0.1, 0.4, 0.1, 0.02001, 0.1]])
    given = mixture(planted, reference)
    found = run(given, reference, treg_rule=rule).values
    rest = [0, 2, 3, 4]
    without = Quantiseq(
        NamedMatrix(GENES, tuple(TYPES[i] for i in rest), reference.signature.values[:, rest]),
        reference.rna_content,
        reference.aberrant_genes,
        reference.removed_genes,
    )
    second = run(given, without).values[:, 2]  # sums to 1, so nothing was divided
    t = planted[:, 3]
    new = (t + second) / 2
    loss = (new + second) / 2 if rule == "faithful" else new
    expected = np.column_stack([planted, 1 - planted.sum(axis=1)])
    expected[:2, 3] = new[:2]
    expected[:2, 1] = np.maximum(0, planted[:2, 1] - loss[:2])
    expected /= expected.sum(axis=1, keepdims=True)
    assert loss[1] > planted[1, 1]  # so that the second sample's CD4 T cells end at zero
    np.testing.assert_allclose(found, expected, atol=1e-10)


@pytest.mark.parametrize("solver", ["huber", "hampel", "bisquare"])
def test_robust_regression_does_not_mind_outliers(solver: str) -> None:
    reference = facts()
    cells = PLANTED / PLANTED.sum(axis=1, keepdims=True)
    given = mixture(cells, reference)
    spoiled = given.values.copy()
    spoiled[:, 10:14] += 20_000
    spoiled[:, 0] -= 80_000
    found = run(Mixture(spoiled, given.genes), reference, solver=solver)
    plain = run(Mixture(spoiled, given.genes), reference).values[:, :5]
    assert found.features == TYPES
    np.testing.assert_allclose(found.values.sum(axis=1), 1)
    assert np.abs(found.values - cells).max() < 0.02
    assert np.abs(plain - cells).max() > 0.05


def test_robust_regression_that_finds_nothing_is_missing() -> None:
    reference = facts()
    against = 3000 - reference.signature.values.sum(axis=1)
    given = Mixture(np.append(0.0, np.maximum(against, 0))[None], ("REST", *GENES))
    found = run(given, reference, solver="huber").values
    assert np.isnan(found).all()


def test_a_fit_that_outliers_leave_undetermined_is_missing_and_warned_of() -> None:
    column = np.zeros((30, 1))
    column[28:, 0] = [1.0, 2.0]  # two genes alone speak of the type, and they contradict each other
    reference = Quantiseq(NamedMatrix(GENES[:30], ("a",), column), MappingProxyType({"a": 1.0}), (), ())
    values = np.random.default_rng(0).normal(100, 1, size=(1, 30))
    values[0, 28:] = 1000.0
    found = run(Mixture(values, GENES[:30]), reference, solver="bisquare")
    assert [(w.code, w.count) for w in found.warnings] == [("deconvolution.not_converged", 1)]
    assert np.isnan(found.values).all()


def test_genes_are_left_out_by_kind() -> None:
    reference = {"quantiseq": facts()}
    rna, array = (resolve_parameters(m.spec, {}) for m in (RNA_SEQ, ARRAYS))
    assert set(GENES) - set(signature_genes(reference, rna)) == {"G1", "G2", "G3", "G4"}
    assert set(GENES) - set(signature_genes(reference, array)) == {"G1", "G2"}
    assert set(GENES) - set(signature_genes(reference, {**rna, "tumour": False})) == {"G2", "G3", "G4"}


def test_what_other_genes_do_is_seen_in_the_coverage() -> None:
    reference = facts()
    given = mixture(PLANTED, reference)
    half = Mixture(given.values[:, :31], given.genes[:31])
    np.testing.assert_allclose(run(half, reference).coverage, 26 / 56)
    few = Mixture(given.values[:, :8], given.genes[:8])
    with pytest.raises(MethodError, match="more genes than cell types and found 3 of 56"):
        run(few, reference)


def test_a_sample_without_any_of_the_cells_is_all_other() -> None:
    reference = facts()
    found = run(mixture(np.zeros((1, 5)), reference), reference).values
    np.testing.assert_array_equal(found[0, [0, 2, 4, 5]], [0, 0, 0, 1])


def test_microarrays_are_compared_by_ranks_over_the_cohort() -> None:
    reference = facts()
    noise = np.random.default_rng(4).lognormal(0, 0.3, size=(4, 61))
    values = mixture(np.vstack([PLANTED, PLANTED.mean(axis=0)]), reference).values * noise
    given = Mixture(values, ("REST", *GENES), is_array=True)
    found = run(given, reference).values
    order = np.array([3, 1, 0, 2])
    np.testing.assert_allclose(run(Mixture(values[order], given.genes, True), reference).values, found[order])
    alone = run(Mixture(values[:2], given.genes, True), reference).values
    assert np.abs(alone - found[:2]).max() > 1e-6
    assert ARRAYS.spec.scope == "cohort"


def test_renaming_pools_genes_before_the_sample_is_scaled() -> None:
    reference = facts()
    given = mixture(PLANTED, reference)
    assert read_further({"renaming": "none"}) == ()
    assert renames({"renaming": "original"})
    assert not renames({"renaming": "none"})
    assert read_further({"renaming": "original"}) == (("hgnc", "2017-04-18"),)
    records = [
        HgncRecord(g, "HGNC:1", "", "", (), ("OLD5",) if g == "G5" else (), (), "Approved", "") for g in given.genes
    ]
    strangers = np.hstack([given.values, np.full((3, 1), 5e6)])  # not a gene: must not count in the sum
    old = tuple("OLD5" if g == "G5" else g for g in given.genes)
    found = quantiseq(
        Mixture(strangers, (*old, "PROBE")),
        {"quantiseq": reference, "hgnc": records},
        resolve_parameters(RNA_SEQ.spec, {"renaming": "original"}),
    )
    np.testing.assert_allclose(found.values[:, :5], PLANTED, atol=1e-12)
    np.testing.assert_array_equal(found.coverage, 1)


def test_from_the_installed_reference(tmp_path: Path) -> None:
    types = made.REGISTERED["quantiseq"]
    made.quantiseq(tmp_path, types)
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.gamma(0.4, size=(120, 10)) * 300, index=[f"G{i}" for i in range(120)], columns=types)
    table.to_csv(tmp_path / "TIL10_signature.txt", sep="\t", index_label="ID")
    home = tmp_path / "facts"
    install("quantiseq", tmp_path, home=home)
    truth = np.array([[0.1, 0.1, 0, 0.1, 0.2, 0, 0.1, 0, 0, 0.1]])
    x = truth * np.arange(10, 0, -1)
    x *= truth.sum() / x.sum()
    seen = x @ table.to_numpy().T
    values = np.hstack([seen, 1e6 - seen.sum(axis=1, keepdims=True)])
    adata = AnnData(X=values, obs=pd.DataFrame(index=["S"]), var=pd.DataFrame(index=[*table.index, "REST"]))
    options = DeconvolveOptions(facts_home=home)
    found = deconvolve(adata, method="quantiseq", scale="tpm", options=options)
    wide = found.table.set_index("feature")["value"]
    np.testing.assert_allclose(wide[types], truth[0], atol=1e-12)
    np.testing.assert_allclose(wide["Other"], 0.3, atol=1e-12)
    assert set(found.table["unit"]) == {"fraction"}
    assert any(k.startswith("quantiseq ") for k in found.provenance.facts)
    with pytest.raises(FactsError, match="hgnc 2017-04-18 is not installed"):
        deconvolve(
            adata,
            method="quantiseq",
            scale="tpm",
            options=DeconvolveOptions(facts_home=home, parameters={"renaming": "original"}),
        )
    with pytest.raises(ScaleError, match="does not take counts"):
        deconvolve(adata, method="quantiseq", scale="counts", options=options)
    with pytest.raises(UnknownNameError, match="bisqare"):
        deconvolve(
            adata,
            method="quantiseq",
            scale="tpm",
            options=DeconvolveOptions(facts_home=home, parameters={"solver": "bisqare"}),
        )
