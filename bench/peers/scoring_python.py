"""Child process of `bench.scoring_speed`: score a saved matrix with one Python program, print what it cost as JSON.

Runs under the interpreter of the program that is compared: tmescope is imported only where that is asked for.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

folder, program, method = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
values = np.load(folder / "values.npy")
genes = (folder / "genes.txt").read_text().split("\n")
samples = (folder / "samples.txt").read_text().split("\n")
sets = json.loads((folder / "sets.json").read_text())


def peak_gb() -> float:
    """Return the peak of this process alone: ru_maxrss starts with what its parent held."""
    return int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 2**20


def prepare_tmescope(part: slice):
    from anndata import AnnData

    from tmescope.bulk.scoring import ScoreOptions, score

    adata = AnnData(values[part], pd.DataFrame(index=samples[part]), pd.DataFrame(index=genes))
    options = ScoreOptions(min_coverage=0.0)
    return lambda: score(adata, sets, method=method, scale="log2(tpm+1)", options=options)


def prepare_gseapy(part: slice):
    import gseapy

    frame = pd.DataFrame(values[part].T, index=genes, columns=samples[part])
    if method == "gsva":
        return lambda: gseapy.gsva(frame, sets, min_size=1, max_size=20_000, threads=1, outdir=None)
    return lambda: gseapy.ssgsea(
        frame, sets, min_size=1, max_size=20_000, threads=1, outdir=None, sample_norm_method="rank"
    )


def prepare_decoupler(part: slice):
    import decoupler

    frame = pd.DataFrame(values[part], index=samples[part], columns=genes)
    net = pd.DataFrame([(name, gene) for name, named in sets.items() for gene in named], columns=["source", "target"])
    net = net.drop_duplicates().assign(weight=1.0)
    return lambda: getattr(decoupler.mt, method)(frame, net, tmin=1)


prepare = {"tmescope": prepare_tmescope, "gseapy": prepare_gseapy, "decoupler": prepare_decoupler}[program]
prepare(slice(0, 6))()  # imports and compilation are not what is compared
run = prepare(slice(None))
before = time.process_time()
run()
cost = time.process_time() - before
print(json.dumps({"cpu_s": cost, "peak_gb": peak_gb()}))
