"""A tree of terms whose steps are words: the words in one table, the steps from node to node in another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled, inlined
from tmescope.kernels.folded_text import HASH_FACTOR, HASH_KEPT, HASH_SHIFT

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ALONE", "DEAD", "TABLE_BYTES", "find_step", "find_token", "grow_tree", "is_noted", "token"]

DEAD = -1
"""No word, no node, no term."""

ALONE = 2
"""Stands for what is between two words where there is no second."""

TABLE_BYTES = 1 << 17
"""Size of the tables of how terms begin: a bit for each of a million hashes."""

_LAST_BETWEEN = 1
_FIRST_FACTOR, _MIXED, _MIXED_BY = 40503, 0x9E3779B1, 15


@compiled
def token(codes: NDArray[np.uint8], at: int | np.int64, last: int | np.int64, found: NDArray[np.int64]) -> None:
    """Write where a word or number ends, and its hash.

    Parameters
    ----------
    codes : array of uint8
        Folded text.
    at, last : int
        Where it begins, and the end of the text.
    found : array of int64, 2
        Written.
    """
    value = np.int64(0)
    while at < last and codes[at] > _LAST_BETWEEN:
        value = (value + np.int64(codes[at])) * HASH_FACTOR
        at += 1
    found[0], found[1] = at, (value >> HASH_SHIFT) & HASH_KEPT


@inlined
def is_noted(
    table: NDArray[np.uint8],
    first: int | np.int64,
    between: int | np.int64,
    second: int | np.int64,
    answer: NDArray[np.int64],
) -> None:
    """Write whether terms may begin with two words, and where that is noted.

    Parameters
    ----------
    table : array of uint8, `TABLE_BYTES`
        A bit for each hash.
    first, between, second : int
        Hash of the first word, what stands behind it, and the hash of the second.
    answer : array of int64, 3
        Written: 0 where no term does; byte and bit.
    """
    mixed = (np.int64(first) * _FIRST_FACTOR + np.int64(between)) * _MIXED + np.int64(second)
    mixed ^= mixed >> _MIXED_BY
    answer[1], answer[2] = (mixed >> 3) & (TABLE_BYTES - 1), mixed & 7
    answer[0] = (table[answer[1]] >> answer[2]) & 1


@inlined
def find_token(
    codes: NDArray[np.uint8],
    begin: int | np.int64,
    end: int | np.int64,
    value: int | np.int64,
    pool: NDArray[np.uint8],
    spans: NDArray[np.int32],
    slots: NDArray[np.int32],
    answer: NDArray[np.int64],
) -> None:
    """Write the number of a word, or `DEAD`, and the slot in which it is or would be.

    Parameters
    ----------
    codes : array of uint8
        Folded text.
    begin, end : int
        Where the word is.
    value : int
        Its hash, as from `token`.
    pool : array of uint8
        Where the words of terms are written.
    spans : array of int32, n_words x 4
        Where it begins in `pool`, its length, its hash, and the node to which it leads from the root.
    slots : array of int32, a power of two
        Words by their hash; `DEAD` where none is.
    answer : array of int64, 2
        Written.
    """
    size = end - begin
    slot = value & (slots.shape[0] - 1)
    answer[0] = DEAD
    while slots[slot] != DEAD:
        word = slots[slot]
        if spans[word, 2] == value and spans[word, 1] == size:
            first, same = spans[word, 0], 0
            while same < size and pool[first + same] == codes[begin + same]:
                same += 1
            if same == size:
                answer[0] = word
                break
        slot = (slot + 1) & (slots.shape[0] - 1)
    answer[1] = slot


@inlined
def find_step(
    node: int | np.int64,
    between: int | np.int64,
    word: int | np.int64,
    steps: NDArray[np.int64],
    answer: NDArray[np.int64],
) -> None:
    """Write the node behind a node, or `DEAD`, and the slot in which the step is or would be.

    Parameters
    ----------
    node, between, word : int
        Where, what stands between (0 or 1), and the number of the word that follows.
    steps : array of int64, a power of two x 2
        Keys of steps, `DEAD` where none is, and where each leads.
    answer : array of int64, 2
        Written.
    """
    key = (np.int64(node) << 33) | (np.int64(between) << 32) | np.int64(word)
    mixed = ((np.int64(node) * 2 + between) * _FIRST_FACTOR + word) * _MIXED
    slot = (mixed ^ (mixed >> _MIXED_BY)) & (steps.shape[0] - 1)
    while steps[slot, 0] != DEAD and steps[slot, 0] != key:
        slot = (slot + 1) & (steps.shape[0] - 1)
    answer[0] = steps[slot, 1] if steps[slot, 0] == key else DEAD
    answer[1] = slot


@compiled
def _note(
    table: NDArray[np.uint8],
    first: int | np.int64,
    between: int | np.int64,
    second: int | np.int64,
    answer: NDArray[np.int64],
) -> None:
    is_noted(table, first, between, second, answer)
    table[answer[1]] |= np.uint8(1 << answer[2])


@compiled
def _note_beginning(
    codes: NDArray[np.uint8],
    first: int,
    last: int,
    begins: NDArray[np.uint8],
    pairs: NDArray[np.uint8],
    word: NDArray[np.int64],
    answer: NDArray[np.int64],
) -> None:
    """Note the first word of a term, and its first two."""
    token(codes, first, last, word)
    end, value = word[0], word[1]
    begins[(value >> 3) & (TABLE_BYTES - 1)] |= np.uint8(1 << (value & 7))
    if end >= last:
        _note(pairs, value, ALONE, 0, answer)
        return
    token(codes, end + 1, last, word)
    _note(pairs, value, np.int64(codes[end]), word[1], answer)


@compiled
def _add_word(
    codes: NDArray[np.uint8],
    begin: int | np.int64,
    word: NDArray[np.int64],
    slot: int | np.int64,
    pool: NDArray[np.uint8],
    spans: NDArray[np.int32],
    slots: NDArray[np.int32],
    count: NDArray[np.int64],
) -> None:
    number, size, to = count[0], word[0] - begin, count[2]
    for i in range(size):
        pool[to + i] = codes[begin + i]
    spans[number, 0], spans[number, 1], spans[number, 2], spans[number, 3] = to, size, word[1], DEAD
    slots[slot] = number
    count[0], count[2] = number + 1, to + size


@compiled
def _go_on(
    node: int | np.int64,
    between: int | np.int64,
    word: int | np.int64,
    spans: NDArray[np.int32],
    steps: NDArray[np.int64],
    count: NDArray[np.int64],
    answer: NDArray[np.int64],
) -> None:
    """Write the node behind a node; it is made where there is none."""
    if node == 0:
        answer[0] = spans[word, 3]
        if answer[0] == DEAD:
            spans[word, 3] = answer[0] = count[1]
            count[1] += 1
        return
    find_step(node, between, word, steps, answer)
    if answer[0] == DEAD:
        steps[answer[1], 0] = (np.int64(node) << 33) | (np.int64(between) << 32) | np.int64(word)
        steps[answer[1], 1] = answer[0] = count[1]
        count[1] += 1


@compiled
def grow_tree(
    codes: NDArray[np.uint8],
    ends: NDArray[np.int64],
    begins: NDArray[np.uint8],
    pairs: NDArray[np.uint8],
    pool: NDArray[np.uint8],
    spans: NDArray[np.int32],
    slots: NDArray[np.int32],
    steps: NDArray[np.int64],
    leaves: NDArray[np.int32],
    count: NDArray[np.int64],
) -> None:
    """Write the tree of terms.

    Parameters
    ----------
    codes : array of uint8
        The terms, one behind the other, each once.
    ends : array of int64, n_terms + 1
        Where each begins and ends.
    begins, pairs : array of uint8, `TABLE_BYTES`
        Zeros; written: first words of terms, and their first two, see `is_noted`. What is not noted begins no term.
    pool : array of uint8, at least as many as the different words have codes
        Written: each word once.
    spans : array of int32, at least as many rows as there are different words in all terms x 4
        Written: where each word is in `pool`, its length, its hash, and the node to which it leads from the root.
    slots : array of int32, a power of two, more than there are words
        `DEAD` throughout; written, see `find_token`.
    steps : array of int64, a power of two, more than there are nodes x 2
        `DEAD` throughout; written, see `find_step`: all steps but those from the root.
    leaves : array of int32, at least one row more than there are steps x 2
        `DEAD` and 0 in each row; written: the term that ends at a node, and 1 where something may follow. Node 0 is
        the root.
    count : array of int64, 3
        Written: number of words, of nodes and of codes in `pool`.
    """
    word, found, answer = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64), np.zeros(3, dtype=np.int64)
    count[0], count[1], count[2] = 0, 1, 0
    for term in range(ends.shape[0] - 1):
        at, last, node, between = ends[term], ends[term + 1], np.int64(0), np.int64(0)
        _note_beginning(codes, at, last, begins, pairs, word, answer)
        while at < last:
            token(codes, at, last, word)
            end = word[0]
            find_token(codes, at, end, word[1], pool, spans, slots, found)
            if found[0] == DEAD:
                _add_word(codes, at, word, found[1], pool, spans, slots, count)
                found[0] = count[0] - 1
            leaves[node, 1] = 1
            _go_on(node, between, found[0], spans, steps, count, found)
            node = found[0]
            at = end + 1
            if end < last:
                between = np.int64(codes[end])
        leaves[node, 0] = term
