"""Pooled effects of simulated studies, compared with metafor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tmescope.stats.meta_analysis import PooledEffect, PoolingOptions, pool_effects, regress_effects
from tmescope.stats.study_influence import egger_test, leave_one_out

FOLDER = Path(__file__).parent / "stats_meta"
CASES = ("three", "five", "alike", "one_large", "many")
OWN = ("estimate", "std_error", "p_value", "ci_low", "ci_high", "prediction_low", "prediction_high")
SPREAD = ("tau2", "i2", "h2", "q", "q_p_value")


def _studies(case: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / "input.tsv", sep="\t")[lambda d: d["case"] == case]


def _rest(case: str) -> pd.Series:
    table = pd.read_csv(FOLDER / "expected_rest.tsv", sep="\t")
    return table[table["case"] == case].set_index("what")["value"]


def _numbers(found: PooledEffect) -> list[float]:
    return [getattr(found, n) for n in OWN] + [getattr(found.spread, n) for n in SPREAD]


@pytest.mark.parametrize("case", CASES)
def test_every_estimator_and_test(case: str) -> None:
    data = _studies(case)
    expected = pd.read_csv(FOLDER / "expected_pooled.tsv", sep="\t")[lambda d: d["case"] == case]
    assert len(expected) == 25
    for row in expected.itertuples():
        name = "fixed" if row.method == "FE" else row.method.lower()
        found = pool_effects(data["effect"], data["std_error"], options=PoolingOptions(tau2=name, test=row.test))
        wanted = np.array([getattr(row, n) for n in (*OWN, *SPREAD)], dtype=float)
        np.testing.assert_allclose(_numbers(found), wanted, rtol=1e-8, atol=1e-10, err_msg=f"{row.method} {row.test}")


@pytest.mark.parametrize("case", CASES)
def test_limits_of_heterogeneity_influence_and_small_studies(case: str) -> None:
    data, expected = _studies(case), _rest(case)
    spread = pool_effects(data["effect"], data["std_error"]).spread
    limits = (spread.tau2_low, spread.tau2_high)
    np.testing.assert_allclose(limits, expected[["tau2_low", "tau2_high"]], rtol=1e-8, atol=1e-10)
    left = leave_one_out(data["effect"], data["std_error"])
    places = range(1, len(data) + 1)
    np.testing.assert_allclose([f.estimate for f in left], expected[[f"without_{i}" for i in places]], rtol=1e-8)
    np.testing.assert_allclose([f.p_value for f in left], expected[[f"without_p_{i}" for i in places]], rtol=1e-8)
    small = egger_test(data["effect"], data["std_error"])
    assert (small.statistic, small.p_value) == pytest.approx(tuple(expected[["egger_statistic", "egger_p"]]), rel=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_meta_regression(case: str) -> None:
    data, expected = _studies(case), _rest(case)
    found = regress_effects(data["effect"], data["std_error"], data["moderator"])
    got = [*found.coefficients, *found.std_errors, found.p_values[1], found.tau2]
    names = ["intercept", "slope", "intercept_se", "slope_se", "slope_p", "residual_tau2"]
    np.testing.assert_allclose(got, expected[names], rtol=1e-8, atol=1e-10)
