"""CPU time of xCell and ConsensusTME on 603 tumours, and how far they are from the originals on every data set."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from anndata import AnnData
from tests.golden.test_deconvolution_sets_parity import CASES, cohort, difference

from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve
from tmescope.bulk.frozen_deconvolution import FrozenDeconvolution, apply_deconvolution, fit_deconvolution
from tmescope.facts.installed import install

SUMMARY = "CPU seconds of xCell and ConsensusTME beside what the R originals took, and largest differences from them"

RUNS = 3
ORIGINAL = {"xcell": 61.0, "consensustme": 10.4}
"""CPU seconds of the R originals on the same matrix and one core, as they were recorded when its numbers were made."""
CALLS = {
    "xcell": {},
    "xcell_raw": {},
    "consensustme": {"cancer": "Unfiltered"},
    "consensustme_gsva": {"cancer": "Unfiltered"},
}


def run() -> list[dict[str, object]]:
    """Return a row for each method and what is done with it, then one for each comparison with an original."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("TMESCOPE_TEST_DATA", default))
    if not data.is_dir():
        return [{"method": "real data are not here: set TMESCOPE_TEST_DATA"}]
    with tempfile.TemporaryDirectory(prefix="tmescope-bench-") as scratch:
        home = Path(scratch)
        for name in ("xcell", "consensustme"):
            install(name, data / "references" / name, home=home, accepted=frozenset({name}))
        return [*_time(data, home), *_compare(data, home)]


def _time(data: Path, home: Path) -> list[dict[str, object]]:
    tumours = cohort(data / "bulk" / "icb_pan")
    rows = []
    for method, parameters in CALLS.items():
        options = DeconvolveOptions(facts_home=home, parameters=parameters)
        few = fit_deconvolution(tumours[:3].copy(), method=method, options=options)
        _apply(few, tumours, home)  # compiles
        whole = _median(lambda m=method, o=options: deconvolve(tumours, method=m, options=o))
        model = fit_deconvolution(tumours, method=method, options=options)
        patient = _median(lambda m=model: _apply(m, tumours, home))
        rows.append(_row(method, "603 tumours, whole call", f"{whole:.2f}"))
        if method in ORIGINAL:
            rows[-1]["R took, times ours"] = f"{ORIGINAL[method]}, {ORIGINAL[method] / whole:.0f}"
        rows.append(_row(method, "one patient, frozen", f"{patient:.2f}"))
    return rows


def _apply(model: FrozenDeconvolution, tumours: AnnData, home: Path) -> None:
    apply_deconvolution(model, tumours[:1].copy(), options=DeconvolveOptions(facts_home=home))


def _row(method: str, what: str, cpu_s: str = "", median: str = "", largest: str = "") -> dict[str, object]:
    return {
        "method": method,
        "what": what,
        "CPU s": cpu_s,
        "R took, times ours": "",
        "median difference": median,
        "largest": largest,
    }


def _median(call: Callable[[], object]) -> float:
    found = []
    for _ in range(RUNS):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return statistics.median(found)


def _compare(data: Path, home: Path) -> list[dict[str, object]]:
    rows = []
    for case in CASES:
        found = difference(case, data / "bulk" / case.dataset, home=home)
        what = f"{case.dataset}, {case.file}"
        rows.append(_row(case.method, what, median=f"{np.median(found):.1e}", largest=f"{found.max():.1e}"))
    return rows
