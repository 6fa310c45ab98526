"""An automaton of Aho and Corasick for terms that begin at a word: its tree, and where to go on after a miss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DEAD", "N_CODES", "TOKEN_BYTES", "grow_tree", "link_tree", "mark_tokens", "step", "token"]

DEAD = -1
"""No term can be under way before the next word."""

N_CODES = 38
TOKEN_BYTES = 1 << 17
"""Size of the table of first words: a bit for each of a million hashes."""

_FACTOR, _KEPT, _FOLDED = 131, 0x7FFFFFFF, 11
_LAST_BETWEEN = 1


@compiled
def grow_tree(
    codes: NDArray[np.uint8],
    ends: NDArray[np.int64],
    parents: NDArray[np.int32],
    labels: NDArray[np.uint8],
    depths: NDArray[np.int32],
    terms: NDArray[np.int32],
    count: NDArray[np.int64],
) -> None:
    """Write the tree of sorted terms, depth first.

    Parameters
    ----------
    codes : array of uint8
        The terms, one behind the other, in the order of their codes, each once.
    ends : array of int64, n_terms + 1
        Where each begins and ends.
    parents, labels, depths : arrays, one entry a node and as many as there are codes, and one more
        Written: node above, last code, length. Node 0 is the root.
    terms : array of int32, as many
        Written: the term that ends at the node, or -1.
    count : array of int64, 1
        Written: number of nodes.
    """
    longest = 0
    for term in range(ends.shape[0] - 1):
        longest = max(longest, ends[term + 1] - ends[term])
    path = np.zeros(longest + 1, dtype=np.int32)
    parents[0], labels[0], depths[0], terms[0] = DEAD, 0, 0, DEAD
    n = 1
    before = 0  # length of the term before, of which `path` holds the nodes
    for term in range(ends.shape[0] - 1):
        own = codes[ends[term] : ends[term + 1]]
        depth = 0
        while depth < min(before, own.shape[0]) and labels[path[depth + 1]] == own[depth]:
            depth += 1
        for d in range(depth, own.shape[0]):
            parents[n], labels[n], depths[n], terms[n] = path[d], own[d], d + 1, DEAD
            path[d + 1] = n
            n += 1
        terms[path[own.shape[0]]] = term
        before = own.shape[0]
    count[0] = n


@compiled
def token(codes: NDArray[np.uint8], at: int, last: int, found: NDArray[np.int64]) -> None:
    """Write where a word or number ends, and the bit of the table that stands for it.

    Parameters
    ----------
    codes : array of uint8
        Folded text.
    at, last : int
        Where it begins, and the end of the text.
    found : array of int64, 2
        Written.
    """
    value = 0
    while at < last and codes[at] > _LAST_BETWEEN:
        value = (value * _FACTOR + codes[at]) & _KEPT
        at += 1
    found[0], found[1] = at, (value ^ (value >> _FOLDED)) & (8 * TOKEN_BYTES - 1)


@compiled
def mark_tokens(codes: NDArray[np.uint8], ends: NDArray[np.int64], table: NDArray[np.uint8]) -> None:
    """Set the bits of the first words of terms.

    Parameters
    ----------
    codes, ends : arrays
        As for `grow_tree`.
    table : array of uint8, `TOKEN_BYTES`
        Added to. A word whose bit is not set begins no term; one whose bit is set may.
    """
    found = np.zeros(2, dtype=np.int64)
    for term in range(ends.shape[0] - 1):
        token(codes, ends[term], ends[term + 1], found)
        table[found[1] >> 3] |= np.uint8(1 << (found[1] & 7))


@compiled
def _child(first: NDArray[np.int32], labels: NDArray[np.uint8], node: int, code: int, to: NDArray[np.int32]) -> None:
    to[0] = DEAD
    for child in range(first[node], first[node + 1]):
        if labels[child] >= code:  # children stand in the order of their labels
            if labels[child] == code:
                to[0] = child
            break


@compiled
def link_tree(
    parents: NDArray[np.int32],
    labels: NDArray[np.uint8],
    terms: NDArray[np.int32],
    first: NDArray[np.int32],
    fails: NDArray[np.int32],
    outputs: NDArray[np.int32],
    near: NDArray[np.int32],
) -> None:
    """Write where each node goes on after a miss, and which other terms end with it.

    Parameters
    ----------
    parents, labels, terms : arrays, n_nodes
        As from `grow_tree`, breadth first.
    first : array of int32, n_nodes + 1
        Children of a node are ``first[node]`` to ``first[node + 1]``.
    fails : array of int32, n_nodes
        Written: the node of the longest part at its end that begins at a word and begins a term; `DEAD` if none.
    outputs : array of int32, n_nodes
        Written: the nearest node along `fails` at which a term ends, or `DEAD`.
    near : array of int32, n_near x 38
        Written: where the first nodes go for each code, misses followed to their end.
    """
    to = np.zeros(1, dtype=np.int32)
    fails[0], outputs[0] = DEAD, DEAD
    for node in range(1, parents.shape[0]):
        code = labels[node]
        state = fails[parents[node]]
        to[0] = DEAD
        while state != DEAD and to[0] == DEAD:
            _child(first, labels, state, code, to)
            state = fails[state]
        if to[0] == DEAD and code <= _LAST_BETWEEN:
            to[0] = 0
        fails[node] = to[0]
        outputs[node] = DEAD if to[0] == DEAD else (to[0] if terms[to[0]] != DEAD else outputs[to[0]])
    for node in range(near.shape[0]):
        for code in range(N_CODES):
            step(node, code, first, labels, fails, near[:0], to)
            near[node, code] = to[0]


@compiled
def step(
    state: int,
    code: int,
    first: NDArray[np.int32],
    labels: NDArray[np.uint8],
    fails: NDArray[np.int32],
    near: NDArray[np.int32],
    to: NDArray[np.int32],
) -> None:
    """Write the node that follows a node on a code.

    Parameters
    ----------
    state, code : int
        Where, and what is read.
    first, labels, fails, near : arrays
        Of the automaton; `near` may be empty.
    to : array of int32, 1
        Written.
    """
    to[0] = DEAD
    while state >= near.shape[0] and to[0] == DEAD:
        _child(first, labels, state, code, to)
        state = fails[state]
    if to[0] == DEAD:
        if state >= 0 and state < near.shape[0]:
            to[0] = near[state, code]
        elif code <= _LAST_BETWEEN:
            to[0] = 0
