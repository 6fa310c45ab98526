from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmescope.foundation.errors import InputError
from tmescope.stats.multiplicity import benjamini_hochberg


def test_real_numbers_equal_p_adjust(shared_data) -> None:
    table = pd.read_csv(shared_data / "stats" / "padjust" / "data_expected.tsv", sep="\t")
    np.testing.assert_allclose(benjamini_hochberg(table["p"]), table["BH"], rtol=1e-14)


def test_by_hand_in_the_order_of_the_input() -> None:
    q = benjamini_hochberg([0.04, 0.01, 0.03, 0.9])
    np.testing.assert_allclose(q, [0.16 / 3, 0.04, 0.16 / 3, 0.9])


def test_a_missing_p_value_is_no_part_of_the_family() -> None:
    q = benjamini_hochberg([0.04, np.nan, 0.01, np.nan])
    np.testing.assert_allclose(q, [0.04, np.nan, 0.02, np.nan])
    assert np.isnan(benjamini_hochberg([np.nan, np.nan])).all()
    assert benjamini_hochberg([]).size == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.randoms())
def test_monotone_bounded_and_free_of_order(values: list[float], random) -> None:
    p = np.array(values)
    q = benjamini_hochberg(p)
    assert (q >= p).all()
    assert (q <= 1).all()
    order = np.argsort(p)
    assert (np.diff(q[order]) >= 0).all()
    shuffled = list(range(p.size))
    random.shuffle(shuffled)
    np.testing.assert_array_equal(benjamini_hochberg(p[shuffled]), q[shuffled])


@pytest.mark.parametrize("bad", [-0.01, 1.01])
def test_what_is_no_probability_is_refused(bad: float) -> None:
    with pytest.raises(InputError, match=f"1 p-values lie outside 0 to 1, for example {bad}"):
        benjamini_hochberg([0.5, bad])
