from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmescope.foundation.errors import InputError
from tmescope.horizon.quarters import begin_of, end_of, name_of, number_of, read_quarter


@given(st.dates(min_value=date(1800, 1, 1), max_value=date(9990, 1, 1)))
def test_every_day_is_in_its_quarter_and_in_no_other(day: date) -> None:
    number = number_of(day)
    assert begin_of(number) <= day <= end_of(number)
    assert end_of(number) + timedelta(days=1) == begin_of(number + 1)
    assert read_quarter(name_of(number)) == number


def test_names_are_those_that_people_use() -> None:
    assert name_of(number_of(date(2021, 12, 31))) == "2021Q4"


@pytest.mark.parametrize("text", ["2021Q5", "2021-4", "Q4", "2021Q4 ", "202\u0661Q1"])
def test_other_names_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="2021Q4"):
        read_quarter(text)
