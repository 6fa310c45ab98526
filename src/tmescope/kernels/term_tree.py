"""A tree of terms whose steps are words: the words in one table, the steps from node to node in another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DEAD", "TOKEN_BYTES", "find_step", "find_token", "grow_tree", "token"]

DEAD = -1
"""No word, no node, no term."""

TOKEN_BYTES = 1 << 17
"""Size of the table of first words: a bit for each of a million hashes."""

_FACTOR, _KEPT, _FOLDED = 131, 0x7FFFFFFF, 11
_LAST_BETWEEN = 1
_MIXED, _MIXED_BY = 0x9E3779B1, 15


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
        value = (value * _FACTOR + np.int64(codes[at])) & _KEPT
        at += 1
    found[0], found[1] = at, value ^ (value >> _FOLDED)


@compiled
def find_token(
    codes: NDArray[np.uint8],
    begin: int | np.int64,
    word: NDArray[np.int64],
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
    begin : int
        Where the word begins.
    word : array of int64, 2
        As from `token`.
    pool : array of uint8
        Where the words of terms are written.
    spans : array of int32, n_words x 2
        From and to in `pool`.
    slots : array of int32, a power of two
        Words by their hash; `DEAD` where none is.
    answer : array of int64, 2
        Written.
    """
    size = word[0] - begin
    slot = word[1] & (slots.shape[0] - 1)
    answer[0] = DEAD
    while slots[slot] != DEAD:
        first = spans[slots[slot], 0]
        if spans[slots[slot], 1] - first == size:
            same = 0
            while same < size and pool[first + same] == codes[begin + same]:
                same += 1
            if same == size:
                answer[0] = slots[slot]
                break
        slot = (slot + 1) & (slots.shape[0] - 1)
    answer[1] = slot


@compiled
def find_step(
    node: int | np.int64,
    between: int | np.int64,
    word: int | np.int64,
    steps: NDArray[np.int64],
    nodes: NDArray[np.int32],
    answer: NDArray[np.int64],
) -> None:
    """Write the node behind a node, or `DEAD`, and the slot in which the step is or would be.

    Parameters
    ----------
    node, between, word : int
        Where, what stands between (0 or 1), and the number of the word that follows.
    steps : array of int64, a power of two
        Keys of steps; `DEAD` where none is.
    nodes : array of int32, as many
        Where each leads.
    answer : array of int64, 2
        Written.
    """
    key = (np.int64(node) << 33) | (np.int64(between) << 32) | np.int64(word)
    mixed = ((np.int64(node) * 2 + between) * 40503 + word) * _MIXED
    slot = (mixed ^ (mixed >> _MIXED_BY)) & (steps.shape[0] - 1)
    while steps[slot] != DEAD and steps[slot] != key:
        slot = (slot + 1) & (steps.shape[0] - 1)
    answer[0] = nodes[slot] if steps[slot] == key else DEAD
    answer[1] = slot


@compiled
def grow_tree(
    codes: NDArray[np.uint8],
    ends: NDArray[np.int64],
    begins: NDArray[np.uint8],
    spans: NDArray[np.int32],
    slots: NDArray[np.int32],
    steps: NDArray[np.int64],
    nodes: NDArray[np.int32],
    terms: NDArray[np.int32],
    branches: NDArray[np.uint8],
    count: NDArray[np.int64],
) -> None:
    """Write the tree of terms.

    Parameters
    ----------
    codes : array of uint8
        The terms, one behind the other, each once.
    ends : array of int64, n_terms + 1
        Where each begins and ends.
    begins : array of uint8, `TOKEN_BYTES`
        Zeros; bits of the hashes of first words are set. A word whose bit is not set begins no term.
    spans : array of int32, as many rows as there are words in all terms
        Written: where each word is in `codes`.
    slots, steps, nodes : arrays of int32, int64 and int32
        `DEAD` throughout and of a power of two, more than there are words; written, see `find_token` and `find_step`.
    terms : array of int32, one more than there are words
        `DEAD` throughout; written: the term that ends at a node. Node 0 is the root.
    branches : array of uint8, as many
        Zeros; written: 1 where something may follow.
    count : array of int64, 2
        Written: number of words and of nodes.
    """
    word, found, to = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64)
    n_words, n_nodes = 0, 1
    for term in range(ends.shape[0] - 1):
        at, last, node, between = ends[term], ends[term + 1], np.int64(0), np.int64(0)
        while at < last:
            token(codes, at, last, word)
            find_token(codes, at, word, codes, spans, slots, found)
            if node == 0:
                begins[(word[1] >> 3) & (TOKEN_BYTES - 1)] |= np.uint8(1 << (word[1] & 7))
            if found[0] == DEAD:
                spans[n_words, 0], spans[n_words, 1] = at, word[0]
                slots[found[1]] = n_words
                found[0] = n_words
                n_words += 1
            find_step(node, between, found[0], steps, nodes, to)
            if to[0] == DEAD:
                steps[to[1]] = (np.int64(node) << 33) | (np.int64(between) << 32) | found[0]
                nodes[to[1]] = n_nodes
                to[0] = n_nodes
                n_nodes += 1
            branches[node] = 1
            node = to[0]
            at = word[0] + 1
            if word[0] < last:
                between = np.int64(codes[word[0]])
        terms[node] = term
    count[0], count[1] = n_words, n_nodes
