"""Deconvolution against measured composition, by type: blood with mass cytometry, lymph nodes with flow cytometry."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from bench.consensus import gather, traits
from tmescope.bulk.consensus import ConsensusRule, find_consensus
from tmescope.bulk.harmonised import harmonise
from tmescope.facts.cell_types import load_cell_types
from tmescope.stats.concordance import agreement

SUMMARY = "correlation with measured composition by type, beside what R gives for the same call; error, concordance"

ORIGINALS = {"quantiseq": "quantiseq_lsei", "xcell": "xcell", "mcp_counter": "mcpcounter", "abis": "abis"}
"""Method to the file of what the R original gave."""

CALLS = {
    "sdy420": {
        "quantiseq": {"tumour": False, "renaming": "original"},
        "consensustme": {"cancer": "Unfiltered"},
    },
    "racle": {
        "quantiseq": {"tumour": True, "renaming": "original"},
        "consensustme": {"cancer": "SKCM"},
    },
}
"""Parameters of the originals' calls (SOURCES.md beside their numbers): blood is no tumour, the nodes are melanoma."""


def run() -> list[dict[str, object]]:
    """Return a row for each data set, type and method; the consensus weighs all methods the same here."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("TMESCOPE_TEST_DATA", default))
    if not data.is_dir():
        return [{"data": "real data are not here: set TMESCOPE_TEST_DATA"}]
    additive, families = traits()
    tree = load_cell_types()
    rows: list[dict[str, object]] = []
    for known in gather(data, CALLS):
        consensus = find_consensus(known.estimates, additive=additive, families=families, rule=ConsensusRule())
        ours = harmonise(known.estimates, additive=additive)
        names = {tree.get(c).name: c for c in ours["cl_id"].unique()}
        joint = consensus.estimates.assign(cl_id=consensus.estimates["feature"].map(names))
        units = known.estimates.groupby("method")["unit"].first()
        table = pd.concat([ours, joint[ours.columns]], ignore_index=True)
        originals = _originals(data / "bulk" / known.name, additive)
        for (cl_id, method), part in table.groupby(["cl_id", "method"], sort=False):
            truth = known.truth[known.truth["cl_id"] == cl_id].set_index("sample_id")["value"]
            if not len(truth):
                continue
            value = part.set_index("sample_id")["value"].reindex(truth.index)
            rows.append(_row(known.name, tree.get(str(cl_id)).name, str(method), value, truth))
            family = str(method).removesuffix("_array")
            r = originals[(originals["cl_id"] == cl_id) & (originals["method"] == family)]
            rows[-1]["parameters"] = _told(CALLS[known.name].get(family, {}))
            rows[-1]["R"] = _pearson(r.set_index("sample_id")["value"].reindex(truth.index), truth)
            if units.get(method) == "fraction":
                share = truth / 100 if truth.max() > 1 else truth
                found = agreement(value, share)
                rows[-1] |= {"rmse": f"{found.rmse:.3f}", "ccc": f"{found.ccc:.2f}"}
    return rows


def _row(data: str, cell_type: str, method: str, value: pd.Series, truth: pd.Series) -> dict[str, object]:
    n = int((value.notna() & truth.notna()).sum())
    told = {"data": data, "cell_type": cell_type, "method": method, "n": n, "pearson": _pearson(value, truth)}
    return {**told, "R": "", "rmse": "", "ccc": "", "parameters": ""}


def _told(parameters: Mapping[str, object]) -> str:
    return ", ".join(
        f"{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in parameters.items()
    )


def _pearson(value: pd.Series, truth: pd.Series) -> str:
    there = value.notna() & truth.notna()
    if there.sum() < 4 or value[there].std() == 0:
        return ""
    return f"{np.corrcoef(value[there], truth[there])[0, 1]:.2f}"


def _originals(folder: Path, additive: dict[str, bool]) -> pd.DataFrame:
    parts = []
    for method, file in {**ORIGINALS, "consensustme": "consensustme_ssgsea"}.items():
        wide = pd.read_csv(folder / f"expected_{file}.tsv", sep="\t", index_col=0)
        long = wide.rename_axis("sample_id").reset_index().melt("sample_id", var_name="feature")
        parts.append(long.assign(cohort_id=folder.name, method=method, coverage=1.0))
    return harmonise(pd.concat(parts, ignore_index=True), additive=additive)
