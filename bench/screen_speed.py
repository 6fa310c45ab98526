"""CPU time of screens of 20,000 features beside loops of other programs, in turns on the same numbers and one core."""

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

SUMMARY = "CPU seconds of Cox and logistic screens, 500 patients x 20,000 features, beside lifelines, statsmodels and R"

RUNS = 3
N, N_FEATURES = 500, 20_000
PEERS = {
    "cox": [("lifelines", 200), ("R coxph", 1000), ("R coxph.fit", 4000)],
    "cox_adjusted": [("lifelines", 200)],
    "logistic": [("statsmodels", 1000)],
}
"""Ours to theirs, with the features that each of them fits; their time is scaled to all 20,000."""

HERE = Path(__file__).parent / "peers"


def run() -> list[dict[str, object]]:
    """Screen with every program that is there; one row a kind of model and program."""
    with tempfile.TemporaryDirectory(prefix="tmescope-bench-") as scratch:
        write_inputs(Path(scratch))
        return [row for kind, peers in PEERS.items() for row in _compare(kind, peers, Path(scratch))]


def write_inputs(folder: Path) -> None:
    """Write simulated patients: 500 features with an effect, exponential times, some 60% events."""
    rng = np.random.default_rng(6)
    values, covariates = rng.normal(size=(N_FEATURES, N)), rng.normal(size=(3, N))
    risk = values[:500].T @ rng.normal(0, 0.03, 500) + covariates.T @ np.array([0.3, -0.2, 0.0])
    times, censored = rng.exponential(np.exp(-risk)), rng.exponential(1.6, N)
    response = rng.random(N) < 1.0 / (1.0 + np.exp(0.5 - risk))
    parts = {"values": values, "covariates": covariates, "time": np.minimum(times, censored)}
    for name, array in {**parts, "event": times <= censored, "response": response}.items():
        np.ascontiguousarray(array, dtype=np.float64).tofile(folder / f"{name}.bin")


def _compare(kind: str, peers: list[tuple[str, int]], folder: Path) -> list[dict[str, object]]:
    programs = [("tmescope", N_FEATURES), *peers]
    found: dict[str, list[dict[str, object]]] = {}
    for turn in range(RUNS):
        for program, part in programs:
            if turn == 0 or program in found:  # a program that is not there is asked once
                cost = _measure(program, kind, part, folder)
                if cost:
                    found.setdefault(program, []).append(cost)
    ours = _cpu(found["tmescope"], N_FEATURES)
    tight = np.array(found["tmescope"][0]["tight"])
    rows: list[dict[str, object]] = []
    for program, part in programs:
        costs = found.get(program)
        cpu = _cpu(costs, part) if costs else float("nan")
        effects = np.array(costs[0]["effects"]) if costs else np.array([np.nan])
        rows.append(
            {
                "model": kind,
                "program": program if costs else f"{program} (not here)",
                "features": part,
                "cpu_s": cpu,
                "times ours": cpu / ours,
                "log10 of the largest difference": float(np.log10(np.abs(effects - tight).max() + 1e-17)),
            }
        )
    return rows


def _cpu(costs: list[dict[str, object]], part: int) -> float:
    """Return the median cost of all features from that of a part."""
    return statistics.median(float(str(c["cpu_s"])) for c in costs) * N_FEATURES / part


def _measure(program: str, kind: str, part: int, folder: Path) -> dict[str, object] | None:
    if program.startswith("R "):
        interpreter = shutil.which("Rscript")
        command = [str(interpreter), str(HERE / "screen.R"), str(folder), program.removeprefix("R "), str(part)]
    else:
        default = Path(__file__).resolve().parents[1] / ".venv-peers" / "bin" / "python"
        peers = os.environ.get("TMESCOPE_PEERS", str(default))
        interpreter = shutil.which(peers) if program == "lifelines" else sys.executable
        command = [str(interpreter), str(HERE / "screen_python.py"), str(folder), program, kind, str(part)]
    if interpreter is None:
        return None
    one_core = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **one_core})
    if ended.returncode:
        print(f"  {program} {kind}: {ended.stderr.strip().splitlines()[-1:] or 'failed'}", file=sys.stderr)
        return None
    return json.loads(ended.stdout.strip().splitlines()[-1])
