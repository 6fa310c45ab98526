"""CPU time and memory of scoring methods beside other programs, in turns on the same matrix and one core."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

SUMMARY = "CPU seconds and peak memory of scoring 603 tumours for 50 gene sets, beside gseapy, decoupler and R's GSVA"

RUNS = 3
N_SETS = 50
PEERS = {
    "gsva": [("gseapy", "gsva"), ("R", "gsva")],
    "ssgsea": [("gseapy", "ssgsea"), ("R", "ssgsea")],
    "zscore": [("decoupler", "zscore"), ("R", "zscore")],
    "plage": [("R", "plage")],
    "singscore": [],
}
"""Ours to theirs. R's singscore is on Bioconductor only; where it was measured it took 2.0 CPU s."""

HERE = Path(__file__).parent / "peers"


def run() -> list[dict[str, object]]:
    """Score with every program that is there; one row a method and program."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("TMESCOPE_TEST_DATA", default))
    if not data.is_dir():
        return [{"method": "real data are not here: set TMESCOPE_TEST_DATA"}]
    with tempfile.TemporaryDirectory(prefix="tmescope-bench-") as scratch:
        write_inputs(data, Path(scratch))
        return [row for method, peers in PEERS.items() for row in _compare(method, peers, Path(scratch))]


def write_inputs(data: Path, folder: Path) -> None:
    """Write the matrix and its sets as each child process reads them."""
    frame = pd.read_csv(data / "bulk" / "icb_pan" / "expression.tsv.gz", sep="\t", index_col=0, keep_default_na=False)
    values = np.ascontiguousarray(np.log2(frame.to_numpy(dtype=np.float64).T + 1.0))
    table = pd.read_csv(data / "references" / "iobr_signatures" / "signature_collection.tsv", sep="\t")
    genes = set(frame.index)
    sets = {
        str(k): [g for g in dict.fromkeys(v) if g in genes] for k, v in table.groupby("set", sort=False)["gene_symbol"]
    }
    sets = dict(list({k: v for k, v in sets.items() if len(v) >= 2}.items())[:N_SETS])
    np.save(folder / "values.npy", values)
    values.tofile(folder / "values.bin")
    (folder / "genes.txt").write_text("\n".join(frame.index))
    (folder / "samples.txt").write_text("\n".join(frame.columns))
    (folder / "sets.json").write_text(json.dumps(sets))
    (folder / "sets.gmt").write_text("".join(f"{k}\t" + "\t".join(v) + "\n" for k, v in sets.items()))


def _compare(method: str, peers: list[tuple[str, str]], folder: Path) -> list[dict[str, object]]:
    programs = [("tmescope", method), *peers]
    found: dict[str, list[dict[str, float]]] = {}
    for turn in range(RUNS):
        for program, name in programs:
            if turn == 0 or program in found:  # a program that is not there is asked once
                cost = _measure(program, name, folder)
                if cost:
                    found.setdefault(program, []).append(cost)
    rows: list[dict[str, object]] = []
    ours = statistics.median(c["cpu_s"] for c in found["tmescope"])
    for program, _ in programs:
        costs = found.get(program)
        cpu = statistics.median(c["cpu_s"] for c in costs) if costs else float("nan")
        peak = max(c["peak_gb"] for c in costs) if costs else float("nan")
        told = program if costs else f"{program} (not here)"
        rows.append({"method": method, "program": told, "cpu_s": cpu, "peak_gb": peak, "times ours": cpu / ours})
    return rows


def _measure(program: str, method: str, folder: Path) -> dict[str, float] | None:
    if program == "R":
        interpreter = shutil.which("Rscript")
        command = [str(interpreter), str(HERE / "scoring.R"), str(folder), method]
    else:
        peers = os.environ.get(
            "TMESCOPE_PEERS", str(Path(__file__).resolve().parents[1] / ".venv-peers" / "bin" / "python")
        )
        interpreter = sys.executable if program == "tmescope" else shutil.which(peers)
        command = [str(interpreter), str(HERE / "scoring_python.py"), str(folder), program, method]
    if interpreter is None:
        return None
    one_core = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **one_core})
    if ended.returncode:
        print(f"  {program} {method}: {ended.stderr.strip().splitlines()[-1:] or 'failed'}", file=sys.stderr)
        return None
    return json.loads(ended.stdout.strip().splitlines()[-1])
