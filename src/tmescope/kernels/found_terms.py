"""Terms of a vocabulary in many texts: the leftmost, and of those the longest, at whole words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled
from tmescope.kernels.folded_text import BEGINS, CAPITAL, ENDS, fold_text
from tmescope.kernels.term_tree import DEAD, step, token

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ANY_CASE", "case_bits", "find_terms"]

ANY_CASE = -1
"""A form that may be written with any capitals."""

_MOST_BITS = 62


@compiled
def case_bits(marks: NDArray[np.uint8], begin: int, end: int, bits: NDArray[np.int64]) -> None:
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
def _ending(
    node: int,
    place: int,
    marks: NDArray[np.uint8],
    depths: NDArray[np.int32],
    terms: NDArray[np.int32],
    outputs: NDArray[np.int32],
    form_ends: NDArray[np.int32],
    form_case: NDArray[np.int64],
    bits: NDArray[np.int64],
    form: NDArray[np.int32],
    best: NDArray[np.int32],
) -> None:
    """Note every term that ends at a place, by where it begins; a longer one takes the place of a shorter."""
    if terms[node] == DEAD:
        node = outputs[node]
    while node != DEAD:
        begin = place + 1 - depths[node]
        if marks[begin] & BEGINS:
            case_bits(marks, begin, place + 1, bits)
            _form(terms[node], form_ends, form_case, bits[0], form)
            if form[0] != DEAD:
                best[begin, 0], best[begin, 1] = form[0], place + 1
        node = outputs[node]


@compiled
def _take(
    data: NDArray[np.uint8],
    first: int,
    document: int,
    n: int,
    places: NDArray[np.int32],
    best: NDArray[np.int32],
    found: NDArray[np.int32],
    count: NDArray[np.int64],
) -> None:
    """Write the terms of one text from left to right, each behind the one before, with its places in characters too."""
    place, byte, characters = 0, 0, np.int64(0)
    while place < n:
        if best[place, 1] == 0:
            place += 1
            continue
        end = best[place, 1]
        best[place, 1] = 0
        row = count[0]
        if row < found.shape[0]:
            found[row, 0], found[row, 1] = document, best[place, 0]
            found[row, 2], found[row, 3] = places[place, 0], places[end - 1, 1]
            for side in range(2):
                while byte < found[row, 2 + side]:
                    characters += np.int64((data[first + byte] & 0xC0) != 0x80)
                    byte += 1
                found[row, 4 + side] = characters
        count[0] = row + 1
        for inside in range(place, end):  # what begins inside is left out
            best[inside, 1] = 0
        place = end


@compiled
def _scan(
    codes: NDArray[np.uint8],
    marks: NDArray[np.uint8],
    n: int,
    labels: NDArray[np.uint8],
    depths: NDArray[np.int32],
    terms: NDArray[np.int32],
    first: NDArray[np.int32],
    fails: NDArray[np.int32],
    outputs: NDArray[np.int32],
    near: NDArray[np.int32],
    tokens: NDArray[np.uint8],
    form_ends: NDArray[np.int32],
    form_case: NDArray[np.int64],
    best: NDArray[np.int32],
) -> None:
    """Run the automaton over one folded text."""
    word, to = np.zeros(2, dtype=np.int64), np.zeros(1, dtype=np.int32)
    bits, form = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int32)
    state, place = 0, 0
    while place < n:
        if state <= 0:  # no term is under way: pass over words that begin none
            token(codes, place, n, word)
            begins = state == 0 and marks[place] & BEGINS and (tokens[word[1] >> 3] >> (word[1] & 7)) & 1
            if not begins:
                place, state = word[0] + 1, 0
                continue
        step(state, codes[place], first, labels, fails, near, to)
        state = to[0]
        if state > 0 and marks[place] & ENDS:
            _ending(state, place, marks, depths, terms, outputs, form_ends, form_case, bits, form, best)
        place += 1


@compiled
def find_terms(
    data: NDArray[np.uint8],
    ends: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    letter_ends: NDArray[np.int32],
    letters: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    depths: NDArray[np.int32],
    terms: NDArray[np.int32],
    first: NDArray[np.int32],
    fails: NDArray[np.int32],
    outputs: NDArray[np.int32],
    near: NDArray[np.int32],
    tokens: NDArray[np.uint8],
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
    labels, depths, terms, first, fails, outputs, near : arrays
        The automaton, see `term_tree`.
    tokens : array of uint8
        First words of terms, see `tmescope.kernels.term_tree.mark_tokens`.
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
    One look at each character; words that begin no term are passed over while none is under way. Of two
    terms that overlap, the one that begins first is taken, of those the longest.
    """
    longest = 0
    for document in range(ends.shape[0] - 1):
        longest = max(longest, ends[document + 1] - ends[document])
    size = 5 * longest + 8
    codes, marks = np.empty(size, dtype=np.uint8), np.empty(size, dtype=np.uint8)
    places, best = np.empty((size, 2), dtype=np.int32), np.zeros((size, 2), dtype=np.int32)
    length = np.zeros(1, dtype=np.int64)
    count[0] = 0
    for document in range(ends.shape[0] - 1):
        begin, end = ends[document], ends[document + 1]
        fold_text(data, begin, end, kinds, letter_ends, letters, codes, marks, places, length)
        n = length[0]
        _scan(codes, marks, n, labels, depths, terms, first, fails, outputs, near, tokens, form_ends, form_case, best)
        _take(data, begin, document, n, places, best, found, count)
