"""Time and memory of scoring a Zarr store that need not fit into memory, with one and with two threads."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

SUMMARY = "CPU s, wall s and peak memory of scoring samples x 20,000 genes x 50 sets from a Zarr store, by threads"

N_GENES = 20_000
N_SETS = 50
CHUNK = 256
METHODS = ("singscore", "ssgsea_raw", "zscore_frozen")
HERE = Path(__file__).parent / "peers"


def run(arguments: Sequence[str] = ()) -> list[dict[str, object]]:
    """Make stores, score each in child processes; one row a store, method and number of threads."""
    parser = argparse.ArgumentParser(prog="scoring_stream", description=SUMMARY)
    parser.add_argument("--samples", type=int, nargs="+", default=[2_000, 8_000])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--memory-mb", type=int, default=1024)
    asked = parser.parse_args(arguments)
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="tmescope-bench-") as scratch:
        for n_samples in asked.samples:
            store = Path(scratch) / f"{n_samples}.zarr"
            write_store(store, n_samples)
            size = sum(f.stat().st_size for f in store.rglob("*") if f.is_file()) / 1e9
            for method in asked.methods:
                written = set()
                for threads in asked.threads:
                    cost = measure(store, method, threads=threads, memory=asked.memory_mb << 20)
                    written.add(cost.pop("sha256"))
                    print(f"  {n_samples} {method} {threads}: {cost}", file=sys.stderr, flush=True)
                    rows.append({"samples": n_samples, "store_gb": size, "method": method, "threads": threads, **cost})
                if len(written) > 1:
                    message = f"{method} wrote other bytes with other threads"
                    raise RuntimeError(message)
    return rows


def write_store(path: Path, n_samples: int, *, named: Sequence[str] = ()) -> None:
    """Write TPM as float32, a third of them zero, in zstd chunks of 256 samples; the store never is in memory.

    The first genes are those that are named.
    """
    import anndata as ad
    import zarr

    genes = [*named, *(f"GENE{i:05d}" for i in range(len(named), N_GENES))]
    obs = pd.DataFrame(index=[f"S{i:06d}" for i in range(n_samples)])
    with ad.settings.override(zarr_write_format=3):
        ad.AnnData(obs=obs, var=pd.DataFrame(index=genes)).write_zarr(path)
    root = zarr.open_group(str(path), mode="r+", use_consolidated=False)
    matrix = root.create_array(
        "X",
        shape=(n_samples, N_GENES),
        chunks=(CHUNK, N_GENES),
        dtype="float32",
        compressors=zarr.codecs.ZstdCodec(level=1),
        overwrite=True,
    )
    matrix.attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
    level = np.random.default_rng(0).normal(1.5, 2.0, N_GENES)

    def fill(first: int) -> None:
        rng = np.random.default_rng(first)
        n = min(CHUNK, n_samples - first)
        tpm = np.exp2(level + rng.standard_normal((n, N_GENES), dtype=np.float32)) - 0.7
        matrix[first : first + n] = np.maximum(tpm, 0).round(2).astype(np.float32)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(fill, range(0, n_samples, CHUNK)))


def measure(store: Path, method: str, *, threads: int, memory: int) -> dict[str, object]:
    """Score in a process of its own and return what it says it took."""
    command = [sys.executable, str(HERE / "scoring_store.py"), str(store), method, str(threads), str(memory)]
    # what the libraries would do beside the threads that are measured
    few = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ZARR_THREADING__MAX_WORKERS": str(threads)}
    began = time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **few})
    found: dict[str, object] = json.loads(ended.stdout.strip().splitlines()[-1])
    return {**found, "process_s": time.monotonic() - began}
