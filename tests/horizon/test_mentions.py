"""Mentions of one entity in one part are one row."""

from __future__ import annotations

import datetime as dt

from tmescope.horizon.dictionary import Dictionary
from tmescope.horizon.mentions import Mentions


def _rows(found):
    return [tuple(row.values()) for row in found.table().to_pylist()]


def test_the_first_is_kept_and_all_are_counted():
    found = Mentions(Dictionary(()))
    found.add_one("b", "drug:x", "title", text="X", place=(4, 5))
    found.add_one("a", "drug:x", "title", text="x")
    found.add_one("b", "drug:x", "title", text="xx", place=(9, 11))
    found.add_one("b", "country:US", "country", text="USA", entity_type="country")
    assert _rows(found) == [
        ("b", "drug:x", "drug", "title", 4, 5, "X", 2, None),
        ("b", "country:US", "country", "country", None, None, "USA", 1, None),
        ("a", "drug:x", "drug", "title", None, None, "x", 1, None),
    ]


def test_the_name_that_is_known_longest_is_kept():
    found, days = Mentions(Dictionary(())), (dt.date(2024, 1, 1), dt.date(2020, 1, 1), dt.date(2022, 1, 1))
    for place, day in enumerate(days):
        found.add_one("a", "drug:x", "title", text=f"X{place}", place=(place, place + 1), known_since=day)
    assert _rows(found) == [("a", "drug:x", "drug", "title", 1, 2, "X1", 3, days[1])]
    found.add_one("a", "drug:x", "title", text="old", place=(9, 12))
    assert _rows(found) == [("a", "drug:x", "drug", "title", 9, 12, "old", 4, None)]


def test_nothing_added_is_an_empty_table():
    assert Mentions(Dictionary(())).table().num_rows == 0
