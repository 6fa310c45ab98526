"""The tree holds every term, word by word, and the bits of first words are set."""

from __future__ import annotations

import numpy as np

from tmescope.horizon.automaton import build_automaton
from tmescope.kernels.term_tree import DEAD, find_step, find_token, token

TERMS = ["growth", "growth factor", "factor x", "tumor growth factor", "grow", "PD-L1"]
LETTERS = " .0123456789abcdefghijklmnopqrstuvwxyz"


def _walk(automaton, text):
    """Return the node of a text, or DEAD."""
    codes = np.array([LETTERS.index(c) for c in text], dtype=np.uint8)
    word, found, to = (np.zeros(2, dtype=np.int64) for _ in range(3))
    node, at, between = 0, 0, 0
    while at < len(codes):
        token(codes, at, len(codes), word)
        find_token(codes, at, word, automaton.pool, automaton.spans, automaton.slots, found)
        if found[0] == DEAD:
            return DEAD
        find_step(node, between, int(found[0]), automaton.steps, automaton.nodes, to)
        if to[0] == DEAD:
            return DEAD
        node, between, at = int(to[0]), int(codes[word[0]]) if word[0] < len(codes) else 0, int(word[0]) + 1
    return node


def test_every_term_ends_at_a_node_of_its_own():
    automaton = build_automaton(TERMS, [False] * len(TERMS))
    nodes = [_walk(automaton, text) for text in (*TERMS[:-1], "pd l 1")]
    ending = [int(automaton.terms[node]) for node in nodes]
    assert sorted(ending) == list(range(len(TERMS)))
    assert _walk(automaton, "tumor growth") != DEAD
    assert automaton.terms[_walk(automaton, "tumor growth")] == DEAD
    assert {_walk(automaton, text) for text in ("tumor.growth", "gro", "x", "growth x")} == {DEAD}
    assert [int(automaton.branches[node]) for node in nodes[:3]] == [1, 0, 0]


def test_first_words_of_terms_are_marked():
    begins = build_automaton(TERMS, [False] * len(TERMS)).begins
    assert sum(int(byte).bit_count() for byte in begins) == 5
