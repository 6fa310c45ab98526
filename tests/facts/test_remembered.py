"""What was read last is kept within bounds, and never what could not be made."""

from __future__ import annotations

import pytest

from tmescope.facts.remembered import Remembered


def test_the_same_key_is_made_once() -> None:
    kept, made = Remembered(most=2, most_bytes=10), []

    def make(name: str) -> list[str]:
        made.append(name)
        return [name]

    first = kept.get("a", lambda: make("a"), n_bytes=1)
    assert kept.get("a", lambda: make("a"), n_bytes=1) is first
    kept.get("b", lambda: make("b"), n_bytes=1)
    kept.get("a", lambda: make("a"), n_bytes=1)
    kept.get("c", lambda: make("c"), n_bytes=1)  # b was asked for longest ago
    kept.get("a", lambda: make("a"), n_bytes=1)
    assert made == ["a", "b", "c"]
    kept.get("b", lambda: make("b"), n_bytes=1)
    assert made == ["a", "b", "c", "b"]
    kept.clear()
    kept.get("b", lambda: make("b"), n_bytes=1)
    assert made[-2:] == ["b", "b"]


def test_bytes_are_bounded() -> None:
    kept, made = Remembered(most=9, most_bytes=10), []
    for name, n in (("large", 11), ("large", 11), ("a", 6), ("b", 6), ("a", 6)):
        kept.get(name, lambda name=name: made.append(name), n_bytes=n)
    assert made == ["large", "large", "a", "b", "a"]


def test_what_fails_is_not_kept() -> None:
    kept = Remembered(most=2, most_bytes=10)

    def fail() -> object:
        message = "no"
        raise ValueError(message)

    with pytest.raises(ValueError, match="no"):
        kept.get("a", fail, n_bytes=1)
    assert kept.get("a", lambda: 1, n_bytes=1) == 1
