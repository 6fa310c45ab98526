"""Error, correlation and concordance beside numbers that can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tmescope.foundation.errors import InputError
from tmescope.stats.concordance import agreement


def test_the_same_values_agree_fully() -> None:
    found = agreement([0.1, 0.4, 0.5], [0.1, 0.4, 0.5])
    assert (found.n, found.rmse, found.bias) == (3, 0.0, 0.0)
    assert found.pearson == pytest.approx(1.0)
    assert found.ccc == pytest.approx(1.0)


def test_a_shift_lowers_concordance_and_leaves_the_correlation() -> None:
    found = agreement([1.0, 2.0, 3.0], [2.0, 3.0, 4.0])
    assert found.rmse == pytest.approx(1.0)
    assert found.bias == pytest.approx(-1.0)
    assert found.pearson == pytest.approx(1.0)
    assert found.ccc == pytest.approx(2 * (2 / 3) / (2 / 3 + 2 / 3 + 1))


def test_missing_pairs_are_left_out() -> None:
    found = agreement([1.0, np.nan, 3.0], [1.0, 2.0, np.nan])
    assert (found.n, found.rmse) == (1, 0.0)
    assert math.isnan(found.pearson)
    assert math.isnan(found.ccc)
    assert math.isnan(agreement([], []).rmse)


def test_a_constant_has_no_correlation_but_a_concordance() -> None:
    found = agreement([1.0, 1.0], [0.0, 2.0])
    assert math.isnan(found.pearson)
    assert found.ccc == 0.0


def test_lengths_must_agree() -> None:
    with pytest.raises(InputError, match="2 estimates and 1 true"):
        agreement([1.0, 2.0], [1.0])
