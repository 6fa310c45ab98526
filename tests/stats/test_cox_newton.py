from __future__ import annotations

import numpy as np

from tmescope.stats.cox_newton import alias_reasons, maximise
from tmescope.stats.risk_sets import build_risk_sets


def test_columns_are_judged_within_strata_and_by_rows_at_risk() -> None:
    a = np.array([0.0, 1.0, 2.0, 3.0, 0.0, 5.0])
    strata = np.array([0.0, 0, 0, 1, 1, 1])
    x = np.column_stack([a, a + 10 * strata, strata, np.array([1.0, 1, 1, 1, 1, 9])])
    used = np.array([True, True, True, True, True, False])
    assert alias_reasons(x, strata=strata, used=used) == ("", "collinear", "constant", "constant")
    everyone = np.ones(6, dtype=bool)
    assert alias_reasons(x, strata=np.zeros(6), used=everyone) == ("", "", "collinear", "")


def _sets(x, time, event):
    n = len(time)
    rows = {"event": event, "entry": np.full(n, -np.inf), "strata": np.zeros(n), "weights": np.ones(n)}
    return build_risk_sets(np.asarray(x, dtype=float), np.asarray(time, dtype=float), rows=rows, efron=True)


def test_the_score_is_zero_at_the_maximum() -> None:
    rng = np.random.default_rng(0)
    sets = _sets(rng.normal(size=(50, 3)), rng.integers(1, 9, 50), (rng.random(50) < 0.6).astype(float))
    beta, reason = maximise(sets)
    assert reason == ""
    np.testing.assert_allclose(sets.moments(beta).score, 0.0, atol=1e-9)


def test_separation_along_a_sum_is_seen_whatever_the_other_columns_do() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(40, 3))
    quasi = np.column_stack([x, np.concatenate([np.zeros(35), np.ones(5)])])
    time = np.concatenate([rng.exponential(size=35), np.full(5, 50.0)])
    event = np.concatenate([np.ones(35), np.zeros(5)])  # no event among those with the last column
    beta, reason = maximise(_sets(quasi, time, event))
    assert reason == "monotone_likelihood"
    assert np.isnan(beta).all()
