"""Child process of `bench.deconvolution_stream`: stream a store through three methods, print what it took as JSON."""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tmescope.bulk.deconvolution import DeconvolveOptions
from tmescope.bulk.streamed_deconvolution import DeconvolveStream, deconvolve_store
from tmescope.bulk.streaming import StreamOptions, score_store
from tmescope.foundation.provenance import hash_file
from tmescope.ingest.zarr_rows import open_zarr_rows

N_SETS = 50


def peak_gb() -> float:
    """Return the peak of this process alone: ru_maxrss starts with what its parent held."""
    return int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 2**20


store, home, threads, memory = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
genes = open_zarr_rows(store).genes
rng = np.random.default_rng(1)
sets = {f"set{i}": [genes[g] for g in rng.choice(len(genes), 30, replace=False)] for i in range(N_SETS)}
composition = DeconvolveStream(memory, threads, deconvolve=DeconvolveOptions(facts_home=home))
costs: dict[str, object] = {}
with tempfile.TemporaryDirectory(prefix="tmescope-bench-") as scratch:
    for name in ("quantiseq", "mcp_counter", "singscore"):
        out = Path(scratch) / f"{name}.parquet"
        cpu = time.process_time()
        if name == "singscore":
            score_store(store, sets, method=name, scale="tpm", output=out, options=StreamOptions(memory, threads))
        else:
            deconvolve_store(store, method=name, scale="tpm", output=out, options=composition)
        costs[f"{name}_cpu_s"] = time.process_time() - cpu
        costs[f"{name}_sha256"] = hash_file(out)
print(json.dumps({**costs, "peak_gb": peak_gb()}))
