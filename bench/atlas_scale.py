"""Memory and time of passes over simulated atlases of growing size, and how far the machine would let them go."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

T = TypeVar("T")
SUMMARY = "CPU s, peak memory and bytes of passes over atlases of 100k cells and more, beside disk and memory"

SIZES = (100_000, 500_000, 1_000_000)
HERE = Path(__file__).parent / "peers"
ROW_MAJOR = ("X/data", "X/indices", "X/indptr")
BYTES_OF_A_CELL = 6_000
"""On the disk: 1,316 counts at 1.8 bytes, and at 1.0 by gene; columns of cells; values of variable genes for a time."""


def run(arguments: Sequence[str] = ()) -> list[dict[str, object]]:
    """Write one atlas after the other, or take some that are there, and pass over each in a process of its own."""
    parser = argparse.ArgumentParser(prog="atlas_scale", description=SUMMARY)
    parser.add_argument("--cells", type=int, nargs="+", default=SIZES)
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--memory", default="1G")
    parser.add_argument("--folder", type=Path, help="where atlases are written for the time of the run")
    parser.add_argument("--free-gb", type=float, default=0.0, help="free space that the folder must have")
    parser.add_argument(
        "--atlas",
        type=Path,
        nargs="+",
        default=[],
        help="simulated atlases that are there already (a gene-major copy that one lacks is added); none is written",
    )
    parser.add_argument(
        "--copies",
        type=int,
        default=1,
        help="times that the cells of --atlas are written into one of their own first: larger, without drawing more",
    )
    asked = parser.parse_args(arguments)
    rows: list[dict[str, object]] = []
    for path in asked.atlas if asked.copies < 2 else ():
        rows += rows_of(path, asked, {"write_cpu_s": float("nan")})
    if rows:
        return rows
    need_space(
        Path(asked.folder or tempfile.gettempdir()), max(asked.free_gb, max(asked.cells) * BYTES_OF_A_CELL / 1e9)
    )
    with tempfile.TemporaryDirectory(prefix="tmescope-bench-", dir=asked.folder) as scratch:
        path = Path(scratch) / "a.zarr"
        for source in asked.atlas or sorted(asked.cells):
            written = write_copies(path, source, asked.copies) if asked.atlas else write_atlas(path, source)
            rows += rows_of(path, asked, written)
            shutil.rmtree(path)
    return rows


def rows_of(path: Path, asked: argparse.Namespace, written: dict[str, float]) -> list[dict[str, object]]:
    """Pass over one atlas with each number of threads; a row for each pass."""
    from tmescope.store.atlas_layout import read_layout

    layout = read_layout(path)
    size = sum(s.nbytes for name in ROW_MAJOR for s in layout.shards[name]) / 1e9
    of = {"cells": layout.n_cells, "store_gb": size, **written}
    print(f"  {of}", file=sys.stderr, flush=True)
    rows: list[dict[str, object]] = []
    for threads in asked.threads:
        found = measure(path, threads=threads, repeats=asked.repeats, memory=asked.memory)
        speeds = found.pop("machine")
        print(f"  {layout.n_cells} cells, threads {threads}: {speeds}", file=sys.stderr, flush=True)
        rows += [row_of(name, cost, speeds, {"threads": threads, **of}) for name, cost in found.items()]
    return rows


def need_space(folder: Path, gigabytes: float) -> None:
    """End, saying what is missing, where a disk has too little space."""
    free = shutil.disk_usage(folder).free / 1e9
    if free < gigabytes:
        message = (
            f"{folder} has {free:.1f} GB free, {gigabytes:.1f} GB are needed: {gigabytes - free:.1f} GB are missing; "
            "name another disk with --folder"
        )
        raise SystemExit(message)


def write_atlas(path: Path, n_cells: int) -> dict[str, float]:
    """Simulate an atlas sample by sample; return what it took."""
    import pandas as pd

    from tmescope.simulate import AtlasPlan, simulate_atlas
    from tmescope.store.atlas_writing import AtlasWriter, create_atlas

    began = time.process_time()
    atlas = simulate_atlas(AtlasPlan(n_cells=n_cells), rng=np.random.default_rng(0))
    create_atlas(path, pd.DataFrame(index=atlas.genes))
    writer = AtlasWriter(path)
    with ThreadPoolExecutor(1) as pool:
        for sample_id in atlas.samples.index:
            blocks = (
                (b.counts, pd.DataFrame({"cell_type": b.cell_type}, index=b.barcodes))
                for b in draw_ahead(atlas.blocks(4096, sample_ids=(sample_id,)), pool)
            )
            writer.add_sample(sample_id, blocks, source="simulated")
            writer.commit()
    return {"write_cpu_s": time.process_time() - began}


def write_copies(path: Path, source: Path, copies: int) -> dict[str, float]:
    """Write the cells of an atlas several times, as other samples; return what it took."""
    import pandas as pd
    from scipy import sparse

    from tmescope.store.atlas_reading import open_atlas
    from tmescope.store.atlas_writing import AtlasWriter, create_atlas

    began = time.process_time()
    atlas = open_atlas(source)
    types = atlas.cells(("cell_type",))["cell_type"]

    def blocks(first: int, last: int) -> Iterator[tuple[sparse.csr_matrix, pd.DataFrame]]:
        for a, b in atlas.bounds(1 << 22, first=first, last=last):
            rows = atlas.rows(a, b)
            counts = sparse.csr_matrix((rows.counts, rows.genes, rows.ends), (b - a, atlas.layout.n_genes))
            yield counts, pd.DataFrame({"cell_type": types[a:b].to_numpy()}, index=[f"c{i}" for i in range(a, b)])

    create_atlas(path, pd.DataFrame(index=atlas.genes().index))
    writer = AtlasWriter(path)
    for copy in range(copies):
        last = 0
        for sample in atlas.layout.samples:
            first, last = last, last + sample.n_cells
            writer.add_sample(f"{sample.sample_id}-{copy}", blocks(first, last), source="copied")
        writer.commit()
    return {"write_cpu_s": time.process_time() - began}


def draw_ahead(blocks: Iterator[T], pool: Executor) -> Iterator[T]:
    """Yield blocks while another thread draws the one that follows."""
    drawn = pool.submit(next, blocks, None)
    while (block := drawn.result()) is not None:
        drawn = pool.submit(next, blocks, None)
        yield block


def measure(path: Path, *, threads: int, repeats: int, memory: str) -> dict[str, dict[str, float]]:
    """Pass over an atlas in a process of its own and return what it says it took."""
    command = [sys.executable, str(HERE / "atlas_passes.py"), str(path), str(threads), str(repeats), memory]
    few = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, **few})
    found: dict[str, dict[str, float]] = json.loads(ended.stdout.strip().splitlines()[-1])
    return found


def row_of(name: str, cost: dict[str, float], machine: dict[str, float], of: dict[str, float]) -> dict[str, object]:
    """Say what one pass took, and the seconds in which disk and memory alone would move what it reads and writes."""
    millions = of["cells"] / 1e6
    return {
        "cells": of["cells"],
        "pass": name,
        "threads": of["threads"],
        "cpu_s": cost["cpu_s"],
        "cpu_s_per_million": cost["cpu_s"] / millions,
        "wall_s": cost["wall_s"],
        "base_gb": cost["base_gb"],
        "peak_gb": cost["peak_gb"],
        "store_gb": of["store_gb"],
        "write_cpu_s": of["write_cpu_s"],
        "disk_s": cost["disk_gb"] / machine["disk_gb_s"],
        "memory_s": cost["memory_gb"] / machine["memory_gb_s"],
        "of_memory": cost["memory_gb"] / machine["memory_gb_s"] / cost["cpu_s"],
    }
