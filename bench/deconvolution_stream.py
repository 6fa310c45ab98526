"""Time and memory of composition and scores of a Zarr store that need not fit into memory, by threads."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.scoring_stream import write_store
from tmescope.facts.installed import install
from tmescope.facts.loading import load_reference
from tmescope.facts.signatures import load_collection

SUMMARY = "CPU s and peak memory of samples x 20,000 genes through quanTIseq, MCP-counter and singscore (limit: 2 GB)"

LIMIT_GB = 2.0
CHILD = Path(__file__).parent / "peers" / "deconvolution_store.py"


def run(arguments: Sequence[str] = ()) -> list[dict[str, object]]:
    """Make stores, stream each in child processes; one row a store and number of threads."""
    parser = argparse.ArgumentParser(prog="deconvolution_stream", description=SUMMARY)
    parser.add_argument("--samples", type=int, nargs="+", default=[2_000], help="100000 is what is promised")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--memory-mb", type=int, default=1024)
    asked = parser.parse_args(arguments)
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("TMESCOPE_TEST_DATA", default))
    if not data.is_dir():
        return [{"method": "the reference of quanTIseq is not here: set TMESCOPE_TEST_DATA"}]
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="tmescope-bench-") as scratch:
        home = Path(scratch) / "facts"
        install("quantiseq", data / "references" / "quantiseq", home=home)
        for n_samples in asked.samples:
            store = Path(scratch) / f"{n_samples}.zarr"
            write_store(store, n_samples, named=named_genes(home))
            rows += _measure(store, home, n_samples, asked)
    return rows


def named_genes(home: Path) -> list[str]:
    """Return the genes that quanTIseq and MCP-counter look for."""
    signature = load_reference("quantiseq", home=home).signature
    return list(dict.fromkeys([*signature.rows, *(g for s in load_collection("mcp_counter") for g in s.genes)]))


def _measure(store: Path, home: Path, n_samples: int, asked: argparse.Namespace) -> list[dict[str, object]]:
    size = sum(f.stat().st_size for f in store.rglob("*") if f.is_file()) / 1e9
    rows, written = [], set()
    for threads in asked.threads:
        cost = stream(store, home, threads=threads, memory=asked.memory_mb << 20)
        written.add(tuple(str(cost.pop(name)) for name in sorted(cost) if name.endswith("sha256")))
        print(f"  {n_samples} {threads}: {cost}", file=sys.stderr, flush=True)
        rows.append({"samples": n_samples, "store_gb": size, "threads": threads, **cost, "limit_gb": LIMIT_GB})
    if len(written) > 1:
        message = "other bytes were written with other threads"
        raise RuntimeError(message)
    return rows


def stream(store: Path, home: Path, *, threads: int, memory: int) -> dict[str, object]:
    """Stream in a process of its own and return what it says it took."""
    command = [sys.executable, str(CHILD), str(store), str(home), str(threads), str(memory)]
    # what the libraries would do beside the threads that are measured
    few = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ZARR_THREADING__MAX_WORKERS": str(threads)}
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **few})
    found: dict[str, object] = json.loads(ended.stdout.strip().splitlines()[-1])
    return found
