"""Terms of a vocabulary in many texts: the leftmost, and of those the longest, at whole words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled, inlined
from tmescope.kernels.folded_text import (
    BEGINS,
    ENDS,
    FROM_BYTE,
    FROM_CODE,
    HASH,
    MARKS,
    MOST_CAPITALS,
    TO_BYTE,
    TO_CODE,
    fold_text,
)
from tmescope.kernels.term_tree import ALONE, DEAD, TABLE_BYTES, find_step, find_token, is_noted

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ANY_CASE", "case_bits", "find_terms"]

ANY_CASE = -1
"""A form that may be written with any capitals."""


@inlined
def case_bits(
    words: NDArray[np.int32],
    capitals: NDArray[np.int64],
    first: int | np.int64,
    last: int | np.int64,
    bits: NDArray[np.int64],
) -> None:
    """Write which of the first 62 letters of some words are capitals, as bits of a number.

    Parameters
    ----------
    words, capitals : arrays
        As from `fold_text`.
    first, last : int
        First word, and the one behind the last.
    bits : array of int64, 1
        Written.
    """
    found = np.int64(0)
    for word in range(first, last):
        place = np.int64(words[word, FROM_CODE] - words[first, FROM_CODE])
        if place >= MOST_CAPITALS:
            break
        found |= capitals[word] << place
    bits[0] = found & ((np.int64(1) << MOST_CAPITALS) - 1)


@inlined
def _form(
    term: int,
    form_ends: NDArray[np.int32],
    form_case: NDArray[np.int64],
    bits: int,
    form: NDArray[np.int64],
) -> None:
    """Write the first form of a term that allows these capitals, or -1."""
    form[0] = DEAD
    for i in range(form_ends[term + 1] - 1, form_ends[term] - 1, -1):
        if form_case[i] == ANY_CASE or form_case[i] == bits:
            form[0] = i


@inlined
def _longest(
    codes: NDArray[np.uint8],
    words: NDArray[np.int32],
    capitals: NDArray[np.int64],
    first: int | np.int64,
    n: int | np.int64,
    pool: NDArray[np.uint8],
    spans: NDArray[np.int32],
    slots: NDArray[np.int32],
    steps: NDArray[np.int64],
    leaves: NDArray[np.int32],
    form_ends: NDArray[np.int32],
    form_case: NDArray[np.int64],
    found: NDArray[np.int64],
    best: NDArray[np.int64],
) -> None:
    """Write the form of the longest term that begins with a word, and the word behind its last; `found` is scratch."""
    best[0] = DEAD
    node, between = np.int64(0), np.int64(0)
    for word in range(first, n):
        end = words[word, TO_CODE]
        find_token(codes, words[word, FROM_CODE], end, words[word, HASH], pool, spans, slots, found)
        if found[0] == DEAD:
            break
        if node == 0:
            node = np.int64(spans[found[0], 3])
        else:
            find_step(node, between, found[0], steps, found)
            node = found[0]
        if node == DEAD:
            break
        if leaves[node, 0] != DEAD and words[word, MARKS] & ENDS:
            case_bits(words, capitals, first, word + 1, found)
            _form(leaves[node, 0], form_ends, form_case, found[0], found)
            if found[0] != DEAD:
                best[0], best[1] = found[0], word + 1
        if not leaves[node, 1] or word + 1 == n:
            break
        between = np.int64(codes[end])


@inlined
def _may_begin(
    codes: NDArray[np.uint8],
    words: NDArray[np.int32],
    word: int | np.int64,
    n: int | np.int64,
    pairs: NDArray[np.uint8],
    answer: NDArray[np.int64],
) -> None:
    """Write whether a word, or it and the one behind, may begin a term."""
    is_noted(pairs, words[word, HASH], ALONE, 0, answer)
    if not answer[0] and word + 1 < n:
        is_noted(pairs, words[word, HASH], codes[words[word, TO_CODE]], words[word + 1, HASH], answer)


@inlined
def _write(
    data: NDArray[np.uint8],
    words: NDArray[np.int32],
    first: int | np.int64,
    last: int | np.int64,
    row: int | np.int64,
    where: NDArray[np.int64],
    found: NDArray[np.int32],
) -> None:
    """Write the places of a term: `where` is the first byte of the text, and how far characters were counted."""
    found[row, 2], found[row, 3] = words[first, FROM_BYTE], words[last - 1, TO_BYTE]
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
    classes: NDArray[np.uint8],
    kinds: NDArray[np.uint8],
    letter_ends: NDArray[np.int32],
    letters: NDArray[np.uint8],
    begins: NDArray[np.uint8],
    pairs: NDArray[np.uint8],
    pool: NDArray[np.uint8],
    spans: NDArray[np.int32],
    slots: NDArray[np.int32],
    steps: NDArray[np.int64],
    leaves: NDArray[np.int32],
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
    classes, kinds, letter_ends, letters : arrays
        How characters are folded, see `fold_text`.
    begins, pairs, pool, spans, slots, steps, leaves : arrays
        The tree, see `tmescope.kernels.term_tree.grow_tree`.
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
    A term begins where a word of the text does. Words that begin no term cost one look at a table of bits, words whose
    follower goes on with none a second; from others the tree is walked word by word. Of two terms that overlap, the one
    that begins first is taken, of those the longest. The cost is that of the characters times the words of the longest
    term at worst.
    """
    longest = np.max(ends[1:] - ends[:-1]) if ends.shape[0] > 1 else 0
    codes, capitals = np.empty(5 * longest + 8, dtype=np.uint8), np.empty(longest + 8, dtype=np.int64)
    words = np.empty((longest + 8, 6), dtype=np.int32)
    length, best, answer = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64), np.zeros(3, dtype=np.int64)
    where, count[0] = np.zeros(3, dtype=np.int64), 0
    for document in range(ends.shape[0] - 1):
        where[0], where[1], where[2] = ends[document], 0, 0
        fold_text(
            data, where[0], ends[document + 1], classes, kinds, letter_ends, letters, codes, words, capitals, length
        )
        n, word = length[1], np.int64(0)
        while word < n:
            first, word = word, word + 1
            value = np.int64(words[first, HASH])
            if not (begins[(value >> 3) & (TABLE_BYTES - 1)] >> (value & 7)) & words[first, MARKS] & BEGINS:
                continue
            _may_begin(codes, words, first, n, pairs, answer)
            if not answer[0]:
                continue
            _longest(
                codes, words, capitals, first, n, pool, spans, slots, steps, leaves, form_ends, form_case,
                answer, best,
            )  # fmt: skip
            if best[0] == DEAD:
                continue
            word = best[1]
            row = count[0]
            if row < found.shape[0]:
                found[row, 0], found[row, 1] = document, best[0]
                _write(data, words, first, word, row, where, found)
            count[0] = row + 1
