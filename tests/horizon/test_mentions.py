"""Mentions of one entity in one part are one row."""

from __future__ import annotations

from tmescope.horizon.dictionary import Dictionary
from tmescope.horizon.mentions import Mentions


def test_the_first_is_kept_and_all_are_counted():
    found = Mentions()
    found.add_one("b", "drug:x", "title", text="X", place=(4, 5))
    found.add_one("a", "drug:x", "title", text="x")
    found.add_one("b", "drug:x", "title", text="xx", place=(9, 11))
    found.add_one("b", "country:US", "country", text="USA", entity_type="country")
    rows = [tuple(row.values()) for row in found.table(Dictionary(())).to_pylist()]
    assert rows == [
        ("b", "drug:x", "drug", "title", 4, 5, "X", 2),
        ("b", "country:US", "country", "country", None, None, "USA", 1),
        ("a", "drug:x", "drug", "title", None, None, "x", 1),
    ]
