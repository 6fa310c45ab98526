"""Terms of a vocabulary in many texts: the leftmost, and of those the longest, at whole words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled
from tmescope.kernels.folded_text import BEGINS, CAPITAL, ENDS, fold_text
from tmescope.kernels.term_tree import DEAD, TOKEN_BYTES, find_step, find_token, token

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ANY_CASE", "case_bits", "find_terms"]

ANY_CASE = -1
"""A form that may be written with any capitals."""

_MOST_BITS = 62


@compiled
def case_bits(marks: NDArray[np.uint8], begin: int | np.int64, end: int | np.int64, bits: NDArray[np.int64]) -> None:
    """Write which of the first 62 places from `begin` to `end` are capitals, as bits of a number.

    Parameters
    ----------
    marks : array of uint8
        As from `fold_text`.
    begin, end : int
        First place, and the one behind the last.
    bits : array of int64, 1
        Written.
    """
    found = np.int64(0)
    for i in range(min(end - begin, _MOST_BITS)):
        if marks[begin + i] & CAPITAL:
            found |= np.int64(1) << np.int64(i)
    bits[0] = found


@compiled
def _form(
    term: int,
    form_ends: NDArray[np.int32],
    form_case: NDArray[np.int64],
    bits: int,
    form: NDArray[np.int32],
) -> None:
    """Write the first form of a term that allows these capitals, or -1."""
    form[0] = DEAD
    for i in range(form_ends[term + 1] - 1, form_ends[term] - 1, -1):
        if form_case[i] == ANY_CASE or form_case[i] == bits:
            form[0] = i


@compiled
def _longest(
    codes: NDArray[np.uint8],
    marks: NDArray[np.uint8],
    place: int | np.int64,
    n: int | np.int64,
    pool: NDArray[np.uint8],
    spans: NDArray[np.int32],
    slots: NDArray[np.int32],
    steps: NDArray[np.int64],
    nodes: NDArray[np.int32],
    terms: NDArray[np.int32],
    branches: NDArray[np.uint8],
    form_ends: NDArray[np.int32],
    form_case: NDArray[np.int64],
    word: NDArray[np.int64],
    best: NDArray[np.int64],
) -> None:
    """Write the form of the longest term that begins at a place with a word that was read, and where it ends."""
    found, to = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64)
    bits, form = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int32)
    best[0], best[1] = DEAD, place
    node, at, between = np.int64(0), np.int64(place), np.int64(0)
    while True:
        find_token(codes, at, word, pool, spans, slots, found)
        if found[0] == DEAD:
            break
        find_step(node, between, found[0], steps, nodes, to)
        if to[0] == DEAD:
            break
        node, at = to[0], word[0]
        if terms[node] != DEAD and marks[at - 1] & ENDS:
            case_bits(marks, place, at, bits)
            _form(terms[node], form_ends, form_case, bits[0], form)
            if form[0] != DEAD:
                best[0], best[1] = form[0], at
        if at >= n or not branches[node]:
            break
        between = np.int64(codes[at])
        at += 1
        token(codes, at, n, word)


@compiled
def _write(
    data: NDArray[np.uint8],
    row: int,
    where: NDArray[np.int64],
    found: NDArray[np.int32],
) -> None:
    """Write the places of a term in characters: `where` is the first byte of the text, and how far it was counted."""
    for side in range(2):
        end = np.int64(found[row, 2 + side])
        seen = data[where[0] + where[1] : where[0] + end]
        more = np.int64(0)
        for i in range(seen.shape[0]):
            more += np.int64((seen[i] & 0xC0) != 0x80)
        where[1] = end
        where[2] += more
        found[row, 4 + side] = where[2]


@compiled
def find_terms(
    data: NDArray[np.uint8],
    ends: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    letter_ends: NDArray[np.int32],
    letters: NDArray[np.uint8],
    begins: NDArray[np.uint8],
    pool: NDArray[np.uint8],
    spans: NDArray[np.int32],
    slots: NDArray[np.int32],
    steps: NDArray[np.int64],
    nodes: NDArray[np.int32],
    terms: NDArray[np.int32],
    branches: NDArray[np.uint8],
    form_ends: NDArray[np.int32],
    form_case: NDArray[np.int64],
    found: NDArray[np.int32],
    count: NDArray[np.int64],
) -> None:
    """Find terms in texts.

    Parameters
    ----------
    data : array of uint8
        The texts as UTF-8, one behind the other.
    ends : array of int64, n_texts + 1
        Where each begins and ends.
    kinds, letter_ends, letters : arrays
        How characters are folded, see `fold_text`.
    begins, pool, spans, slots, steps, nodes, terms, branches : arrays
        The tree, see `tmescope.kernels.term_tree.grow_tree`; `pool` is its ``codes``.
    form_ends : array of int32, n_terms + 1
        Forms of a term are ``form_ends[term]`` to ``form_ends[term + 1]``; the first that fits is taken.
    form_case : array of int64, n_forms
        Which places must be capitals, all others must not; `ANY_CASE` where it does not matter.
    found : array of int32, capacity x 6
        Written: text, form, bytes from and to, characters from and to; in the order of the texts.
    count : array of int64, 1
        Written: how many there are, also where `found` is too small for all.

    Notes
    -----
    A term begins where a word of the text does. Words that begin no term cost one look at a table of bits; from others
    the tree is walked word by word. Of two terms that overlap, the one that begins first is taken, of those the
    longest. The cost is that of the characters times the words of the longest term at worst.
    """
    longest = 0
    for document in range(ends.shape[0] - 1):
        longest = max(longest, ends[document + 1] - ends[document])
    size = 5 * longest + 8
    codes, marks = np.empty(size, dtype=np.uint8), np.empty(size, dtype=np.uint8)
    places = np.empty((size, 2), dtype=np.int32)
    length, word, best = np.zeros(1, dtype=np.int64), np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64)
    where, count[0] = np.zeros(3, dtype=np.int64), 0
    for document in range(ends.shape[0] - 1):
        where[0], where[1], where[2] = ends[document], 0, 0
        fold_text(data, where[0], ends[document + 1], kinds, letter_ends, letters, codes, marks, places, length)
        n, place = length[0], np.int64(0)
        while place < n:
            token(codes, place, n, word)
            begin, place = place, word[0] + 1
            known = (begins[(word[1] >> 3) & (TOKEN_BYTES - 1)] >> (word[1] & 7)) & 1
            if not known or not marks[begin] & BEGINS:
                continue
            _longest(
                codes, marks, begin, n, pool, spans, slots, steps, nodes, terms, branches, form_ends, form_case, word,
                best,
            )  # fmt: skip
            if best[0] == DEAD:
                continue
            place = best[1] + 1
            row = count[0]
            if row < found.shape[0]:
                found[row, 0], found[row, 1] = document, best[0]
                found[row, 2], found[row, 3] = places[begin, 0], places[best[1] - 1, 1]
                _write(data, row, where, found)
            count[0] = row + 1
