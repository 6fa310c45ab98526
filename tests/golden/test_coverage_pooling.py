"""A short, seeded version of ``python -m bench coverage_pooling``."""

from __future__ import annotations

from bench import coverage_pooling as bench


def test_hartung_knapp_covers_where_studies_are_alike_and_normal_theory_does_not():
    rows = {(r["tau2"], r["errors"]): r for r in bench.measure(500, cohorts=(5,))}
    for tau2 in bench.TAU2:
        assert "*" not in str(rows[(tau2, "alike")]["REML, HK"]).rsplit("/", 1)[0], rows
    assert "*" in str(rows[(0.2, "alike")]["DL, normal"])
    assert "*" in str(rows[(0.2, "alike")]["fixed"])
