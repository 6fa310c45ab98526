"""How accurate deconvolution with a reference of one's own is on cells that it has not seen, and what it costs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy.optimize import nnls

from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve
from tmescope.bulk.reference_accuracy import hold_out, measure_accuracy
from tmescope.bulk.reference_building import BuildOptions, assemble, read_labels
from tmescope.bulk.references import SignatureReference, cell_fractions
from tmescope.simulate.cells import CellPlan, simulate_cells

SUMMARY = "held-out pseudo-bulks: RMSE of nnls, nu_svr and bayes; CPU s of bayes and nu_svr on 300 and 600 bulks"

SEEDS = 3
RUNS = (
    ("nu_svr", "nu_svr", {}),
    ("bayes, one step", "bayes", {"malignant_step": False}),
    ("bayes", "bayes", {}),
    ("bayes_cohort", "bayes_cohort", {}),
)


def run() -> list[dict[str, object]]:
    """Measure accuracy on real cells, where they are, and on simulated donors; then the cost."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("TMESCOPE_TEST_DATA", default))
    rows: list[dict[str, object]] = []
    path = data / "cells" / "wu2021_tnbc_CID4465" / "cells.h5ad"
    if path.is_file():
        import anndata as ad

        cells = ad.read_h5ad(path)
        options = BuildOptions(labels="celltype_major", malignant="Cancer Epithelial")
        rows += accuracy("wu2021 major, one donor", cells, options)
        rows += accuracy("wu2021 minor, one donor", cells, BuildOptions(labels="celltype_minor", min_cells=60))
    donors = simulate_cells(CellPlan(n_types=8, n_donors=6, n_genes=4000, n_cells=300), rng=np.random.default_rng(1))
    rows += accuracy("simulated, six donors", donors, BuildOptions(donors="donor", malignant="type 1"))
    return rows + costs()


def accuracy(name: str, cells: AnnData, options: BuildOptions) -> list[dict[str, object]]:
    """Return the error of each method, mean over splits."""
    labelled = read_labels(cells, options)
    found: dict[str, list[pd.Series]] = {}
    for seed in range(SEEDS):
        held = hold_out(cells, labelled, options, rng=np.random.default_rng(seed))
        truth, types = np.asarray(held.mixtures.obsm["fractions"]), held.reference.cell_types
        estimates = {"nnls": by_nnls(held.mixtures, held.reference)}
        for label, method, parameters in RUNS:
            chosen = DeconvolveOptions(parameters=parameters)
            table = deconvolve(held.mixtures, method=method, reference=held.reference, options=chosen).table
            estimates[label] = table["value"].to_numpy().reshape(truth.shape)
        for label, values in estimates.items():
            found.setdefault(label, []).append(measure_accuracy(values, truth, types, method=label).iloc[-1])
    return [
        {
            "what": name,
            "method": label,
            "n": sum(int(one["n"]) for one in tables),
            "rmse": float(np.mean([one["rmse"] for one in tables])),
            "pearson": float(np.mean([one["pearson"] for one in tables])),
            "ccc": float(np.mean([one["ccc"] for one in tables])),
            "cpu_s": float("nan"),
        }
        for label, tables in found.items()
    ]


def by_nnls(mixtures: AnnData, reference: SignatureReference) -> np.ndarray:
    """Return fractions by plain non-negative least squares with the same reference."""
    counts = np.asarray(mixtures.X)
    place = [mixtures.var_names.get_loc(g) for g in reference.genes]
    cpm = 1e6 * counts[:, place] / counts.sum(axis=1, keepdims=True)
    return cell_fractions(np.array([nnls(reference.profiles, s)[0] for s in cpm]), reference.size_factors)


def costs() -> list[dict[str, object]]:
    """Return CPU seconds for 300 and 600 bulks of 15,000 genes: ten types of 500 cells, of one donor and of five."""
    rows: list[dict[str, object]] = []
    for n_donors in (1, 5):
        plan = CellPlan(n_types=10, n_donors=n_donors, n_genes=15_000, n_cells=500, n_markers=60)
        cells = simulate_cells(plan, rng=np.random.default_rng(2))
        options = BuildOptions(donors="donor", malignant="type 1")
        before = time.process_time()
        reference = assemble(cells, read_labels(cells, options), options).reference
        rows.append(_cost(f"build, {cells.n_obs:,} cells x 15,000 genes", "-", cells.n_obs, before))
        bulks = make_bulks(cells, 600)
        for label, method, parameters in RUNS:
            for n in (300, 600):
                part = bulks[:n].copy()
                before = time.process_time()
                deconvolve(part, method=method, reference=reference, options=DeconvolveOptions(parameters=parameters))
                n_states = len(reference.states.states) if reference.states else 0
                rows.append(_cost(f"{n} bulks, 10 types, {n_states} states", label, n, before))
    return rows


def make_bulks(cells: AnnData, n: int) -> AnnData:
    """Return bulks of five million reads from the planted profiles."""
    rng = np.random.default_rng(3)
    shares = rng.dirichlet(np.ones(cells.varm["profiles"].shape[1]), n) @ cells.varm["profiles"].T
    values = rng.poisson(5e6 * shares * rng.lognormal(0.0, 0.2, shares.shape)).astype(np.float64)
    obs = pd.DataFrame(index=[f"S{i}" for i in range(n)])
    bulks = AnnData(values, obs=obs, var=pd.DataFrame(index=list(cells.var_names)))
    bulks.uns["tmescope"] = {"scale": "counts", "cohort_id": "bulks"}
    return bulks


def _cost(what: str, method: str, n: int, before: float) -> dict[str, object]:
    seconds = time.process_time() - before
    blank = float("nan")
    return {"what": what, "method": method, "n": n, "rmse": blank, "pearson": blank, "ccc": blank, "cpu_s": seconds}
