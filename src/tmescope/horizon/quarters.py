"""Quarters of a year as running numbers."""

from __future__ import annotations

import re
from datetime import date, timedelta

from tmescope.foundation.errors import InputError

__all__ = ["begin_of", "end_of", "name_of", "number_of", "read_quarter"]

_NAME = re.compile(r"([0-9]{4})Q([1-4])")


def number_of(day: date) -> int:
    """Return the running number of the quarter of a day: four times the year, plus 0 to 3."""
    return 4 * day.year + (day.month - 1) // 3


def name_of(number: int) -> str:
    """Return the name of a quarter, such as ``2021Q4``."""
    return f"{number // 4}Q{number % 4 + 1}"


def begin_of(number: int) -> date:
    """Return the first day of a quarter."""
    return date(number // 4, 3 * (number % 4) + 1, 1)


def end_of(number: int) -> date:
    """Return the last day of a quarter."""
    return begin_of(number + 1) - timedelta(days=1)


def read_quarter(text: str) -> int:
    """Return the running number of a quarter by name.

    Raises
    ------
    InputError
        If the name is not of the form ``2021Q4``.
    """
    match = _NAME.fullmatch(text)
    if match is None:
        raise InputError(f"the quarter is {text!r}", expected="a year and a quarter, such as 2021Q4")
    return 4 * int(match[1]) + int(match[2]) - 1
