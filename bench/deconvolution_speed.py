"""CPU time of deconvolution beside generic solvers on the same problem, and what was recorded of the originals in R."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from tmescope.facts.installed import install

SUMMARY = "CPU seconds of deconvolving 603 tumours beside generic solvers and, as recorded, the R originals"

RUNS = 3
PROGRAMS = {
    "quantiseq": ("quantiseq", 1),
    "quantiseq, genes renamed": ("quantiseq_renamed", 1),
    "quantiseq, genes renamed, the method alone": ("quantiseq_alone", 1),
    "quantiseq, bisquare": ("quantiseq_bisquare", 1),
    "abis": ("abis", 1),
    "abis, the method alone": ("abis_alone", 1),
    "xcell": ("xcell", 1),
    "xcell_raw": ("xcell_raw", 1),
    "xcell, one patient, frozen": ("xcell_frozen", 1),
    "consensustme": ("consensustme", 1),
    "consensustme_gsva": ("consensustme_gsva", 1),
    "consensustme, one patient, frozen": ("consensustme_frozen", 1),
}
"""Ours: label to the function of `bench.peers.deconvolution_python` and every how many samples it is run on."""

PEERS = {
    "quantiseq": {"scipy.optimize.nnls, one by one": ("scipy_nnls", 1)},
    "abis": {"statsmodels RLM, one by one (every 10th, times 10)": ("statsmodels_rlm", 10)},
}
RECORDED = {"quantiseq": 3.9, "abis": 5.2, "xcell": 61.0, "consensustme": 10.4}
"""CPU seconds of the originals in R on this matrix, as recorded when the expected numbers were made; not run here.

They are of the call, without the process that reads the matrix (quanTIseq: 11 with it), and the original always renames
genes: the method alone is what compares."""

_OTHER = ("bisquare", "frozen")
"""Ends of labels of what the originals were not recorded for."""

CHILD = Path(__file__).parent / "peers" / "deconvolution_python.py"


def run() -> list[dict[str, object]]:
    """Measure every program that is there; one row a method and program."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("TMESCOPE_TEST_DATA", default))
    if not data.is_dir():
        return [{"method": "real data are not here: set TMESCOPE_TEST_DATA"}]
    with tempfile.TemporaryDirectory(prefix="tmescope-bench-") as scratch:
        write_inputs(data, Path(scratch))
        return [row for method in PROGRAMS for row in _compare(method, Path(scratch))]


def write_inputs(data: Path, folder: Path) -> None:
    """Write the matrix as each child process reads it, and install the references."""
    frame = pd.read_csv(data / "bulk" / "icb_pan" / "expression.tsv.gz", sep="\t", index_col=0, keep_default_na=False)
    np.save(folder / "values.npy", np.ascontiguousarray(frame.to_numpy(dtype=np.float64).T))
    (folder / "genes.txt").write_text("\n".join(frame.index))
    references, home = data / "references", folder / "facts"
    install("quantiseq", references / "quantiseq", home=home)
    install("hgnc", references / "quantiseq" / "HGNC_genenames_20170418.txt.gz", home=home)
    for name in ("abis", "xcell", "consensustme"):
        install(name, references / name, home=home, accepted=frozenset({name}))


def _compare(method: str, folder: Path) -> list[dict[str, object]]:
    programs = {"tmescope": PROGRAMS[method], **PEERS.get(method, {})}
    costs = {name: [] for name in programs}
    for _ in range(RUNS):
        for name, (function, stride) in programs.items():
            costs[name].append(_measure(function, stride, folder))
    cpu = {name: statistics.median(c["cpu_s"] for c in found) for name, found in costs.items()}
    peak = {name: max(c["peak_gb"] for c in found) for name, found in costs.items()}
    if (recorded := RECORDED.get(method.split(",", maxsplit=1)[0])) and not method.endswith(_OTHER):
        cpu["original in R (recorded)"], peak["original in R (recorded)"] = recorded, float("nan")
    ours = cpu["tmescope"]
    return [
        {"method": method, "program": name, "cpu_s": cpu[name], "peak_gb": peak[name], "times ours": cpu[name] / ours}
        for name in cpu
    ]


def _measure(function: str, stride: int, folder: Path) -> dict[str, float]:
    one_core = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")}
    command = [sys.executable, str(CHILD), str(folder), function, str(stride)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **one_core})
    return json.loads(ended.stdout.strip().splitlines()[-1])
