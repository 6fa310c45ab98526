"""GSVA of counts with its Poisson kernel against R's package, on simulated counts."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData

from tmescope.bulk.scoring import ScoreOptions, score

SUMMARY = "largest and median difference of gsva_poisson from R's GSVA with kcdf = Poisson, by number of samples"

HERE = Path(__file__).parent / "peers"
N_GENES, N_SETS = 2_000, 40


def run() -> list[dict[str, object]]:
    """Return a row for each size of cohort."""
    if shutil.which("Rscript") is None:
        return [{"samples": "Rscript is not here"}]
    return [_compare(n) for n in (8, 40, 120)]


def simulate(n_samples: int) -> tuple[AnnData, dict[str, list[str]]]:
    """Return overdispersed counts, a tenth of the genes hardly expressed, and random gene sets."""
    rng = np.random.default_rng(n_samples)
    level = rng.lognormal(3.0, 1.6, N_GENES) * np.where(rng.random(N_GENES) < 0.1, 0.01, 1.0)
    counts = rng.poisson(level * rng.gamma(4.0, 0.25, size=(n_samples, N_GENES))).astype(np.float64)
    counts = counts[:, counts.std(axis=0) > 0]
    genes = [f"G{i}" for i in range(counts.shape[1])]
    adata = AnnData(counts, pd.DataFrame(index=[f"S{i}" for i in range(n_samples)]), pd.DataFrame(index=genes))
    sets = {f"set{i}": list(rng.choice(genes, rng.integers(5, 60), replace=False)) for i in range(N_SETS)}
    return adata, sets


def _compare(n_samples: int) -> dict[str, object]:
    adata, sets = simulate(n_samples)
    options = ScoreOptions(min_coverage=0.0)
    table = score(adata, sets, method="gsva_poisson", scale="counts", options=options).table
    ours = table.pivot(index="sample_id", columns="feature", values="value").loc[list(adata.obs_names), list(sets)]
    with tempfile.TemporaryDirectory(prefix="tmescope-bench-") as scratch:
        folder = Path(scratch)
        (folder / "genes.txt").write_text("\n".join(adata.var_names) + "\n")
        (folder / "samples.txt").write_text("\n".join(adata.obs_names) + "\n")
        (folder / "sets.gmt").write_text("".join("\t".join([name, *genes]) + "\n" for name, genes in sets.items()))
        np.ascontiguousarray(adata.X).tofile(folder / "values.bin")
        command = [str(shutil.which("Rscript")), str(HERE / "gsva_counts.R"), str(folder)]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        theirs = np.fromfile(folder / "scores.bin").reshape(n_samples, N_SETS)
    gap = np.abs(ours.to_numpy() - theirs)
    told = {"samples": n_samples, "genes": adata.n_vars, "sets": N_SETS, "GSVA": ended.stdout.strip()}
    above = int((gap > 1e-9).sum())
    return {
        **told,
        "median": f"{np.median(gap):.1e}",
        "largest": f"{gap.max():.1e}",
        "above 1e-9": f"{above} of {gap.size}",
    }
