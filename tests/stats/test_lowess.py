from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.nonparametric.smoothers_lowess import lowess as theirs

from tmescope.foundation.errors import InputError
from tmescope.stats.lowess import smooth_locally


def test_golden_numbers_of_r(golden) -> None:
    data = golden("stats_voom/lowess.tsv")
    x, smooth = smooth_locally(data["x"], data["y"], fraction=0.4)
    np.testing.assert_allclose(x, data["sorted"])
    np.testing.assert_allclose(smooth, data["smooth"], rtol=1e-9, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(20, 120))
def test_statsmodels_agrees_where_every_point_has_a_line(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = np.sin(x) + rng.normal(size=n)
    found = smooth_locally(x, y, fraction=0.5, delta=0.0)[1]
    # theirs treats residuals near the edges of the bisquare a little differently, up to some 1e-7; R's do not
    np.testing.assert_allclose(found, theirs(y, x, frac=0.5, it=3, delta=0.0)[:, 1], rtol=1e-5, atol=1e-5)


def test_a_straight_line_is_kept_and_constants_too() -> None:
    x = np.arange(30.0)
    np.testing.assert_allclose(smooth_locally(x, 2 * x - 1)[1], 2 * x - 1)
    assert smooth_locally([1.0, 1, 1], [1.0, 2, 3])[1].tolist() == [2.0, 2.0, 2.0]
    with pytest.raises(InputError, match="y 1"):
        smooth_locally([1.0, 2], [1.0])
