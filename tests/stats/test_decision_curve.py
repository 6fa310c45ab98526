from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import InputError
from tmescope.stats.decision_curve import measure_net_benefit


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=1, max_size=30))
def test_net_benefit_is_the_mean_utility_and_that_of_the_untreated(rows) -> None:
    p = np.array([a / 10 for a, _ in rows])
    y = np.array([b for _, b in rows], dtype=float)
    t = np.array([0.05, 0.2, 0.5, 0.85])
    found = measure_net_benefit(p, y, t)
    for i, threshold in enumerate(t):
        odds = threshold / (1 - threshold)
        utility = [(1.0 if b else -odds) if a >= threshold else 0.0 for a, b in zip(p, y, strict=True)]
        assert found.net_benefit[i] == pytest.approx(np.mean(utility), rel=1e-8, abs=1e-12)
        spared = [(odds if not b else -1.0) if a < threshold else 0.0 for a, b in zip(p, y, strict=True)]
        assert found.net_benefit[i] - found.treat_all[i] == pytest.approx(np.mean(spared), rel=1e-8, abs=1e-12)


def test_a_perfect_prediction_gains_the_rate_and_bad_input_is_refused() -> None:
    y = np.array([0.0, 1, 1, 0])
    assert measure_net_benefit(y, y, [0.5]).net_benefit[0] == 0.5
    assert measure_net_benefit([np.nan], [1], [0.5]).reason == "empty"
    with pytest.raises(InputError, match="outside"):
        measure_net_benefit([1.2], [1], [0.5])
    with pytest.raises(InputError, match="threshold"):
        measure_net_benefit([0.2], [1], [1.0])
