"""The consensus of deconvolution methods against single ones, on the data set that nothing was learned from."""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd

from tmescope.bulk.consensus import ConsensusRule, family_of
from tmescope.bulk.consensus_learning import KnownComposition, Verdict, learn_rule, leave_one_out
from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve, list_deconvolvers
from tmescope.facts.cell_types import load_cell_types
from tmescope.facts.installed import install
from tmescope.facts.records import DATA

SUMMARY = "Pearson's correlation with the truth: consensus and single methods, weights learned on the other data sets"

REFERENCES = ("quantiseq", "xcell", "consensustme", "abis")
HGNC = Path("quantiseq") / "HGNC_genenames_20170418.txt.gz"
"""HGNC's table by which quanTIseq renames genes where a call asks for it."""
CANCER = {"consensustme": {"cancer": "Unfiltered"}}
"""What every data set is estimated with: sets of no cancer type, and the defaults of all else."""

Calls = Mapping[str, Mapping[str, Mapping[str, object]]]
"""Parameters by data set and method (without ``_array``)."""

METHODS = ("quantiseq", "xcell", "consensustme", "mcp_counter", "abis")
SEED = 20261125
N_SIMULATED, N_DONORS = 120, 6


def run(arguments: Sequence[str] = ()) -> list[dict[str, object]]:
    """Return a row for each data set and cell type, and one for the gain over all types."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("TMESCOPE_TEST_DATA", default))
    if not data.is_dir():
        return [{"data set": "real data are not here: set TMESCOPE_TEST_DATA"}]
    known = gather(data)
    additive, families = traits()
    found = leave_one_out(known, additive=additive, families=families, rng=np.random.default_rng(SEED))
    rows: list[dict[str, object]] = []
    for name, verdict in found.items():
        told = verdict.by_type.to_dict("records")
        rows += [_row(name, **{k: t[k] for k in ("cell_type", "n", "n_methods")}, **_numbers(t)) for t in told]
        interval = f"{verdict.gain:+.3f} [{verdict.ci_low:+.3f}, {verdict.ci_high:+.3f}]"
        rows.append(_row(name, cell_type="gain over the median method, all types", consensus=interval))
    rule = with_warnings(learn_rule(known, additive=additive, families=families), found)
    if "--write" in arguments:
        write_rule(rule)
    for cl_id, weights in rule.weights.items():
        name = load_cell_types().get(cl_id).name
        rows.append(_row("weights from all", cell_type=name, consensus=str(weights)))
    return rows


def with_warnings(rule: ConsensusRule, found: Mapping[str, Verdict]) -> ConsensusRule:
    """Return the rule with a warning for each type that was no better than chance in a data set of ten or more."""
    avoid: dict[str, list[str]] = {}
    for name, verdict in found.items():
        for told in verdict.by_type.to_dict("records"):
            if told["n"] >= 10 and told["ci_low"] <= 0:
                interval = f"{told['consensus']:.2f} (95% CI {told['ci_low']:.2f} to {told['ci_high']:.2f})"
                avoid.setdefault(told["cl_id"], []).append(f"{interval} in {name}, n = {told['n']}")
    sentences = {k: f"its correlation with the truth was {'; '.join(v)}" for k, v in avoid.items()}
    return dataclasses.replace(rule, avoid=sentences)


def write_rule(rule: ConsensusRule) -> None:
    """Write the bundled file anew."""
    tree = load_cell_types()
    lines = [
        "format = 1",
        'name = "consensus"',
        'version = "1"',
        'licence = "Numbers of this project; Apache-2.0."',
        'reference_check = """\\',
        "  Learned by `python -m bench consensus --write` from blood with CyTOF (ImmPort SDY420, 104 \\",
        "  samples), lymph nodes with flow cytometry (Racle 2017, 4 samples) and 120 simulated bulks of \\",
        "  cells of one breast tumour (Wu 2021) with effects of six donors; each type's warning comes \\",
        '  from the data set that nothing was learned from."""',
    ]
    order = [kind.cl_id for kind in tree]
    for cl_id in sorted(rule.weights, key=order.index):
        lines += ["", "[[types]]", f'cl_id = "{cl_id}"', f'name = "{tree.get(cl_id).name}"']
        lines.append(f"avoid = {json.dumps(rule.avoid.get(cl_id, ''))}")
        weights = ", ".join(f"{name} = {weight:g}" for name, weight in sorted(rule.weights[cl_id].items()))
        lines.append(f"weights = {{ {weights} }}")
    (DATA / "consensus.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _row(name: str, **cells: object) -> dict[str, object]:
    heads = ("cell_type", "n", "n_methods", "consensus", "median single", "best")
    return {"data set": name, **{head: cells.get(head, "") for head in heads}}


def _numbers(told: dict[str, float]) -> dict[str, str]:
    interval = f"{told['consensus']:.2f} [{told['ci_low']:.2f}, {told['ci_high']:.2f}]"
    return {
        "consensus": interval,
        "median single": f"{told['median_single']:.2f}",
        "best": f"{told['best_single']:.2f}",
    }


def traits() -> tuple[dict[str, bool], dict[str, str]]:
    """Return which methods give shares, and which reference each stands on."""
    specs = [m.spec for m in list_deconvolvers()]
    return {s.name: s.additive for s in specs}, {s.name: family_of(s) for s in specs}


def gather(data: Path, calls: Calls | None = None) -> list[KnownComposition]:
    """Run all methods on blood, lymph nodes and simulated tumours of which the composition is known.

    With calls, only the data sets that they name are run, with their parameters and, as the originals do, with genes
    under no names but their own.
    """
    known = {"sdy420": _blood, "racle": _nodes, "simulated": simulate}
    with tempfile.TemporaryDirectory(prefix="tmescope-bench-") as scratch:
        home = Path(scratch)
        for name in REFERENCES:
            install(name, data / "references" / name, home=home, accepted=frozenset({name}))
        install("hgnc", data / "references" / HGNC, home=home)
        return [
            _estimate(name, *known[name](data), home, parameters=(calls or {}).get(name, CANCER), mapped=calls is None)
            for name in (calls or known)
        ]


def _estimate(
    name: str,
    adata: ad.AnnData,
    truth: pd.DataFrame,
    home: Path,
    *,
    parameters: Mapping[str, Mapping[str, object]],
    mapped: bool,
) -> KnownComposition:
    known = {m.spec.name for m in list_deconvolvers()}
    suffix = "_array" if adata.uns["tmescope"]["scale"] == "log2_array" else ""
    tables = []
    for method in METHODS:
        chosen = method + suffix if method + suffix in known else method
        asked = parameters.get(method, {})
        options = DeconvolveOptions(min_coverage=0.3, map_symbols=mapped, facts_home=home, parameters=asked)
        tables.append(deconvolve(adata, method=chosen, options=options).table)
    return KnownComposition(name, pd.concat(tables, ignore_index=True), truth)


def _read(folder: Path, scale: str) -> ad.AnnData:
    frame = pd.read_csv(folder / "expression.tsv.gz", sep="\t", index_col=0)
    frame = frame[~frame.index.duplicated()].T
    adata = ad.AnnData(
        frame.to_numpy(dtype=float), pd.DataFrame(index=list(frame.index)), pd.DataFrame(index=list(frame))
    )
    adata.uns["tmescope"] = {"scale": scale, "cohort_id": folder.name}
    return adata


def _blood(data: Path) -> tuple[ad.AnnData, pd.DataFrame]:
    folder, tree = data / "bulk" / "sdy420", load_cell_types()
    wide = pd.read_csv(folder / "truth.tsv", sep="\t", index_col=0)
    named = [c for c in wide if tree.is_itself(c)]
    long = wide[named].rename_axis("sample_id").reset_index().melt("sample_id", value_name="value")
    ids = {c: tree.resolve(c).cl_id for c in named}  # type: ignore[union-attr]
    long["cl_id"] = long["variable"].map(ids)
    return _read(folder, "log2_array"), long[["sample_id", "cl_id", "value"]]


def _nodes(data: Path) -> tuple[ad.AnnData, pd.DataFrame]:
    folder, tree = data / "bulk" / "racle", load_cell_types()
    names = {"T cell CD4+": "CD4+ T cells", "T cell CD8+": "CD8+ T cells", "B cell": "B cells", "NK cell": "NK cells"}
    long = pd.read_csv(folder / "truth.tsv", sep="\t")
    long = long[long["cell_type"].isin(names)]
    ids = {old: tree.resolve(new).cl_id for old, new in names.items()}  # type: ignore[union-attr]
    truth = pd.DataFrame(
        {"sample_id": long["sample"], "cl_id": long["cell_type"].map(ids), "value": long["true_fraction"]}
    )
    return _read(folder, "tpm"), truth


def simulate(data: Path) -> tuple[ad.AnnData, pd.DataFrame]:
    """Mix cells of one tumour into bulks of several donors: each donor's genes differ by a log-normal factor."""
    cells = ad.read_h5ad(data / "cells" / "wu2021_tnbc_CID4465" / "cells.h5ad")
    rng, tree = np.random.default_rng(SEED), load_cell_types()
    labels = cells.obs["celltype_minor"].astype(str)
    counts = labels.value_counts()
    kinds = sorted(k for k in counts.index[counts >= 10] if tree.resolve(_plain(k)) is not None)
    members = {k: np.flatnonzero(labels == k) for k in kinds}
    matrix = cells.X.tocsr() if hasattr(cells.X, "tocsr") else np.asarray(cells.X)
    shift = {(d, k): 2 ** rng.normal(0, 0.5, cells.n_vars) for d in range(N_DONORS) for k in kinds}
    values, truth = [], []
    for i in range(N_SIMULATED):
        share = rng.dirichlet(np.full(len(kinds), 0.7))
        bulk = np.zeros(cells.n_vars)
        for kind, part in zip(kinds, share, strict=True):
            picked = rng.choice(members[kind], size=20)
            bulk += part * np.asarray(matrix[picked].mean(axis=0)).ravel() * shift[i % N_DONORS, kind]
        values.append(1e6 * bulk / bulk.sum())
        truth += _shares(f"sim{i}", dict(zip(kinds, share, strict=True)))
    adata = ad.AnnData(np.array(values), pd.DataFrame(index=[f"sim{i}" for i in range(N_SIMULATED)]), cells.var[[]])
    adata.uns["tmescope"] = {"scale": "tpm", "cohort_id": "simulated"}
    return adata[:, ~adata.var_names.duplicated()].copy(), pd.DataFrame(truth)


def _plain(label: str) -> str:
    return {"DCs": "dendritic cells", "Endothelial ACKR1": "Endothelial"}.get(label, label)


def _shares(sample: str, shares: dict[str, float]) -> list[dict[str, object]]:
    tree, sums = load_cell_types(), dict[str, float]()
    for kind, part in shares.items():
        found = tree.resolve(_plain(kind))
        for one in (found, *tree.ancestors(found.cl_id)):  # type: ignore[union-attr]
            sums[one.cl_id] = sums.get(one.cl_id, 0.0) + part
    return [{"sample_id": sample, "cl_id": cl_id, "value": value} for cl_id, value in sums.items()]
