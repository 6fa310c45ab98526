from __future__ import annotations

import numpy as np
import pytest

from tmescope.stats.cox_model import fit_cox
from tmescope.stats.fine_gray import fit_fine_gray
from tmescope.stats.risk_sets import build_risk_sets


def _sets(*, efron: bool, late: bool = False):
    rng = np.random.default_rng(4)
    n = 30
    time = rng.integers(2, 9, n).astype(float)
    rows = {
        "event": (rng.random(n) < 0.6).astype(float),
        "entry": np.floor(time * rng.random(n)) if late else np.full(n, -np.inf),
        "strata": rng.integers(0, 2, n).astype(float),
        "weights": rng.integers(1, 4, n).astype(float),
    }
    return build_risk_sets(rng.normal(size=(n, 2)), time, rows=rows, efron=efron), rows


@pytest.mark.parametrize("efron", [True, False])
@pytest.mark.parametrize("late", [True, False])
def test_derivatives_are_those_of_the_likelihood(efron: bool, late: bool) -> None:
    sets, _ = _sets(efron=efron, late=late)
    at, small = np.array([0.3, -0.2]), 1e-5
    found = sets.moments(at)
    for i, step in enumerate(np.eye(2) * small):
        up, down = sets.moments(at + step), sets.moments(at - step)
        assert (up.log_likelihood - down.log_likelihood) / (2 * small) == pytest.approx(found.score[i], abs=1e-6)
        np.testing.assert_allclose((down.score - up.score) / (2 * small), found.information[i], atol=1e-6)


@pytest.mark.parametrize("efron", [True, False])
@pytest.mark.parametrize("late", [True, False])
def test_residuals_add_up_to_the_score(efron: bool, late: bool) -> None:
    sets, rows = _sets(efron=efron, late=late)
    if efron:  # Efron's mean weight of tied events lets single residuals differ from the score: equal weights here
        rows["weights"][:] = 1.0
        sets, _ = _sets(efron=efron, late=late)
        sets = build_risk_sets(
            np.random.default_rng(1).normal(size=(30, 2)),
            np.random.default_rng(4).integers(2, 9, 30).astype(float),
            rows=rows,
            efron=True,
        )
    at = np.array([0.1, 0.4])
    total = (sets.score_residuals(at) * rows["weights"][:, None]).sum(axis=0)
    np.testing.assert_allclose(total, sets.moments(at).score, atol=1e-10)


def test_weights_of_one_give_the_plain_information() -> None:
    sets, _ = _sets(efron=True)
    at = np.array([0.1, 0.4])
    ones = tuple(np.ones(s.times.size) for s in sets.strata)
    score, informations = sets.weighted_moments(at, ones)
    np.testing.assert_allclose(score, sets.moments(at).score)
    for information in informations:
        np.testing.assert_allclose(information, sets.moments(at).information)


def test_an_order_that_the_covariate_foretells_never_falls() -> None:
    rows = {
        "event": np.ones(4),
        "entry": np.full(4, -np.inf),
        "strata": np.zeros(4),
        "weights": np.ones(4),
    }
    sets = build_risk_sets(np.array([[4.0], [3.0], [2.0], [1.0]]), np.arange(4.0), rows=rows, efron=True)
    assert sets.never_falls(np.ones(1), slack=0.0)
    assert not sets.never_falls(-np.ones(1), slack=0.1)
    assert sets.reach(np.ones(1)) == 3.0
    assert sets.informative().all()


def test_strata_without_events_are_not_kept() -> None:
    rows = {
        "event": np.array([1.0, 0.0, 0.0]),
        "entry": np.full(3, -np.inf),
        "strata": np.array([0.0, 0.0, 1.0]),
        "weights": np.ones(3),
    }
    sets = build_risk_sets(np.ones((3, 1)), np.array([1.0, 2.0, 3.0]), rows=rows, efron=False)
    assert len(sets.strata) == 1
    np.testing.assert_array_equal(sets.informative(), [True, True, False])


@pytest.mark.parametrize("fit", [
    lambda x, t, e: fit_cox(x, t, e == 1.0),
    lambda x, t, e: fit_fine_gray(x, t, e, cause=1),
], ids=["cox", "fine_gray"])  # fmt: skip
def test_risks_beyond_double_precision_are_no_error(fit):
    # more covariates than events: a step on the way makes a risk set weigh nearly nothing, and one over it overflowed
    rng = np.random.default_rng(32)
    x, time = rng.normal(size=(24, 15)), (rng.exponential(400, 24) + 1).round(1)
    found = fit(x, time, rng.integers(0, 2, 24).astype(float))
    assert found.reason == "monotone_likelihood"
    assert np.isnan(found.coefficients).all()
