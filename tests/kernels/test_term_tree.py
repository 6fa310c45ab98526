"""The tree holds every term, word by word, and the bits of first words are set."""

from __future__ import annotations

import numpy as np

from tmescope.horizon.automaton import build_automaton
from tmescope.kernels.term_tree import ALONE, DEAD, find_step, find_token, is_noted, token

TERMS = ["growth", "growth factor", "factor x", "tumor growth factor", "grow", "PD-L1"]
LETTERS = " .0123456789abcdefghijklmnopqrstuvwxyz"


def _walk(automaton, text):
    """Return the node of a text, or DEAD."""
    codes = np.array([LETTERS.index(c) for c in text], dtype=np.uint8)
    word, found, to = (np.zeros(2, dtype=np.int64) for _ in range(3))
    node, at, between = 0, 0, 0
    while at < len(codes):
        token(codes, at, len(codes), word)
        find_token(codes, at, int(word[0]), int(word[1]), automaton.pool, automaton.spans, automaton.slots, found)
        if found[0] == DEAD:
            return DEAD
        if node == 0:
            to[0] = automaton.spans[found[0], 3]
        else:
            find_step(node, between, int(found[0]), automaton.steps, to)
        if to[0] == DEAD:
            return DEAD
        node, between, at = int(to[0]), int(codes[word[0]]) if word[0] < len(codes) else 0, int(word[0]) + 1
    return node


def test_every_term_ends_at_a_node_of_its_own():
    automaton = build_automaton(TERMS, [False] * len(TERMS))
    nodes = [_walk(automaton, text) for text in (*TERMS[:-1], "pd l 1")]
    ending = [int(automaton.leaves[node, 0]) for node in nodes]
    assert sorted(ending) == list(range(len(TERMS)))
    assert _walk(automaton, "tumor growth") != DEAD
    assert automaton.leaves[_walk(automaton, "tumor growth"), 0] == DEAD
    assert {_walk(automaton, text) for text in ("tumor.growth", "gro", "x", "growth x")} == {DEAD}
    assert [int(automaton.leaves[node, 1]) for node in nodes[:3]] == [1, 0, 0]


def _noted(table, first: str, between: int, second: str = "") -> bool:
    word, answer = np.zeros(2, dtype=np.int64), np.zeros(3, dtype=np.int64)
    hashes = []
    for text in (first, second):
        token(np.array([LETTERS.index(c) for c in text], dtype=np.uint8), 0, len(text), word)
        hashes.append(int(word[1]))
    is_noted(table, hashes[0], between, hashes[1], answer)
    return bool(answer[0])


def test_beginnings_of_terms_are_noted():
    automaton = build_automaton(TERMS, [False] * len(TERMS))
    assert sum(int(byte).bit_count() for byte in automaton.begins) == 5
    assert sum(int(byte).bit_count() for byte in automaton.pairs) == 6
    assert _noted(automaton.pairs, "growth", ALONE)
    assert _noted(automaton.pairs, "tumor", 0, "growth")
    assert not _noted(automaton.pairs, "tumor", 1, "growth")
    assert not _noted(automaton.pairs, "tumor", ALONE)
    assert not _noted(automaton.pairs, "growth", 0, "growth")


def test_tables_have_room_for_what_they_hold_and_little_more():
    automaton = build_automaton(TERMS, [False] * len(TERMS))
    assert len(automaton.spans) == 8
    assert len(automaton.pool) == len("growthfactorxtumorgrowpdl1")
    assert (len(automaton.slots), len(automaton.steps)) == (32, 32)
    assert len(automaton.leaves) == 1 + 11
