from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import EndpointError, InputError
from tmescope.stats.arguments import as_binary, as_codes, as_times, as_vector, check_confidence, complete


def test_missing_values_of_all_kinds_become_nan() -> None:
    assert np.isnan(as_vector([1, None], name="x")[1])
    assert np.isnan(as_binary(pd.Series([True, pd.NA], dtype="boolean"), name="y")[1])
    assert np.isnan(as_vector(pd.Series([1, pd.NA], dtype="Float64"), name="x")[1])
    np.testing.assert_array_equal(np.isnan(as_codes([0, -1, np.nan, 2], name="g")), [False, True, True, False])


def test_input_is_not_changed() -> None:
    values = np.array([0.0, -1.0, 1.0])
    as_codes(values, name="g")
    np.testing.assert_array_equal(values, [0.0, -1.0, 1.0])


@pytest.mark.parametrize(
    ("function", "values", "told"),
    [
        (as_vector, [[1.0]], "2 dimensions"),
        (as_vector, [1.0, np.inf], "1 infinite"),
        (as_vector, ["a"], "no numbers"),
        (as_binary, [1, 2, 2], "2 values that are neither 0 nor 1, for example 2.0"),
        (as_codes, [0.5], "no group code"),
        (as_codes, [-2], "no group code"),
        (as_times, [3.0, -1.0], "1 negative values, for example -1.0"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_value(function, values, told) -> None:
    with pytest.raises(InputError, match=told) as caught:
        function(values, name="values")
    assert "argument values" in str(caught.value)


def test_negative_times_are_an_endpoint_error() -> None:
    with pytest.raises(EndpointError):
        as_times([-0.5], name="time")
    assert as_times([0.0], name="time")[0] == 0.0


def test_complete_drops_pairs_and_refuses_other_lengths() -> None:
    a, b = complete(a=np.array([1.0, np.nan, 3.0, 4.0]), b=np.array([1.0, 2.0, np.nan, 5.0]))
    np.testing.assert_array_equal(a, [1.0, 4.0])
    np.testing.assert_array_equal(b, [1.0, 5.0])
    with pytest.raises(InputError, match="a has 1, b has 2"):
        complete(a=np.zeros(1), b=np.zeros(2))


@pytest.mark.parametrize("level", [0.0, 1.0, 95, -0.1, float("nan")])
def test_confidence_is_a_probability(level: float) -> None:
    with pytest.raises(InputError, match="confidence"):
        check_confidence(level)
