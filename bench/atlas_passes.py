"""Passes over an atlas beside scanpy, in memory and with Dask: CPU seconds and peak memory, each in its own process."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

SUMMARY = "quality, pseudo-bulk, variable genes, PCA and scores of an atlas, beside scanpy in memory and with Dask"

HERE = Path(__file__).parent / "peers"
RUNS = (
    ("variable genes, seurat", "tmescope", "seurat"),
    ("variable genes, seurat_v3", "tmescope", "seurat_v3"),
    ("first", "tmescope", "first"),
    ("first", "scanpy", "first"),
    ("variable genes, seurat_v3", "scanpy", "seurat_v3"),
    ("pca", "tmescope", "pca"),
    ("pca", "scanpy", "pca"),
    ("pca", "scanpy with Dask", "pca_dask"),
    ("scores of 36 sets", "tmescope", "scores"),
)
"""What is measured, by whom, and its name there. first: quality, pseudo-bulk of sample and type, moments of genes; by
scanpy from loading to variable genes. pca: of 2,000 genes, with reading; by scanpy from the matrix in memory."""


def run(arguments: Sequence[str] = ()) -> list[dict[str, object]]:
    """Measure every task in turns; one row a task and program, the least CPU of the turns."""
    parser = argparse.ArgumentParser(prog="python -m bench atlas_passes", description=__doc__)
    parser.add_argument("--atlas", type=Path, help="an atlas with a column cell_type; simulated if omitted")
    parser.add_argument("--cells", type=int, default=20_000, help="of the simulated one; 100000 is what is promised")
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args(list(arguments))
    with tempfile.TemporaryDirectory(prefix="tmescope-bench-") as scratch:
        folder = Path(scratch)
        path = asked.atlas or _simulate(folder / "atlas.zarr", asked.cells)
        found: dict[tuple[str, str], list[dict[str, float]]] = {}
        for _ in range(asked.turns):
            for task, program, name in RUNS:
                if cost := _measure(program, name, path, folder, threads=asked.threads):
                    found.setdefault((task, program), []).append(cost)
    return [_row(task, program, found) for task, program, _ in RUNS]


def _row(task: str, program: str, found: dict[tuple[str, str], list[dict[str, float]]]) -> dict[str, object]:
    costs = found.get((task, program), [])
    ours = min((c["cpu_s"] for c in found.get((task, "tmescope"), [])), default=float("nan"))
    cpu = min((c["cpu_s"] for c in costs), default=float("nan"))
    said = costs[0] if costs else {}
    checks = {k: v for k, v in said.items() if k not in {"cpu_s", "wall_s", "peak_gb"}}
    return {
        "task": task,
        "program": program if costs else f"{program} (not here)",
        "cpu_s": cpu,
        "times ours": cpu / ours,
        "wall_s": min((c["wall_s"] for c in costs), default=float("nan")),
        "peak_gb": max((c["peak_gb"] for c in costs), default=float("nan")),
        "check": ", ".join(f"{k} {v:.8g}" for k, v in checks.items()),
    }


def _measure(program: str, name: str, path: Path, folder: Path, *, threads: int) -> dict[str, float] | None:
    interpreter: str | None = sys.executable
    script = "atlas_ours.py"
    if program != "tmescope":
        default = Path(__file__).resolve().parents[1] / ".venv-peers" / "bin" / "python"
        interpreter, script = shutil.which(os.environ.get("TMESCOPE_PEERS", str(default))), "atlas_scanpy.py"
    if interpreter is None:
        return None
    command = [interpreter, str(HERE / script), name, str(path), str(folder), str(threads)]
    one_core = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **one_core})
    if ended.returncode:
        print(f"  {program} {name}: {ended.stderr.strip().splitlines()[-1:] or 'failed'}", file=sys.stderr)
        return None
    return json.loads(ended.stdout.strip().splitlines()[-1])


def _simulate(path: Path, n_cells: int) -> Path:
    from tmescope.simulate import AtlasPlan, simulate_atlas
    from tmescope.store.atlas_writing import AtlasWriter, create_atlas

    atlas = simulate_atlas(AtlasPlan(n_cells=n_cells), rng=np.random.default_rng(7))
    create_atlas(path, pd.DataFrame(index=atlas.genes))
    writer = AtlasWriter(path)
    for sample in atlas.samples.index:
        blocks = atlas.blocks(sample_ids=(str(sample),))
        writer.add_sample(
            str(sample), ((b.counts, pd.DataFrame({"cell_type": b.cell_type})) for b in blocks), source="simulated"
        )
    writer.commit()
    return path
