"""One key for a last author, however a source spells the name."""

from __future__ import annotations

import pytest

from tmescope.ingest.author_groups import group_key


@pytest.mark.parametrize(
    ("family", "given", "key"),
    [
        ("García-López", "María", "garcia lopez m"),
        ("GARCIA LOPEZ", "M.", "garcia lopez m"),
        ("O'Brien", "K J", "o brien k"),
        ("Wang", None, "wang"),
        ("李", "明", "李 明"),
        (" ", "J", None),
        (None, None, None),
    ],
)
def test_a_name_has_one_key(family: str | None, given: str | None, key: str | None) -> None:
    assert group_key(family, given) == key


def test_a_collective_stands_where_no_person_is_named() -> None:
    assert group_key(None, None, "METRIC Study Group") == "metric study group"
    assert group_key("Doe", "J", "METRIC Study Group") == "doe j"


def test_a_name_without_end_makes_a_short_key() -> None:
    assert len(group_key("x" * 1_000_000) or "") == 200
