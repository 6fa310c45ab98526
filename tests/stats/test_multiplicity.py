from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from tmescope.foundation.errors import InputError
from tmescope.stats.multiplicity import benjamini_hochberg, benjamini_yekutieli, bonferroni, hochberg, holm

BY_NAME = {
    "BH": benjamini_hochberg,
    "BY": benjamini_yekutieli,
    "holm": holm,
    "hochberg": hochberg,
    "bonferroni": bonferroni,
}


@pytest.mark.parametrize("name", BY_NAME)
def test_real_numbers_equal_p_adjust(shared_data, name: str) -> None:
    table = pd.read_csv(shared_data / "stats" / "padjust" / "data_expected.tsv", sep="\t")
    np.testing.assert_allclose(BY_NAME[name](table["p"]), table[name], rtol=1e-13)


@pytest.mark.parametrize("name", BY_NAME)
def test_scipy_and_statsmodels_agree(name: str) -> None:
    p = np.random.default_rng(1).random(40) ** 3
    p[3] = p[7]
    theirs = {"BH": "fdr_bh", "BY": "fdr_by", "holm": "holm", "hochberg": "simes-hochberg", "bonferroni": "bonferroni"}
    np.testing.assert_allclose(BY_NAME[name](p), multipletests(p, method=theirs[name])[1], rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("holm", [0.09, 0.04, 0.09, 0.9]),
        ("hochberg", [0.08, 0.04, 0.08, 0.9]),
        ("bonferroni", [0.16, 0.04, 0.12, 1.0]),
        ("BY", [0.16 / 3 * 25 / 12, 0.04 * 25 / 12, 0.16 / 3 * 25 / 12, 1.0]),
    ],
)
def test_the_others_by_hand(name: str, expected: list[float]) -> None:
    np.testing.assert_allclose(BY_NAME[name]([0.04, 0.01, 0.03, 0.9]), expected)


@pytest.mark.parametrize("name", BY_NAME)
def test_missing_and_empty_families(name: str) -> None:
    found = BY_NAME[name]([np.nan, 0.2, np.nan])
    np.testing.assert_array_equal(found, [np.nan, 0.2, np.nan])
    assert BY_NAME[name]([]).size == 0
    with pytest.raises(InputError, match="outside 0 to 1"):
        BY_NAME[name]([1.5])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_the_order_of_severity(values: list[float]) -> None:
    p = np.array(values)
    bound = 1e-12
    assert (p <= benjamini_hochberg(p) + bound).all()
    assert (benjamini_hochberg(p) <= hochberg(p) + bound).all()
    assert (hochberg(p) <= holm(p) + bound).all()
    assert (holm(p) <= bonferroni(p) + bound).all()
    assert (benjamini_hochberg(p) <= benjamini_yekutieli(p) + bound).all()


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
