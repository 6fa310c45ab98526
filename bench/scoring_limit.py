"""Nanoseconds that scoring takes per value, beside what copying, hashing, sorting and looking up take at the least."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from bench.scoring_speed import write_inputs

SUMMARY = "CPU ns per value of scoring 603 x 15,381 x 50 sets, beside memory copy, hash, sort and table look-ups"

RUNS = 3
METHODS = ("zscore", "plage", "mean", "singscore", "ssgsea", "gsva")


def run() -> list[dict[str, object]]:
    """Measure floors and methods in turns in this process; the least of three."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("TMESCOPE_TEST_DATA", default))
    if not data.is_dir():
        return [{"what": "real data are not here: set TMESCOPE_TEST_DATA"}]
    with tempfile.TemporaryDirectory(prefix="tmescope-bench-") as scratch:
        write_inputs(data, Path(scratch))
        values = np.load(Path(scratch) / "values.npy")
        genes = (Path(scratch) / "genes.txt").read_text().split("\n")
        sets = json.loads((Path(scratch) / "sets.json").read_text())
    works = {**floors(values), **methods(values, genes, sets)}
    least = dict.fromkeys(works, float("inf"))
    for _ in range(RUNS):
        for name, work in works.items():
            before = time.process_time()
            work()
            least[name] = min(least[name], time.process_time() - before)
    pairs = values.shape[0] - 1
    return [
        {
            "what": name,
            "cpu_s": cost,
            "ns_per_value": cost / values.size * 1e9,
            "times memory copy": cost / least["memory copy"],
            "ns_per_pair": cost / values.size * 2 / pairs * 1e9 if name in {"gsva", "table look-ups"} else float("nan"),
        }
        for name, cost in least.items()
    ]


def floors(values: np.ndarray) -> dict[str, Callable[[], object]]:
    """Return what no implementation that reads the matrix, ranks it or compares all pairs can avoid."""
    spare = np.empty_like(values)
    table = np.random.default_rng(0).random(10_001)
    places = np.random.default_rng(1).integers(0, 10_001, size=values.size)
    looked = np.empty(values.size)
    pairs = (values.shape[0] - 1) // 2

    def look_up() -> None:
        for _ in range(pairs):
            np.take(table, places, out=looked, mode="clip")

    return {
        "memory copy": lambda: np.copyto(spare, values),
        "sha256": lambda: hashlib.sha256(values.data).hexdigest(),
        "sort of rows": lambda: np.sort(values, axis=1),
        "stable argsort of rows": lambda: np.argsort(values, axis=1, kind="stable"),
        "table look-ups": look_up,
    }


def methods(values: np.ndarray, genes: list[str], sets: dict[str, list[str]]) -> dict[str, Callable[[], object]]:
    """Return whole calls: checks, scale, coverage, scores, table and provenance."""
    from anndata import AnnData

    from tmescope.bulk.scoring import ScoreOptions, score

    adata = AnnData(values, pd.DataFrame(index=[f"S{i}" for i in range(len(values))]), pd.DataFrame(index=genes))
    options = ScoreOptions(min_coverage=0.0)

    def call(method: str, cohort: AnnData) -> object:
        return score(cohort, sets, method=method, scale="log2(tpm+1)", options=options)

    for method in METHODS:
        call(method, adata[:6].copy())  # compilation is not what is measured
    return {method: lambda method=method: call(method, adata) for method in METHODS}
