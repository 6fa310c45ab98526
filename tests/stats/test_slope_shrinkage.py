from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from tmescope.foundation.errors import InputError
from tmescope.stats.slope_shrinkage import shrink_effects


@pytest.fixture(scope="module")
def planted():
    rng = np.random.default_rng(5)
    truth = np.where(rng.random(3000) < 0.1, rng.normal(0, 0.6, 3000), 0.0)
    error = rng.uniform(0.05, 0.5, 3000)
    return truth, truth + rng.normal(0, error), error


@pytest.fixture(scope="module")
def shrunk(planted):
    return shrink_effects(planted[1], planted[2])


def test_the_posterior_is_that_of_numerical_integration(planted, shrunk) -> None:
    _, b, se = planted
    scales, shares = shrunk.prior_sd[1:], shrunk.prior_share
    # fine near zero, where the narrow parts of the prior lie, and wide enough for all
    side = np.concatenate([[0.0], np.geomspace(1e-7, 8.0, 20_001)])
    x = np.concatenate([-side[:0:-1], side])
    prior = (shares[1:] * stats.norm.pdf(x[:, None], 0, scales)).sum(axis=1)
    for i in (0, int(np.argmax(b)), int(np.argmax(np.abs(b) / se)), int(np.argmin(b))):
        density = prior * stats.norm.pdf(b[i], x, se[i])
        atom = shares[0] * stats.norm.pdf(b[i], 0, se[i])
        mass = integrate.cumulative_trapezoid(density, x, initial=0.0)
        whole = mass[-1] + atom
        assert shrunk.mean[i] == pytest.approx(np.trapezoid(x * density, x) / whole, abs=2e-6)
        bound = shrunk.lower_bound[i]
        below = np.interp(bound, x, mass) / whole
        if bound:
            assert below + (atom / whole if bound > 0 else 0.0) == pytest.approx(0.05, abs=2e-5)
        else:
            assert below <= 0.05 <= below + atom / whole


def test_shrunk_effects_are_nearer_to_the_truth_and_their_bounds_hold(planted, shrunk) -> None:
    truth, b, _ = planted
    assert np.mean((shrunk.mean - truth) ** 2) < 0.4 * np.mean((b - truth) ** 2)
    assert (truth < shrunk.lower_bound).mean() < 0.06
    assert (np.abs(shrunk.mean) <= np.abs(b) + 1e-12).all()
    assert shrunk.prior_share[0] == pytest.approx(0.9, abs=0.06)


@pytest.mark.simulation
def test_false_signs_are_as_many_as_they_say(planted, shrunk) -> None:
    truth, b, _ = planted
    sure = shrunk.false_sign < 0.2
    wrong = np.sign(truth[sure]) != np.sign(b[sure])
    assert sure.sum() > 60
    assert wrong.mean() == pytest.approx(shrunk.false_sign[sure].mean(), abs=0.06)


def test_an_effect_of_the_same_size_ranks_higher_where_it_is_more_certain(planted) -> None:
    _, b, se = planted
    found = shrink_effects([*b, 1.0, 1.0], [*se, 0.1, 0.8])
    assert found.lower_bound[-2] > 0.5 > found.lower_bound[-1]


def test_missing_effects_stay_missing_and_change_nothing(planted, shrunk) -> None:
    _, b, se = planted
    found = shrink_effects([np.nan, *b], [0.1, *se])
    assert np.isnan(found.mean[0]) and np.isnan(found.lower_bound[0])
    np.testing.assert_array_equal(found.lower_bound[1:], shrunk.lower_bound)
    assert np.isnan(shrink_effects([np.nan], [np.nan]).mean).all()


def test_where_nothing_stands_out_everything_is_drawn_to_zero() -> None:
    rng = np.random.default_rng(1)
    found = shrink_effects(rng.normal(0, 0.2, 500), np.full(500, 0.2))
    assert np.abs(found.mean).max() < 0.15
    assert (found.lower_bound <= 0).all()


@pytest.mark.parametrize(("b", "se", "level"), [([1.0], [0.0], 0.05), ([1.0, 2.0], [1.0], 0.05), ([1.0], [1.0], 5)])
def test_what_makes_no_sense_is_refused(b, se, level) -> None:
    with pytest.raises(InputError):
        shrink_effects(b, se, level=level)
