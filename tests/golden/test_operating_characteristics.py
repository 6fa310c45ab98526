"""A short, seeded version of ``python -m bench coverage_response``."""

from __future__ import annotations

import pytest
from bench import coverage_response as bench


@pytest.mark.parametrize("name", [n for n in bench.SCENARIOS if "bootstrap" not in n])
def test_rates_lie_inside_the_exact_band(name: str) -> None:
    slow = "voom" in name or "mixed" in name
    row = bench.measure(name, 40 if slow else 150, runs=500)
    assert row["band"] == "inside", row
    assert row["lost"] == 0


def test_a_wrong_interval_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    shifted = ("coverage", False, lambda rng, n: bench._inside(rng.normal(0.0, 0.05), rng.normal(0.2, 0.05), 0.0))
    monkeypatch.setitem(bench.SCENARIOS, "wrong", shifted)
    assert bench.measure("wrong", 40, runs=500)["band"] == "OUTSIDE"
