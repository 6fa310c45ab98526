"""Markers of 15 cell types in a simulated atlas beside scanpy and illico: CPU time, memory, largest differences."""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tmescope.simulate.atlas import simulate_atlas
from tmescope.simulate.atlas_plan import AtlasPlan
from tmescope.store.atlas_turning import write_panels
from tmescope.store.atlas_writing import AtlasWriter, create_atlas

SUMMARY = "CPU s and peak memory of markers (15 types x 20,000 genes) of a simulated atlas, beside scanpy and illico"

PEERS = ("illico", "scanpy")
HERE = Path(__file__).parent / "peers"


def run(arguments: Sequence[str] = ()) -> list[dict[str, object]]:
    """Simulate an atlas, copy it gene by gene, and find markers with each program; one row a step or program."""
    parser = argparse.ArgumentParser(prog="atlas_markers", description=SUMMARY)
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3, help="in turns, the least counts; scanpy runs once")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="tmescope-bench-") as scratch:
        store, small = Path(scratch) / "atlas.zarr", Path(scratch) / "small.zarr"
        write_atlas(store, asked.cells)
        write_atlas(small, 400)
        write_panels(small)
        rows = [_copy(store)]
        programs = ("tmescope", *asked.peers)
        costs: dict[str, list[tuple[float, float, np.ndarray]]] = {p: [] for p in programs}
        for turn in range(asked.runs):
            for program in programs:
                slow = program == "scanpy"
                if (cost := None if turn and slow else _measure(program, store)) is not None:
                    costs[program].append(cost)
        ours = min(costs["tmescope"], key=lambda c: c[0])
        rows += [_row(program, costs[program], ours[0], ours[2]) for program in programs]
    keys = [*rows[-1], "bytes of a count"]
    return [{key: row.get(key, math.nan) for key in keys} for row in rows]


def write_atlas(store: Path, n_cells: int) -> None:
    """Write a simulated atlas of 40 samples and 20,000 genes; it never is in memory."""
    atlas = simulate_atlas(AtlasPlan(n_cells=n_cells), rng=np.random.default_rng(7))
    create_atlas(store, pd.DataFrame(index=atlas.genes))
    writer = AtlasWriter(store)
    for sample_id in atlas.samples.index:
        blocks = atlas.blocks(sample_ids=(sample_id,))
        writer.add_sample(sample_id, ((b.counts, b.cell_type.to_frame("cell_type")) for b in blocks))
    writer.commit()


def _copy(store: Path) -> dict[str, object]:
    """Make the gene-major copy; a small atlas has been copied before, so that nothing is compiled."""
    before = time.process_time()
    layout = write_panels(store)
    cost = time.process_time() - before
    size = sum(s.nbytes for place, shards in layout.shards.items() if place.startswith(".atlas") for s in shards)
    print(f"  {layout.n_entries:,} counts above zero", file=sys.stderr, flush=True)
    each = {"bytes of a count": size / layout.n_entries}
    return {"program": "tmescope, gene-major copy", "cpu_s": cost, "times ours": math.nan, **each, **_differences()}


def _row(
    program: str, costs: list[tuple[float, float, np.ndarray]], ours: float, found: np.ndarray
) -> dict[str, object]:
    cpu, peak, values = min(costs, key=lambda c: c[0]) if costs else (math.nan, math.nan, None)
    name = program if costs else f"{program} (not here)"
    apart = _differences() if values is None or program == "tmescope" else _differences(values, found)
    return {"program": name, "cpu_s": cpu, "times ours": cpu / ours, "peak_gb": peak, **apart}


def _differences(theirs: np.ndarray | None = None, ours: np.ndarray | None = None) -> dict[str, object]:
    """Return by how much scores, log p and fold changes differ at most; p where both hold more than the least float."""
    names = ("score off by", "log p off by", "fold off by")
    if theirs is None or ours is None:
        return dict.fromkeys(names, math.nan)
    there = (theirs[:, 2] > 1e-300) & (ours[:, 2] > 1e-300) & (ours[:, 2] < 0.5)
    logs = np.log(theirs[there, 2]) / np.log(ours[there, 2]) - 1.0
    # what scanpy keeps as float32 differs by its last digit
    score = np.abs(theirs[:, 0] - ours[:, 0]) / np.maximum(np.abs(ours[:, 0]), 1.0)
    fold = np.abs(theirs[:, 1] - ours[:, 1]) / np.maximum(np.abs(ours[:, 1]), 1.0)
    return dict(zip(names, (float(score.max()), float(np.abs(logs).max()), float(fold.max())), strict=True))


def _measure(program: str, store: Path) -> tuple[float, float, np.ndarray] | None:
    default = Path(__file__).resolve().parents[1] / ".venv-peers" / "bin" / "python"
    peers = os.environ.get("TMESCOPE_PEERS", str(default))
    interpreter = sys.executable if program == "tmescope" else shutil.which(peers)
    if interpreter is None:
        return None
    out = store.parent / f"{program}.bin"
    command = [interpreter, str(HERE / "markers_python.py"), program, str(store), str(out)]
    one_core = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **one_core})
    if ended.returncode:
        print(f"  {program}: {ended.stderr.strip().splitlines()[-1:] or 'failed'}", file=sys.stderr)
        return None
    said = json.loads(ended.stdout.strip().splitlines()[-1])
    print(f"  {program}: {said}", file=sys.stderr, flush=True)
    return said["cpu_s"], said["peak_gb"], np.fromfile(out).reshape(-1, 3)
