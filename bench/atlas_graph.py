"""What neighbours, clusters, an embedding and integration of many cells cost, beside scanpy and harmonypy."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

SUMMARY = "100,000 cells (or --cells N) x 50 components of 15 types in 40 batches: CPU seconds, memory, what is found"

N_TYPES, N_BATCHES, N_COMPONENTS = 15, 40, 50
STEPS = ("neighbours", "leiden", "umap", "harmony")
_KEYS = ("cpu_s", "peak_gb", "found")


def write_inputs(folder: Path, n_cells: int) -> None:
    """Write Gaussian types with and without shifts of batches, each batch with one of its own in every type."""
    rng = np.random.default_rng(1)
    types, batches = rng.integers(0, N_TYPES, n_cells), rng.integers(0, N_BATCHES, n_cells)
    clean = rng.normal(0.0, 1.0, (N_TYPES, N_COMPONENTS))[types] + rng.normal(size=(n_cells, N_COMPONENTS))
    shifts = rng.normal(0.0, 0.5, (N_BATCHES, N_COMPONENTS))[batches]
    shifts += rng.normal(0.0, 0.2, (N_BATCHES, N_TYPES, N_COMPONENTS))[batches, types]
    np.save(folder / "clean.npy", clean.astype(np.float32))
    np.save(folder / "shifted.npy", (clean + shifts).astype(np.float32))
    np.save(folder / "types.npy", types)
    np.save(folder / "batches.npy", batches)


def run(arguments: Sequence[str] = ()) -> list[dict[str, object]]:
    """Measure every step of both; peers that are not installed are named."""
    parser = argparse.ArgumentParser(prog="python -m bench atlas_graph")
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--steps", default=",".join(STEPS), help="which, with commas")
    asked = parser.parse_args(list(arguments))
    steps = asked.steps.split(",")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder, asked.cells)
        return [row for step in steps for program in ("tmescope", "peers") for row in _measure(program, step, folder)]


def _measure(program: str, step: str, folder: Path) -> list[dict[str, object]]:
    default = Path(__file__).parents[1] / ".venv-peers/bin/python"
    python = sys.executable if program == "tmescope" else os.environ.get("TMESCOPE_PEERS", str(default))
    child = Path(__file__).parent / "peers/atlas_graph.py"
    one_core = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    if not Path(python).exists():
        return [{"step": step, "program": f"{program}: not installed", **dict.fromkeys(_KEYS, "")}]
    command = [python, "-W", "ignore", str(child), str(folder), program, step]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **one_core})
    if ended.returncode:
        why = (ended.stderr.strip().splitlines() or ["no reason given"])[-1]
        return [{"step": step, "program": f"{program}: {why[:80]}", **dict.fromkeys(_KEYS, "")}]
    return [{"step": step, **json.loads(line)} for line in ended.stdout.splitlines() if line.startswith("{")]
