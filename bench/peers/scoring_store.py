"""Child process of `bench.scoring_stream`: score a store, print time, memory and the hash of the file as JSON."""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from anndata import AnnData

from tmescope.bulk.frozen import fit_scores
from tmescope.bulk.streaming import StreamOptions, score_store
from tmescope.foundation.provenance import hash_file
from tmescope.ingest.zarr_rows import open_zarr_rows


def peak_gb() -> float:
    """Return the peak of this process alone: ru_maxrss starts with what its parent held."""
    return int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 2**20


store, method, threads, memory = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
rows = open_zarr_rows(store)
rng = np.random.default_rng(1)
sets = {f"set{i}": [rows.genes[g] for g in rng.choice(len(rows.genes), 30, replace=False)] for i in range(50)}
chosen: object = method
if method.endswith("_frozen"):
    cohort = AnnData(rows.read(0, 200).astype(np.float64))
    cohort.var_names = list(rows.genes)
    chosen = fit_scores(cohort, sets, method=method.removesuffix("_frozen"), scale="tpm")
    del cohort
with tempfile.TemporaryDirectory(prefix="tmescope-bench-") as scratch:
    out = Path(scratch) / "scores.parquet"
    wall, cpu = time.monotonic(), time.process_time()
    options = StreamOptions(memory=memory, threads=threads)
    score_store(store, sets, method=chosen, scale="tpm", output=out, options=options)
    cost = {
        "wall_s": time.monotonic() - wall,
        "cpu_s": time.process_time() - cpu,
        "peak_gb": peak_gb(),
        "sha256": hash_file(out),
    }
print(json.dumps(cost))
