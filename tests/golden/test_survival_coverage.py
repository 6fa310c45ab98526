"""Coverage and type-I error at 500 runs with the seed and the settings of the benchmark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bench import coverage_survival
from bench.coverage_survival import Setting, band, draw, run, simulate

RUNS = 500


@pytest.mark.parametrize(("n", "censored"), [(150, 0.3), (150, 0.6)])
def test_shares_are_inside_the_band(n: int, censored: float) -> None:
    rows = simulate(Setting(n, censored), RUNS)
    outside = [row for row in rows if row["verdict"] != "inside"]
    assert not outside
    assert {row["quantity"] for row in rows} >= {"Cox Wald", "RMST difference", "PH test (km)", "Gray", "Fine-Gray"}


def test_a_wrong_answer_is_outside(monkeypatch) -> None:
    def turned(setting, rng, *, rates):
        drawn = draw(setting, rng, rates=rates)
        return replace(drawn, x=-drawn.x)

    monkeypatch.setattr(coverage_survival, "draw", turned)
    verdicts = {(row["quantity"], row["of"]): row["verdict"] for row in simulate(Setting(150, 0.3), 60)}
    for name in ("Cox Wald", "Cox robust", "Fine-Gray"):
        assert verdicts[name, "coverage"] == "below"


def test_the_band_is_that_of_the_binomial() -> None:
    assert band(10_000, 0.05) == pytest.approx((0.0430, 0.0574), abs=2e-4)


@pytest.mark.parametrize("competing", [True, False])
def test_as_many_are_censored_as_is_said(competing: bool) -> None:
    setting = Setting(4000, 0.6)
    rates = (setting.rate(competing=False), setting.rate(competing=True))
    drawn = draw(setting, np.random.default_rng(1), rates=rates)
    share = np.mean(drawn.other_event == 0) if competing else np.mean(~drawn.event)
    assert share == pytest.approx(0.6, abs=0.03)


def test_options_choose_runs_and_sizes() -> None:
    rows = run(["--runs", "3", "--n", "40"])
    assert {row["n"] for row in rows} == {40}
