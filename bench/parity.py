"""How far scores are from the numbers of the original R implementations, on the real data that the tests read."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
from tests.golden import test_deconvolution_sets_parity as composition
from tests.golden.test_bulk_parity import CASES, compare

from tmescope.facts.installed import install

SUMMARY = "largest difference from the original implementations, per method and data set (limit: 1e-6 relative or 1e-9)"


def run() -> list[dict[str, object]]:
    """Compare every case; one row each."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("TMESCOPE_TEST_DATA", default))
    if not data.is_dir():
        return [{"method": "real data are not here: set TMESCOPE_TEST_DATA"}]
    rows: list[dict[str, object]] = []
    for name, dataset in CASES:
        difference, expected = compare(name, dataset, data)
        beyond = np.maximum(difference - 1e-9, 0) / np.maximum(np.abs(expected), 1e-300)
        rows.append(
            {
                "method": name,
                "data": dataset,
                "samples x sets": f"{expected.shape[0]} x {expected.shape[1]}",
                "largest absolute": f"{np.nanmax(difference):.1e}",
                "largest relative beyond 1e-9": f"{np.nanmax(beyond):.1e}",
            }
        )
    with tempfile.TemporaryDirectory(prefix="tmescope-bench-") as scratch:
        return rows + _compositions(data, Path(scratch))


def _compositions(data: Path, home: Path) -> list[dict[str, object]]:
    """Compare xCell and ConsensusTME; one row a case."""
    for name in ("xcell", "consensustme"):
        install(name, data / "references" / name, home=home, accepted=frozenset({name}))
    rows: list[dict[str, object]] = []
    for case in composition.CASES:
        found = composition.difference(case, data / "bulk" / case.dataset, home=home)
        rows.append(
            {
                "method": case.method,
                "data": case.dataset,
                "samples x sets": f"{found.size} values, median {np.median(found):.1e}",
                "largest absolute": f"{found.max():.1e}",
                "largest relative beyond 1e-9": "-",
            }
        )
    return rows
