"""Forms that are folded alike: strict ones first, then in the order given."""

from __future__ import annotations

import numpy as np

from tmescope.horizon.automaton import build_automaton, find


def _forms(text: str, names: list[str], strict: list[bool]) -> list[int]:
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    found = find(build_automaton(names, strict), data, np.array([0, len(data)], dtype=np.int64))
    return found[:, 1].tolist()


def test_strict_forms_come_first():
    assert _forms("CAT cat Cat", ["cat", "CAT"], [False, True]) == [1, 0, 0]
    assert _forms("CAT cat", ["CAT"], [True]) == [0]
    assert _forms("a-b", ["a b", "A-B"], [False, False]) == [0]


def test_names_without_letters_are_left_out():
    automaton = build_automaton(["...", "a"], [False, False])
    assert automaton.n_terms == 1


def test_an_empty_vocabulary_finds_nothing():
    assert _forms("a b c", [], []) == []
