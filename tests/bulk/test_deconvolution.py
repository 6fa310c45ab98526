"""The runner of deconvolution methods, with a method of the tests: mean of the genes that a reference names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse
from tests.facts.references import made

from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve, list_deconvolvers
from tmescope.bulk.mixtures import Estimates, Mixture
from tmescope.bulk.scoring import ScoreOptions, score
from tmescope.facts.installed import install
from tmescope.foundation.errors import ExpressionError, FactsError, MethodError, ScaleError, UnknownNameError
from tmescope.foundation.method import Method, MethodSpec
from tmescope.foundation.result import RunWarning

REFERENCE = {"T cell": ("CD3D", "CD3E"), "B cell": ("MS4A1", "CD79A")}


def run(mixture: Mixture, reference: Mapping[str, tuple[str, ...]], parameters: Mapping[str, Any]) -> Estimates:
    assert not parameters
    assert not np.isnan(mixture.values).any()
    columns = [[mixture.genes.index(g) for g in genes if g in mixture.genes] for genes in reference.values()]
    values = np.column_stack(
        [mixture.values[:, c].mean(axis=1) if c else np.full(len(mixture.values), np.nan) for c in columns]
    )
    coverage = np.array([len(c) / len(genes) for c, genes in zip(columns, reference.values(), strict=True)])
    return Estimates(tuple(reference), values, coverage, (RunWarning("toy.ran", "it ran"),))


def toy(**changes: Any) -> Method:
    spec = MethodSpec(
        name="toy",
        room="bulk",
        summary="Mean of the genes.",
        needs_log=False,
        units=("tpm",),
        unit="tpm",
        low=0.0,
        high=np.inf,
        reference="none",
        higher_means="more",
        **{"scope": "sample", "own_reference": True, **changes},
    )
    return Method(spec, run, vocabulary=lambda reference, _: [g for genes in reference.values() for g in genes])


def cohort(values: Any = None, genes: tuple[str, ...] = ("CD3D", "CD3E", "MS4A1", "CD79A", "GAPDH")) -> AnnData:
    if values is None:
        values = [[1.0, 3.0, 10.0, 30.0, 500.0], [2.0, 4.0, 0.0, 0.0, 700.0], [5.0, 5.0, 5.0, 5.0, 5.0]]
    values = np.array(values)
    return AnnData(
        X=values,
        obs=pd.DataFrame(index=[f"S{i}" for i in range(len(values))]),
        var=pd.DataFrame(index=list(genes)),
        uns={"tmescope": {"scale": "tpm", "cohort_id": "trial"}},
    )


def wide(result: Any) -> pd.DataFrame:
    return result.table.pivot(index="sample_id", columns="feature", values="value")


def test_each_sample_and_type_has_a_row_in_order() -> None:
    result = deconvolve(cohort(), method=toy(), reference=REFERENCE)
    assert list(result.table["feature"][:2]) == ["T cell", "B cell"]
    assert list(result.table["sample_id"][::2]) == ["S0", "S1", "S2"]
    assert list(result.table["value"]) == [2.0, 20.0, 3.0, 0.0, 5.0, 5.0]
    assert set(result.table["cohort_id"]) == {"trial"}
    assert set(result.table["unit"]) == {"tpm"}
    assert [w.where for w in result.warnings] == ["trial"]
    assert set(result.provenance.facts) == {"reference"}


def test_sparse_logarithmic_and_dense_agree() -> None:
    dense = deconvolve(cohort(), method=toy(), reference=REFERENCE).table
    stored = cohort()
    stored.X = sparse.csr_matrix(stored.X)
    pd.testing.assert_frame_equal(deconvolve(stored, method=toy(), reference=REFERENCE).table, dense)
    logged = cohort(np.log2(np.array(cohort().X) + 1))
    again = deconvolve(logged, method=toy(), reference=REFERENCE, scale="log2(tpm+1)").table
    np.testing.assert_allclose(again["value"], dense["value"], rtol=1e-12)


def test_samples_that_miss_genes_are_estimated_beside_those_that_miss_the_same() -> None:
    adata = cohort()
    adata.X[0, 0] = np.nan
    found = wide(deconvolve(adata, method=toy(), reference=REFERENCE))
    assert found.loc["S0", "T cell"] == 3.0
    assert found.loc["S1", "T cell"] == 3.0
    whole = wide(deconvolve(adata, method=toy(scope="cohort"), reference=REFERENCE))
    assert list(whole["T cell"]) == [3.0, 4.0, 5.0]  # the gene is left out for all


def test_an_empty_sample_has_no_estimate_and_is_named() -> None:
    adata = cohort()
    adata.X[1, :4] = 0.0
    result = deconvolve(adata, method=toy(), reference=REFERENCE)
    assert wide(result).loc["S1"].isna().all()
    empty = [w for w in result.warnings if w.code == "deconvolution.empty_sample"]
    assert [w.examples for w in empty] == [("S1",)]
    adata.X[:, :4] = 0.0
    with pytest.raises(ExpressionError, match="no sample expresses any gene"):
        deconvolve(adata, method=toy(), reference=REFERENCE)


def test_old_names_of_the_reference_are_looked_up() -> None:
    old = {"T cell": ("CD3D", "CD3E"), "other": ("ABCC1", "AARS")}  # AARS is AARS1 today
    adata = cohort(genes=("CD3D", "CD3E", "AARS1", "ABCC1", "GAPDH"))
    assert wide(deconvolve(adata, method=toy(), reference=old)).loc["S0", "other"] == 20.0
    off = deconvolve(adata, method=toy(), reference=old, options=DeconvolveOptions(map_symbols=False))
    assert wide(off).loc["S0", "other"] == 30.0
    assert (
        off.provenance.inputs["renamed"] != deconvolve(adata, method=toy(), reference=old).provenance.inputs["renamed"]
    )


def test_few_genes_are_refused_with_examples_and_single_types_are_missing() -> None:
    adata = cohort(genes=("CD3D", "CD3E", "X1", "X2", "X3"))
    result = deconvolve(adata, method=toy(), reference=REFERENCE)
    assert wide(result)["B cell"].isna().all()
    assert any(w.code == "coverage.partial" and w.count == 2 for w in result.warnings)
    with pytest.raises(MethodError, match="2 of the 4 genes that toy needs were not measured: 'MS4A1', 'CD79A'"):
        deconvolve(adata, method=toy(), reference=REFERENCE, options=DeconvolveOptions(min_coverage=0.6))


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(MethodError, match="needs profiles of cell types"):
        deconvolve(cohort(), method=toy())
    with pytest.raises(MethodError, match="takes no other"):
        deconvolve(cohort(), method=toy(own_reference=False), reference=REFERENCE)
    with pytest.raises(ScaleError, match="toy does not take counts"):
        deconvolve(cohort(), method=toy(), reference=REFERENCE, scale="counts")
    with pytest.raises(UnknownNameError, match="toys"):
        deconvolve(cohort(), method="toys")
    with pytest.raises(MethodError, match="looks at a whole cohort of at least 4 samples and got 3"):
        deconvolve(cohort(), method=toy(min_samples=4, scope="cohort"), reference=REFERENCE)
    negative = cohort()
    negative.X[0, 0] = -1.0
    with pytest.raises((ExpressionError, ScaleError), match="1 values"):
        deconvolve(negative, method=toy(), reference=REFERENCE)


def test_a_reference_that_is_not_installed_is_named_with_the_command(tmp_path: Any) -> None:
    method = toy(own_reference=False, installed="quantiseq")
    with pytest.raises(FactsError, match="quantiseq is not installed") as caught:
        deconvolve(cohort(), method=method, options=DeconvolveOptions(facts_home=tmp_path))
    assert "tmescope facts fetch quantiseq" in str(caught.value)


def test_a_method_that_reads_further_references_is_given_all_of_them(tmp_path: Path) -> None:
    for name, write in (("quantiseq", made.quantiseq), ("abis", made.abis)):
        (tmp_path / name).mkdir()
        write(tmp_path / name, made.REGISTERED[name])
        install(name, tmp_path / name, home=tmp_path / "home", accepted=frozenset({name}))
    seen: list[Any] = []

    def look(reference: Any, parameters: Any) -> tuple[str, ...]:
        seen.append((sorted(reference), parameters))
        return ("CD3D",)

    def estimate(mixture: Mixture, reference: Any, parameters: Any) -> Estimates:
        del parameters
        return Estimates(("n",), np.full((len(mixture.values), 1), len(reference["abis"].target)), np.ones(1))

    plain = toy(own_reference=False, installed="quantiseq")
    method = replace(plain, run=estimate, vocabulary=look, further=lambda _: (("abis", None),))
    found = deconvolve(cohort(), method=method, options=DeconvolveOptions(facts_home=tmp_path / "home"))
    assert seen == [(["abis", "quantiseq"], {})]
    assert (found.table["value"] == 600).all()
    assert {name.split()[0] for name in found.provenance.facts} == {"abis", "quantiseq"}


def test_a_method_that_renames_by_itself_gets_genes_as_they_were_measured() -> None:
    adata = cohort(genes=("CD3D", "CD3E", "MS4A1", "CD79A", "WARS1"))
    reference = {**REFERENCE, "other": ("WARS",)}  # as WARS1 was called before
    found = wide(deconvolve(adata, method=toy(), reference=reference))
    assert found["other"].notna().all()
    kept = replace(toy(), renames=lambda parameters: parameters == {})
    assert wide(deconvolve(adata, method=kept, reference=reference))["other"].isna().all()


def test_methods_with_gene_sets_of_their_own_join_the_form() -> None:
    genes = ("CD3D", "CD3E", "CD8B", "CD3G", "CD6")
    adata = cohort(genes=genes)
    options = DeconvolveOptions(min_coverage=0.0)
    result = deconvolve(adata, method="mcp_counter", options=options)
    expected = score(adata, method="mcp_counter", options=ScoreOptions(0.0))
    pd.testing.assert_frame_equal(result.table, expected.table)
    assert {"mcp_counter", "estimate"} <= {m.spec.name for m in list_deconvolvers()}


@pytest.mark.parametrize("method", ["mcp_counter", "estimate"])
def test_an_empty_sample_has_no_estimate_by_gene_sets_either(method: str) -> None:
    genes = ("CD3D", "CD3E", "CD5", "CD6", "MS4A1", "CD79A", "CD19", "DCN", "COL1A1", "GAPDH")
    values = np.random.default_rng(3).gamma(2.0, 40.0, (3, len(genes)))
    values[1] = 0.0
    result = deconvolve(cohort(values, genes), method=method, options=DeconvolveOptions(0.0))
    assert wide(result).loc["S1"].isna().all()
    assert wide(result).loc[["S0", "S2"]].notna().any(axis=None)
    told = [(w.code, w.count, w.examples) for w in result.warnings if w.code.startswith("deconvolution")]
    assert told == [("deconvolution.empty_sample", 1, ("S1",))]
    own = score(cohort(values, genes), {"mine": ["CD3D", "CD3E"]}, method="mean")
    assert wide(own).loc["S1"].notna().all()  # of signatures, zeros are values
