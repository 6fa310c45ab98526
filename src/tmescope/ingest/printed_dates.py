"""Dates as journals print them: days, months, seasons, ranges; as precise as they are, never more."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

__all__ = ["NEVER", "PrintedDate", "day_number", "parse_printed", "printed_date"]

_EPOCH = date(1970, 1, 1).toordinal()
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = {name: i for i, name in enumerate(_MONTHS, start=1)}
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)", re.ASCII)
_NAME = re.compile(rf"\b({'|'.join(_MONTHS)})[a-z]*\b", re.ASCII | re.IGNORECASE)
_DAY = re.compile(r"\s+(\d{1,2})(?!\s*[-\u2013/]|\d)", re.ASCII)
_LONGEST = 4
_SHOWN = 16
_READ = 200
_REMEMBERED = 1 << 14


class PrintedDate(NamedTuple):
    """When something was published, as far as it is known.

    Parameters
    ----------
    day : int or None
        Days since 1970-01-01; the first day of a month or year where no more is known.
    precision : {'day', 'month', 'year'} or None
        None where there is no date.
    """

    day: int | None
    precision: str | None


NEVER = PrintedDate(None, None)
"""No date."""


def day_number(year: str, month: str, day: str) -> int | None:
    """Return days since 1970-01-01, or None where the three parts are no day.

    Parameters
    ----------
    year, month, day : str
        Digits; the month may be an English name.
    """
    whole = printed_date(year, month, day)
    return whole.day if whole.precision == "day" else None


def printed_date(year: str, month: str = "", day: str = "") -> PrintedDate:
    """Return a date of parts, some of which may be empty.

    Parameters
    ----------
    year, month, day : str
        As given; a month may be a number or an English name. What is no month or day is left out.
    """
    return _date_of(year[:_SHOWN], month[:_SHOWN], day[:_SHOWN])


@lru_cache(maxsize=_REMEMBERED)
def _date_of(year: str, month: str, day: str) -> PrintedDate:
    y, m, d = _number(year), _month(month), _number(day)
    if y is None or _ordinal(y, 1, 1) is None:
        return NEVER
    if m is None:
        return PrintedDate(_ordinal(y, 1, 1), "year")
    whole = None if d is None else _ordinal(y, m, d)
    if whole is None:
        return PrintedDate(_ordinal(y, m, 1), "month")
    return PrintedDate(whole, "day")


def parse_printed(text: str) -> PrintedDate:
    """Return the date that a line of words names, of a range its begin.

    Parameters
    ----------
    text : str
        Such as ``1998 Dec-1999 Jan``, ``2007 Jan-Feb``, ``2000 Spring``, ``2011 Jun 4``, ``1976-1977``.

    Notes
    -----
    A season has no month: its precision is the year. A range of days (``Jun 11-17``) has the precision of its month.
    """
    return _parsed(text[:_READ])


@lru_cache(maxsize=_REMEMBERED)
def _parsed(text: str) -> PrintedDate:
    year = _YEAR.search(text)
    if year is None:
        return NEVER
    month = _NAME.search(text, year.end())
    later = _YEAR.search(text, year.end())
    if month is None or (later is not None and later.start() < month.start()):
        return printed_date(year[1])
    day = _DAY.match(text, month.end())
    return printed_date(year[1], month[1], day[1] if day else "")


def _number(digits: str) -> int | None:
    return int(digits) if len(digits) <= _LONGEST and digits.isascii() and digits.isdigit() else None


def _month(text: str) -> int | None:
    number = _NUMBERS.get(text[:3].lower()) or _number(text)
    return number if number and number <= len(_MONTHS) else None


def _ordinal(year: int, month: int, day: int) -> int | None:
    try:
        return date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
