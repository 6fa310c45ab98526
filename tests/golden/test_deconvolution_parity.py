"""Fractions equal the original R implementations on real data (SOURCES.md beside the numbers tells their calls)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve
from tmescope.bulk.methods.deconvolvers import DECONVOLVERS
from tmescope.bulk.methods.quantiseq import signature_genes
from tmescope.bulk.methods.quantiseq_genes import original_names, pool_genes
from tmescope.bulk.mixtures import Mixture
from tmescope.facts.installed import install
from tmescope.facts.loading import load_reference
from tmescope.foundation.method import find_method, resolve_parameters
from tmescope.stats.least_squares import constrained_least_squares
from tmescope.stats.quantiles import quantile_normalise

DATASETS = ("racle", "sdy420", "imvigor210_subset86", "icb_pan")


@cache
def mixture(folder: Path) -> tuple[Mixture, tuple[str, ...]]:
    frame = pd.read_csv(folder / "expression.tsv.gz", sep="\t", index_col=0, keep_default_na=False)
    values = np.ascontiguousarray(frame.to_numpy(dtype=np.float64).T)
    is_array = folder.name == "sdy420"
    return Mixture(2.0**values if is_array else values, tuple(frame.index), is_array), tuple(frame.columns)


@pytest.fixture(scope="module")
def references(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What is installed, from the files that the original packages carry."""
    home = tmp_path_factory.mktemp("facts")
    folder = shared_data / "references"
    install("quantiseq", folder / "quantiseq", home=home)
    install("abis", folder / "abis", home=home, accepted=frozenset({"abis"}))
    install("hgnc", folder / "quantiseq" / "HGNC_genenames_20170418.txt.gz", home=home)
    return {name: load_reference(name, home=home) for name in ("quantiseq", "abis", "hgnc")}


def run(name: str, folder: Path, reference: object, **parameters: Any) -> pd.DataFrame:
    given, samples = mixture(folder)
    method = find_method(f"{name}_array" if given.is_array else name, DECONVOLVERS)
    found = method.run(given, reference, resolve_parameters(method.spec, parameters))
    return pd.DataFrame(found.values, index=list(samples), columns=list(found.features))


def expected(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"expected_{name}.tsv", sep="\t", index_col=0)


@pytest.mark.parametrize("dataset", DATASETS)
def test_quantiseq_equals_the_original(dataset: str, shared_data: Path, references: Mapping[str, Any]) -> None:
    folder = shared_data / "bulk" / dataset
    found = run("quantiseq", folder, references, renaming="original", tumour=dataset != "sdy420")
    wanted = expected(folder, "quantiseq_lsei")
    assert set(found.columns) == set(wanted.columns)
    difference = (found.loc[wanted.index, wanted.columns] - wanted).abs().to_numpy()
    assert wanted.size > 0
    assert difference.max() <= 1e-6, difference.max()  # the original stops its own search at about 1e-7
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-12)


def test_the_whole_call_equals_the_original(shared_data: Path, tmp_path: Path) -> None:
    folder, home = shared_data / "references", tmp_path / "facts"
    install("quantiseq", folder / "quantiseq", home=home)
    install("hgnc", folder / "quantiseq" / "HGNC_genenames_20170418.txt.gz", home=home)
    given, samples = mixture(shared_data / "bulk" / "racle")
    adata = AnnData(given.values, pd.DataFrame(index=list(samples)), pd.DataFrame(index=list(given.genes)))
    options = DeconvolveOptions(facts_home=home, parameters={"renaming": "original"})
    found = deconvolve(adata, method="quantiseq", scale="tpm", options=options)
    wanted = expected(shared_data / "bulk" / "racle", "quantiseq_lsei")
    wide = found.table.pivot(index="sample_id", columns="feature", values="value").loc[wanted.index, wanted.columns]
    assert (wide - wanted).abs().to_numpy().max() <= 1e-6
    assert sorted(found.provenance.facts)[0].startswith("hgnc 2017-04-18")


@pytest.mark.parametrize("solver", ["huber", "hampel", "bisquare"])
def test_robust_quantiseq_equals_the_original(solver: str, shared_data: Path, references: Mapping[str, Any]) -> None:
    folder = shared_data / "bulk" / "racle"
    found = run("quantiseq", folder, references, renaming="original", solver=solver)
    wanted = expected(folder, f"quantiseq_{solver}")
    assert set(found.columns) == set(wanted.columns)
    assert (found.loc[wanted.index, wanted.columns] - wanted).abs().to_numpy().max() <= 1e-10


@pytest.mark.parametrize("dataset", DATASETS)
def test_abis_equals_the_original(dataset: str, shared_data: Path, references: Mapping[str, Any]) -> None:
    folder = shared_data / "bulk" / dataset
    found = run("abis", folder, references["abis"])
    wanted = expected(folder, "abis")
    assert set(found.columns) == set(wanted.columns)
    assert (found.loc[wanted.index, wanted.columns] - wanted).abs().to_numpy().max() <= 1e-8


def coefficients_of(wanted: pd.DataFrame, second: np.ndarray, content: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Undo what the original does to its least-squares coefficients; say of which samples that can be done."""
    types = [t for t in wanted.columns if t != "Other"]
    f, t2 = wanted.to_numpy(), second
    treg, cd4 = types.index("Tregs"), types.index("T.cells.CD4")
    rest = f.sum(axis=1) - f[:, treg] - f[:, cd4]
    # all was divided by the sum s after T' = (T + T2) / 2 and C' = C - (T' + T2) / 2; before, it summed to 1
    s = (1 + t2 / 2) / (rest + 2.5 * f[:, treg] + f[:, cd4])
    mended = f * s[:, None]
    mended[:, treg] = 2 * s * f[:, treg] - t2
    mended[:, cd4] = s * f[:, cd4] + (t2 + s * f[:, treg]) / 2
    untouched = f[:, treg] >= 0.02  # a mended one can lie there too; read like this it is still a point that is allowed
    x = np.where(untouched[:, None], f, mended)[:, : len(types)]
    usable = (untouched | (f[:, cd4] > 0)) & (x >= -1e-12).all(axis=1)
    weighted = np.maximum(x, 0) * content
    return weighted * (x.sum(axis=1) / weighted.sum(axis=1))[:, None], usable


@pytest.mark.parametrize("dataset", DATASETS)
def test_no_sample_of_the_original_is_nearer(dataset: str, shared_data: Path, references: Mapping[str, Any]) -> None:
    folder = shared_data / "bulk" / dataset
    given, samples = mixture(folder)
    facts = references["quantiseq"]
    options = {"drop_noisy_genes": not given.is_array, "tumour": dataset != "sdy420"}
    values, genes = pool_genes(given.values, original_names(given.genes, references["hgnc"]))
    values = quantile_normalise(values) if given.is_array else values
    place = {g: i for i, g in enumerate(genes)}
    kept = [g for g in signature_genes(references, options) if g in place]
    b = values[:, [place[g] for g in kept]] * (1e6 / values.sum(axis=1, keepdims=True))
    a = facts.signature.values[[facts.signature.rows.index(g) for g in kept]]
    types = list(facts.signature.columns)
    content = np.array([facts.rna_content[t] for t in types])
    x = constrained_least_squares(a, b, total="at most one").values
    no_cd4 = [i for i, t in enumerate(types) if t != "T.cells.CD4"]
    without = constrained_least_squares(a[:, no_cd4], b, total="at most one").values
    cells = without / content[no_cd4]
    cells *= without.sum(axis=1, keepdims=True) / cells.sum(axis=1, keepdims=True)
    second = cells[:, no_cd4.index(types.index("Tregs"))]
    theirs, usable = coefficients_of(expected(folder, "quantiseq_lsei").loc[list(samples)], second, content)
    ours_at = ((x @ a.T - b) ** 2).sum(axis=1)
    theirs_at = ((theirs @ a.T - b) ** 2).sum(axis=1)
    assert usable.mean() > 0.15  # in the others CD4 T cells were cut at zero
    assert np.median(np.abs(theirs - x)[usable]) < 1e-6
    assert (x >= 0).all()
    assert (x.sum(axis=1) <= 1 + 1e-12).all()
    assert (ours_at[usable] <= theirs_at[usable] * (1 + 1e-12)).all()
