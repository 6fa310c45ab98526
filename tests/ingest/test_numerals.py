from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.ingest.numerals import is_number, parse_numbers, value_key


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_is_read_as_it_was_written(number: float) -> None:
    values, bad = parse_numbers([repr(number), f" {number!r} "])
    assert bad == []
    assert values.tolist() == [number, number]
    assert is_number(repr(number))


@pytest.mark.parametrize(
    "text",
    ["<1", ">89", "1,5", "1.000,5", "1_000", "0x1", "٣", "1e", "e1", ".", "-", "yes", "1 2", "inf", "1e999"],
)
def test_what_is_not_a_finite_number_is_reported_and_not_guessed(text: str) -> None:
    values, bad = parse_numbers(["1", text, "2"])
    assert bad == [1]
    np.testing.assert_array_equal(values, [1, np.nan, 2])


def test_missing_words_are_exact() -> None:
    values, bad = parse_numbers(["", "NA", "na", "unknown"], missing=("", "NA", "unknown"))
    assert bad == [2]
    assert np.isnan(values).all()


def test_infinities_in_a_matrix_are_left_to_the_check_that_names_their_gene() -> None:
    assert is_number("-inf")
    assert not is_number("infinite")


@pytest.mark.parametrize("code", ["-99", "-99.0", " -99", "-9.9e1"])
def test_a_code_for_missing_is_compared_as_a_number(code: str) -> None:
    values, bad = parse_numbers(["-99.0", "-99", "-99 ", "-98", " NA", "9"], missing=(code, "NA"))
    assert bad == []
    np.testing.assert_array_equal(values, [np.nan, np.nan, np.nan, -98, np.nan, 9])


def test_values_are_one_where_they_are_one_number() -> None:
    assert value_key("1") == value_key(" 1.0 ") == value_key("1e0")
    assert value_key(" Yes ") == "Yes" != value_key("yes")
