from __future__ import annotations

from datetime import date, timedelta

import pytest

from tmescope.ingest.printed_dates import NEVER, PrintedDate, day_number, parse_printed, printed_date


def _day(found: PrintedDate) -> tuple[date | None, str | None]:
    return (None if found.day is None else date(1970, 1, 1) + timedelta(found.day), found.precision)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1998 Dec-1999 Jan", (date(1998, 12, 1), "month")),
        ("2007 Jan-Feb", (date(2007, 1, 1), "month")),
        ("2000 Spring", (date(2000, 1, 1), "year")),
        ("2000 Spring-2001 Jan", (date(2000, 1, 1), "year")),
        ("1976-1977", (date(1976, 1, 1), "year")),
        ("2011 Jun 4", (date(2011, 6, 4), "day")),
        ("2011 Jun 11-17", (date(2011, 6, 1), "month")),
        ("2011 June 4-July 2", (date(2011, 6, 1), "month")),
        ("2019 Feb 30", (date(2019, 2, 1), "month")),
        ("1st Quarter 1999", (date(1999, 1, 1), "year")),
        ("12345", (None, None)),
        ("0", (None, None)),
        ("", (None, None)),
    ],
)
def test_words(text: str, expected: tuple[date | None, str | None]) -> None:
    assert _day(parse_printed(text)) == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("2020", "02", "29"), (date(2020, 2, 29), "day")),
        (("2020", "Feb", "9"), (date(2020, 2, 9), "day")),
        (("2020", "13", "9"), (date(2020, 1, 1), "year")),
        (("2020", "2", "30"), (date(2020, 2, 1), "month")),
        (("2020", "", "9"), (date(2020, 1, 1), "year")),
        (("0000", "1", "1"), (None, None)),
        (("\u0662\u0660\u0662\u0660", "1", "1"), (None, None)),
        (("9" * 10_000, "1", "1"), (None, None)),
    ],
)
def test_parts(parts: tuple[str, str, str], expected: tuple[date | None, str | None]) -> None:
    assert _day(printed_date(*parts)) == expected
    assert (day_number(*parts) is not None) == (expected[1] == "day")


def test_days_are_counted_from_1970() -> None:
    assert day_number("1970", "1", "2") == 1
    assert printed_date("x") == NEVER
