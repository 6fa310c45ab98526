"""How long a large matrix takes from text to Zarr and Parquet, and how much memory, beside pandas and Arrow."""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

SUMMARY = "20,000 genes x 1,000 samples (or --samples N) from TSV.gz, one process each (limits: 1.5, 2 matrices)"

LIMIT_RATIO = 1.5
LIMIT_MATRICES = 2.0
LARGE_GB = 1.0
"""Size of a matrix from which the limits are for it, not for loading the libraries."""

ROUNDS = 2
N_GENES = 20_000
_AT_ONCE = 500

PEERS = {
    "pandas.read_csv": "import pandas as pd\npd.read_csv({path!r}, sep='\\t', index_col=0, engine='c')",
    "pyarrow.csv.read_csv": (
        "import pyarrow.csv as c\nc.read_csv({path!r}, parse_options=c.ParseOptions(delimiter='\\t'))"
    ),
    "pandas to_parquet": (
        "import pandas as pd\npd.read_csv({path!r}, sep='\\t', index_col=0, engine='c').to_parquet({out!r})"
    ),
    "pyarrow write_table": (
        "import pyarrow.csv as c, pyarrow.parquet as p\n"
        "p.write_table(c.read_csv({path!r}, parse_options=c.ParseOptions(delimiter='\\t')), {out!r})"
    ),
}
"""What the peers run; those that only read are what tmescope's reading, checking and writing is held against."""

OURS = {"tmescope convert, zarr": ".zarr", "tmescope convert, parquet": ".parquet"}


@dataclass(frozen=True)
class Cost:
    """What one process took: seconds of processor (user and system), and its largest resident size."""

    cpu_s: float
    peak_gb: float


_STARTER = """
import json, os, sys
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, usage = os.wait4(pid, 0)
code = os.waitstatus_to_exitcode(status)
print(json.dumps([code, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""
"""A process counts the memory of the one that it was split from: a bare interpreter in between has hardly any."""


def measure(command: Sequence[str]) -> Cost:
    """Run a command to its end and return what it cost; a command that fails is an error."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    starter = [sys.executable, "-I", "-S", "-c", _STARTER, *command]
    ended = subprocess.run(starter, check=True, stdout=subprocess.PIPE, env=environment)
    code, cpu_s, peak = json.loads(ended.stdout)
    if code:
        raise RuntimeError(f"{command[0]} ended with {code}")
    return Cost(cpu_s, peak * (1 if sys.platform == "darwin" else 1024) / 1e9)


def write_matrix(path: Path, n_samples: int, n_genes: int = N_GENES) -> None:
    """Write simulated log2(tpm+1) with six digits and about a fifth of zeros, genes in rows."""
    rng = np.random.default_rng(1)
    means = rng.normal(2.5, 2.0, n_genes)
    names = ["gene", *(f"S{i:05d}" for i in range(n_samples))]
    with gzip.open(path, "wb", compresslevel=4) as handle:
        handle.write(("\t".join(names) + "\n").encode())
        for first in range(0, n_genes, _AT_ONCE):
            some = means[first : first + _AT_ONCE, None]
            values = np.maximum(rng.normal(some, 1.5, (len(some), n_samples)), 0.0)
            values[rng.random(values.shape) < 0.1] = 0.0
            rounded = np.where(values < 10, values.round(5), values.round(4))
            genes = pa.array([f"LOC{900_000 + first + i}" for i in range(len(some))])
            table = pa.Table.from_arrays([genes, *(pa.array(c) for c in np.ascontiguousarray(rounded.T))], names)
            style = pacsv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
            pacsv.write_csv(table, handle, style)


def commands(path: Path, out: Path) -> dict[str, list[str]]:
    """Return what each contender runs."""
    tmescope = str(Path(sys.executable).with_name("tmescope"))
    found = {n: [sys.executable, "-c", c.format(path=str(path), out=f"{out}.parquet")] for n, c in PEERS.items()}
    for name, ending in OURS.items():
        written = f"{out}{ending}"
        found[name] = [tmescope, "convert", str(path), "--scale", "log2(tpm+1)", "-o", written, "--force"]
    return found


def run(arguments: Sequence[str] = ()) -> list[dict[str, object]]:
    """Measure all contenders in turns, one process at a time; the least of two rounds counts."""
    parser = argparse.ArgumentParser(prog="python -m bench ingest_speed")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args(list(arguments))
    costs: dict[str, list[Cost]] = {}
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.tsv.gz", Path(folder) / "large.tsv.gz"
        write_matrix(small, 300, N_GENES)
        for command in commands(small, Path(folder) / "out").values():
            measure(command)  # the first run writes byte code and compiles the kernel
        write_matrix(large, asked.samples)
        for _ in range(asked.rounds):
            for name, command in commands(large, Path(folder) / "out").items():
                costs.setdefault(name, []).append(measure(command))
    least = {n: Cost(min(c.cpu_s for c in found), min(c.peak_gb for c in found)) for n, found in costs.items()}
    return _rows(least, matrix_gb=8e-9 * N_GENES * asked.samples)


def _rows(least: dict[str, Cost], *, matrix_gb: float) -> list[dict[str, object]]:
    pandas, arrow = least["pandas.read_csv"], least["pyarrow.csv.read_csv"]
    rows: list[dict[str, object]] = []
    for name, cost in least.items():
        ratio, matrices = cost.cpu_s / min(pandas.cpu_s, arrow.cpu_s), cost.peak_gb / matrix_gb
        within = "yes" if ratio <= LIMIT_RATIO and matrices <= LIMIT_MATRICES else "NO"
        if name not in OURS or matrix_gb < LARGE_GB:
            within = ""
        rows.append(
            {
                "contender": name,
                "cpu_s": cost.cpu_s,
                "cpu / pandas": cost.cpu_s / pandas.cpu_s,
                "cpu / pyarrow": cost.cpu_s / arrow.cpu_s,
                "peak_gb": cost.peak_gb,
                "peak / matrix": matrices,
                "within limits": within,
            }
        )
    return rows
