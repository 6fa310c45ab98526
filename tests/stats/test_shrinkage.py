from __future__ import annotations

import numpy as np
import pytest

from tmescope.foundation.errors import InputError
from tmescope.stats.shrinkage import shrink_effects


@pytest.mark.parametrize("kind", ["normal", "sparse", "none"])
def test_shrunk_effects_are_nearer_to_the_truth_and_their_intervals_hold_it(kind):
    rng = np.random.default_rng(3)
    n, s = 3000, rng.uniform(0.05, 0.2, 3000)
    effects = {
        "normal": rng.normal(0, 0.15, n),
        "sparse": np.where(rng.random(n) < 0.1, rng.normal(0, 0.4, n), 0.0),
        "none": np.zeros(n),
    }[kind]
    b = effects + s * rng.normal(size=n)
    found = shrink_effects(b, s)
    raw, shrunk = (np.sqrt(np.mean((v - effects) ** 2)) for v in (b, found.effect))
    assert shrunk < 0.8 * raw
    covered = np.mean((found.ci_low <= effects) & (effects <= found.ci_high))
    assert covered >= 0.937  # 0.95 less the 99.9% binomial band of 3,000
    assert (np.abs(found.effect) <= np.abs(b)).all()
    assert (np.sign(found.effect) == np.sign(b)).all()


def test_missing_estimates_stay_missing_and_a_handful_teaches_no_prior():
    rng = np.random.default_rng(0)
    b, s = rng.normal(size=30), np.full(30, 0.3)
    b[4] = np.nan
    found = shrink_effects(b, s)
    assert np.flatnonzero(np.isnan(found.effect)).tolist() == [4]
    assert found.n == 29
    few = shrink_effects(b[:6], s[:6])
    assert few.reason == "too_few"
    assert np.isnan(few.effect).all()


def test_senseless_arguments_are_refused():
    with pytest.raises(InputError, match="not above zero"):
        shrink_effects([0.1], [0.0])
    with pytest.raises(InputError, match="2 estimates and 1"):
        shrink_effects([0.1, 0.2], [0.1])
