"""A short, seeded version of ``python -m bench coverage_change``."""

from __future__ import annotations

import pytest
from bench import coverage_change as bench

RUNS, PATIENTS = 500, 24
MISSING = [s for s in bench.SETTINGS if s.lost]


@pytest.mark.parametrize("setting", MISSING, ids=lambda s: s.name)
def test_changes_are_covered_where_visits_are_missing_at_random(setting):
    rows = {r["effect"]: r for r in bench.measure(setting, PATIENTS, runs=RUNS)}
    assert {"non-responders", "responders", "difference"} <= set(rows)
    for name, row in rows.items():
        if "given" not in name:  # complete pairs alone need more: see docs/methods/change.md
            assert row["band"] == "inside", row
            assert row["lost"] <= 0.02 * RUNS


def test_a_wrong_truth_is_seen(monkeypatch):
    right = bench.truths
    monkeypatch.setattr(bench, "truths", lambda s: {name: v + 0.9 for name, v in right(s).items()})
    rows = bench.measure(bench.SETTINGS[1], 60, runs=40)
    assert {r["band"] for r in rows} == {"OUTSIDE"}


def test_options_choose_settings():
    rows = bench.run(["--runs", "2", "--only", "complete, no change"])
    assert {r["n"] for r in rows} == set(bench.SIZES)
    assert {r["counts"] for r in rows} == {"type I"}
