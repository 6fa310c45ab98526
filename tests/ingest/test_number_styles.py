from __future__ import annotations

import pytest

from tmescope.ingest.number_styles import PLAIN, NumberStyle, as_plain_table, is_unclear, plain_numbers


def test_numbers_of_the_style_become_plain_and_nothing_else() -> None:
    style = NumberStyle(",", ".")
    assert plain_numbers(style, ["1.234,5", "-0,5", "12.34", "1e-3", "NA", "PD", "1.234", ",5"]) == [
        "1234.5", "-0.5", None, "1e-3", "NA", None, "1234", ".5",
    ]  # fmt: skip
    assert plain_numbers(PLAIN, ["1,5", "1.5"]) == [None, "1.5"]


@pytest.mark.parametrize(
    ("cells", "plain"),
    [
        (["1.234,5", "7"], ["1234.5", "7"]),
        (["2,5", "unknown", ""], ["2.5", "unknown", ""]),
        (["2,5", "1.5"], ["2,5", "1.5"]),
    ],
)
def test_a_column_keeps_what_is_no_number(cells: list[str], plain: list[str]) -> None:
    assert as_plain_table(NumberStyle(",", "."), cells) == plain
    assert as_plain_table(PLAIN, cells) == cells


def test_three_digits_after_one_mark_say_nothing() -> None:
    cells = ["1,234", " 12.345", "-1.234", "0.123", "1.23", "1.2345", "1234.567", "1.234.567", "567", "1,234.5"]
    assert [c for c in cells if is_unclear(c)] == ["1,234", " 12.345", "-1.234"]
