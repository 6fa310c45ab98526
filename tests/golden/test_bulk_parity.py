"""Scores equal the original R implementations on real data (SOURCES.md beside the numbers says how they were made)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tmescope.bulk.gene_sets import index_sets
from tmescope.bulk.methods.registry import METHODS
from tmescope.foundation.method import find_method, resolve_parameters

RELATIVE, ABSOLUTE = 1e-6, 1e-9
CASES = [
    *(
        (m, d)
        for d in ("racle", "sdy420", "imvigor210_subset86", "icb_pan")
        for m in ("zscore", "plage", "mcp_counter", "mcp_counter_log2", "estimate")
    ),
    ("singscore", "racle"),
    ("singscore", "icb_pan"),
    ("ssgsea", "racle"),
    ("ssgsea", "icb_pan"),
    ("ssgsea_raw", "racle"),
]
FILES = {"mcp_counter": "mcpcounter", "mcp_counter_log2": "mcpcounter_log2", "ssgsea_raw": "ssgsea_nonorm"}


@cache
def _expression(folder: Path) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    frame = pd.read_csv(folder / "expression.tsv.gz", sep="\t", index_col=0, keep_default_na=False)
    values = np.ascontiguousarray(frame.to_numpy(dtype=np.float64).T)
    if folder.name == "sdy420":
        return frame, 2.0**values, values
    return frame, values, np.log2(values + 1.0)


@cache
def _sets(references: Path, of_method: bool) -> dict[str, list[str]]:
    if of_method:
        table = pd.read_csv(references / "mcpcounter" / "genes.tsv", sep="\t", keep_default_na=False)
        table.columns = ["gene_symbol", "set", *table.columns[2:]]
    else:
        table = pd.read_csv(
            references / "iobr_signatures" / "signature_collection.tsv", sep="\t", keep_default_na=False
        )
    return {str(k): list(v) for k, v in table.groupby("set", sort=False)["gene_symbol"]}


OUTPUTS = {
    "estimate": {
        "StromalScore": "estimate_stromal",
        "ImmuneScore": "estimate_immune",
        "ESTIMATEScore": "estimate_score",
        "TumorPurity": "estimate_purity_affymetrix",
    }
}


@cache
def _estimate_sets(references: Path) -> tuple[dict[str, list[str]], frozenset[str]]:
    table = pd.read_csv(references / "estimate" / "stromal_immune_sets.tsv", sep="\t")
    names = {"StromalSignature": "estimate_stromal", "ImmuneSignature": "estimate_immune"}
    sets = {names[str(k)]: list(v) for k, v in table.groupby("set", sort=False)["gene_symbol"]}
    common = pd.read_csv(references / "estimate" / "common_genes.tsv", sep="\t", keep_default_na=False)
    return sets, frozenset(common["GeneSymbol"])


def compare(name: str, dataset: str, data: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return absolute differences from the original, and the original's numbers."""
    folder = data / "bulk" / dataset
    path = next(folder.glob(f"expected_{FILES.get(name, name)}.tsv*"))
    expected = pd.read_csv(path, sep="\t", index_col=0).rename(columns=OUTPUTS.get(name, {}))
    method = find_method(name, METHODS)
    frame, linear, logged = _expression(folder)
    values = logged if method.spec.needs_log else linear
    genes = list(frame.index)
    if name == "estimate":
        sets, universe = _estimate_sets(data / "references")
        kept = sorted((g, i) for i, g in enumerate(genes) if g in universe)  # the original sorts them
        genes, values = [g for g, _ in kept], values[:, [i for _, i in kept]]
    else:
        sets = _sets(data / "references", method.spec.gene_sets is not None)
        sets = {k: v for k, v in sets.items() if k in expected.columns}
    index = index_sets(sets, genes)
    if method.spec.drops_constant_genes:
        index = index.without(np.ptp(values, axis=0) == 0)
    scores = method.run(values, index, resolve_parameters(method.spec, {}))
    columns = [*index.names, *method.spec.derived]
    found = pd.DataFrame(scores, index=frame.columns, columns=columns).loc[expected.index, expected.columns]
    if name == "plage":  # the original leaves the sign to the library that decomposes
        found = found * np.sign((found * expected).sum())
    return (found - expected).abs().to_numpy(), expected.to_numpy()


@pytest.mark.parametrize(("name", "dataset"), CASES)
def test_equal_to_the_original(name: str, dataset: str, shared_data: Path) -> None:
    difference, expected = compare(name, dataset, shared_data)
    assert expected.size > 0
    assert np.all(difference <= np.maximum(RELATIVE * np.abs(expected), ABSOLUTE)), np.nanmax(difference)


@pytest.mark.parametrize("dataset", ["racle", "sdy420", "imvigor210_subset86", "icb_pan"])
def test_gsva_equals_the_original(dataset: str, shared_data: Path) -> None:
    difference, _ = compare("gsva", dataset, shared_data)
    assert np.median(difference) <= 1e-12
    assert difference.max() <= 5e-3, difference.max()
