from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tmescope.foundation.errors import InputError
from tmescope.stats.designs import as_matrix, check_columns, complete_rows


@settings(max_examples=100, deadline=None)
@given(hnp.arrays(np.int64, st.tuples(st.integers(2, 8), st.integers(1, 5)), elements=st.integers(-3, 3)))
def test_kept_columns_are_as_many_as_the_rank_beside_an_intercept(x) -> None:
    check = check_columns(x)
    assert len(check.kept) == np.linalg.matrix_rank(np.column_stack([np.ones(len(x)), x])) - 1
    assert sorted([*check.kept, *check.constant, *check.collinear]) == list(range(x.shape[1]))


def test_units_do_not_matter_and_the_first_of_two_equal_columns_is_kept() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=30), rng.normal(size=30)
    x = np.column_stack([a * 1e-6 + 5, b * 1e6, 3 * a - 2, np.full(30, 7.0), a + b])
    check = check_columns(x)
    assert (check.kept, check.constant, check.collinear) == ((0, 1), (3,), (2, 4))
    assert check.reason == "constant"
    assert check_columns(x[:, :2]).reason == ""
    assert check_columns(x[:, :3]).reason == "collinear"


def test_rows_with_a_missing_value_are_dropped_and_lengths_must_agree() -> None:
    x = as_matrix(pd.DataFrame({"a": [1, None, 3], "b": pd.array([1, 2, None], dtype="Int64")}), name="x")
    assert complete_rows(x, np.array([1.0, 2.0, 3.0]))[0].tolist() == [[1.0, 1.0]]
    with pytest.raises(InputError, match="differ in length"):
        complete_rows(x, np.ones(2))
    with pytest.raises(InputError, match="3 dimensions"):
        as_matrix(np.ones((2, 2, 2)), name="x")
    with pytest.raises(InputError, match="infinite"):
        as_matrix([[1.0, np.inf]], name="x")
    assert as_matrix([1.0, 2.0], name="x").shape == (2, 1)
