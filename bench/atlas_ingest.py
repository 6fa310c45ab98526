"""How long cells in an h5ad file take to become an atlas, and how much memory, beside AnnData's own way to Zarr."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
from scipy import sparse

from bench.ingest_speed import Cost, measure
from tmescope.simulate import AtlasPlan, simulate_atlas

SUMMARY = "100,000 cells x 20,000 genes (or --cells N) from h5ad, one process each (limit: 8 CPU s with all it makes)"

LIMIT_S = 8.0
"""For 100,000 cells, both orientations."""

N_CELLS = 100_000
ROUNDS = 2

_PEER = "import anndata\nanndata.read_h5ad({path!r}).write_zarr({out!r})"


def write_source(path: Path, n_cells: int, *, compression: str | None = None) -> int:
    """Write simulated cells of many samples as float32, as a user of scanpy has them; return the counts above zero."""
    atlas = simulate_atlas(AtlasPlan(n_cells=n_cells), rng=np.random.default_rng(1))
    counts, tables = [], []
    for block in atlas.blocks():
        counts.append(block.counts.astype(np.float32))
        table = pd.DataFrame({"sample_id": block.sample_id, "cell_type": block.cell_type.to_numpy()})
        tables.append(table.set_axis([f"{block.sample_id}:{b}" for b in block.barcodes], axis="index"))
    matrix = sparse.vstack(counts, format="csr")
    adata = anndata.AnnData(X=matrix, obs=pd.concat(tables), var=pd.DataFrame(index=atlas.genes))
    adata.write_h5ad(path, compression=compression)
    return int(matrix.nnz)


def commands(sheet: Path, source: Path, out: Path) -> dict[str, list[str]]:
    """Return what is measured: ours with one and two threads, and the peer that copies a matrix in memory."""
    tmescope = str(Path(sys.executable).with_name("tmescope"))
    ours = [tmescope, "atlas", "ingest", str(sheet), "-o", str(out), "--quiet"]
    peer = [sys.executable, "-c", _PEER.format(path=str(source), out=str(out))]
    return {
        "tmescope atlas ingest": [*ours, "--threads", "1"],
        "tmescope atlas ingest, 2 threads": [*ours, "--threads", "2"],
        "anndata.read_h5ad, write_zarr": peer,
    }


def run(n_cells: int = N_CELLS) -> list[dict[str, object]]:
    """Measure all in turns, so that what else the machine does meets all of them alike."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        rows = []
        for kind, compression in (("h5ad", None), ("h5ad, gzip", "gzip")):
            source, sheet, out = folder / "cells.h5ad", folder / "sheet.csv", folder / "out.zarr"
            entries = write_source(source, n_cells, compression=compression)
            sheet.write_text(f"sample_column,path\nsample_id,{source.name}\n", encoding="utf-8")
            rows += _rows(kind, commands(sheet, source, out), out, entries=entries, n_cells=n_cells)
            rows.append(_disk(kind, source))
        return rows


def _rows(kind: str, named: dict[str, list[str]], out: Path, *, entries: int, n_cells: int) -> list[dict[str, object]]:
    costs: dict[str, list[Cost]] = {name: [] for name in named}
    sizes: dict[str, int] = {}
    for _ in range(ROUNDS):
        for name, command in named.items():
            shutil.rmtree(out, ignore_errors=True)
            costs[name].append(measure(command))
            sizes[name] = sum(p.stat().st_size for p in out.rglob("*") if p.is_file())
    return [
        {
            "source": kind,
            "what": name,
            "cpu_s": min(c.cpu_s for c in found),
            "peak_gb": min(c.peak_gb for c in found),
            "bytes_a_count": sizes[name] / entries,
            "share_of_limit": min(c.cpu_s for c in found) / (LIMIT_S * n_cells / N_CELLS),
        }
        for name, found in costs.items()
    ]


def _disk(kind: str, source: Path) -> dict[str, object]:
    """Read the file once: what the disk or its cache takes for it."""
    began, cpu = time.perf_counter(), time.process_time()
    with source.open("rb", buffering=0) as file:
        while file.read(1 << 20):
            pass
    speed = source.stat().st_size / 1e9 / (time.perf_counter() - began)
    return {
        "source": kind,
        "what": f"reading the file alone ({speed:.1f} GB/s)",
        "cpu_s": time.process_time() - cpu,
        "peak_gb": 0.0,
        "bytes_a_count": 0.0,
        "share_of_limit": 0.0,
    }


def main(arguments: Sequence[str]) -> int:
    """Run with another number of cells."""
    from bench.__main__ import as_text

    parser = argparse.ArgumentParser(prog="python -m bench atlas_ingest", description=__doc__)
    parser.add_argument("--cells", type=int, default=N_CELLS, help="how many")
    print(as_text(run(parser.parse_args(arguments).cells)))
    return 0
