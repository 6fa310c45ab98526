"""The tree holds every term, and its links are the longest ends that begin a term at a word."""

from __future__ import annotations

import numpy as np

from tmescope.horizon.automaton import build_automaton
from tmescope.kernels.term_tree import DEAD, TOKEN_BYTES, mark_tokens, token

TERMS = ["growth", "growth factor", "factor x", "tumor growth factor", "grow"]


def _strings(automaton) -> list[str]:
    names = [""]
    letters = " .0123456789abcdefghijklmnopqrstuvwxyz"
    parents = np.searchsorted(automaton.first, np.arange(len(automaton.labels)), side="right") - 1
    for node in range(1, len(automaton.labels)):
        names.append(names[parents[node]] + letters[automaton.labels[node]])
    return names


def test_links_are_the_longest_ends_that_begin_at_a_word():
    automaton = build_automaton(TERMS, [False] * len(TERMS))
    names = _strings(automaton)
    assert {names[i] for i in range(len(names)) if automaton.terms[i] != DEAD} == set(TERMS)
    for node, name in enumerate(names):
        ends = [name[i + 1 :] for i, c in enumerate(name) if c == " " and name[i + 1 :] in names]
        expected = ends[0] if ends else None
        found = names[automaton.fails[node]] if automaton.fails[node] != DEAD else None
        assert found == expected, name
        shorter = [end for end in ends if end in TERMS]
        assert automaton.outputs[node] == (names.index(shorter[0]) if shorter else DEAD)


def test_first_words_of_terms_are_marked():
    codes, ends = np.array([12, 13, 0, 14, 14], dtype=np.uint8), np.array([0, 4, 5], dtype=np.int64)
    table, found = np.zeros(TOKEN_BYTES, dtype=np.uint8), np.zeros(2, dtype=np.int64)
    mark_tokens(codes, ends, table)
    assert sum(int(byte).bit_count() for byte in table) == 2
    token(codes, 0, 4, found)
    assert found[0] == 2
    assert table[found[1] >> 3] >> (found[1] & 7) & 1
