from __future__ import annotations

import pytest

from tmescope.ingest.number_styles import (
    PLAIN,
    NumberStyle,
    as_plain_table,
    find_unclear,
    is_unclear,
    plain_codes,
    plain_numbers,
)


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


@pytest.mark.parametrize(
    ("doubtful", "cells", "unclear"),
    [
        ("", ["1,234", "1.234"], []),
        (".,", ["12.345", "5.67", "0.5"], []),
        (".,", ["12.345", "0.5", "1,234"], [2]),
        (",", ["12.345", "7"], []),
        (".", ["1,234", "7", "1.234"], [2]),
        (".,", ["12.345", "567", "ND"], [0]),
        (".,", ["1.234", "5.67", "2,5"], [0]),
        (".,", ["1.234", "-9,999", "-99.9"], [0]),
    ],
)
def test_a_cell_is_clear_where_its_column_or_the_table_says_so(
    doubtful: str, cells: list[str], unclear: list[int]
) -> None:
    assert find_unclear(NumberStyle(doubtful=doubtful), cells, missing=("-9,999", "-99.9")) == unclear


def test_declared_words_become_what_their_cells_become() -> None:
    style = NumberStyle(",", ".")
    assert as_plain_table(style, ["2,5", "-99.0", "1.234"], missing=["-99.0"]) == ["2.5", "-99.0", "1234"]
    assert plain_codes(style, ["-9,9", "-9.9", "ND", "9.999", "7"]) == ("-9,9", "-9.9", "ND", "9999", "7")
    assert plain_codes(PLAIN, ["-9,9"]) == ("-9,9",)


@pytest.mark.parametrize(
    ("doubtful", "cell", "is_advised"),
    [("", "2,5", True), ("", " -1,234.5", True), ("", "1 234", False), (".,", "1 234", True), (".,", "BRAF, 2", False)],
)
def test_advice_is_for_numbers_of_another_style(doubtful: str, cell: str, is_advised: bool) -> None:
    assert NumberStyle(step="declare it", doubtful=doubtful).advise(["ND", cell]) == "declare it" * is_advised
