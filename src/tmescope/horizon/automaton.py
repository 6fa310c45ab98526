"""A vocabulary made ready for the search: every form of every name in one automaton."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.horizon.folding import fold, load_folding

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Automaton", "build_automaton", "find"]

_NEAR = 8000  # nodes whose steps are laid out in full: 38 x 4 bytes each, what fits beside the text in a cache


@dataclass(frozen=True)
class Automaton:
    """Arrays of `tmescope.kernels.found_terms.find_terms`; its form is the place among the forms that were given.

    Parameters
    ----------
    labels, depths, terms, first, fails, outputs, near, tokens : arrays
        See `tmescope.kernels.term_tree`.
    form_ends, form_case : arrays
        Forms of each term.
    forms : array of int32
        Which of the given forms each is.
    """

    labels: NDArray[np.uint8]
    depths: NDArray[np.int32]
    terms: NDArray[np.int32]
    first: NDArray[np.int32]
    fails: NDArray[np.int32]
    outputs: NDArray[np.int32]
    near: NDArray[np.int32]
    tokens: NDArray[np.uint8]
    form_ends: NDArray[np.int32]
    form_case: NDArray[np.int64]
    forms: NDArray[np.int32]

    @property
    def n_terms(self) -> int:
        """How many different folded names it holds."""
        return len(self.form_ends) - 1


def build_automaton(texts: Sequence[str], strict: Sequence[bool]) -> Automaton:
    """Build the automaton of forms.

    Parameters
    ----------
    texts : sequence of str
        Names; those without a letter or digit are left out.
    strict : sequence of bool
        Whether the capitals must be those of the name.

    Returns
    -------
    Automaton
        Of forms that are folded alike, strict ones are tried first, then in the order given.
    """
    from tmescope.kernels.found_terms import ANY_CASE

    folded = fold(list(texts))
    keys = [(codes, not strict[i], i) for i, (codes, _) in enumerate(folded) if codes]
    keys.sort()
    form_case = np.array([ANY_CASE if loose else folded[i][1] for _, loose, i in keys], dtype=np.int64)
    forms = np.array([i for _, _, i in keys], dtype=np.int32)
    new = [place for place in range(len(keys)) if place == 0 or keys[place][0] != keys[place - 1][0]]
    terms = [keys[place][0] for place in new]
    form_ends = np.array([*new, len(keys)], dtype=np.int32)
    return _automaton(terms, form_ends, form_case, forms=forms)


def _automaton(
    terms: Sequence[bytes], form_ends: NDArray[np.int32], form_case: NDArray[np.int64], *, forms: NDArray[np.int32]
) -> Automaton:
    from tmescope.kernels.term_tree import N_CODES, TOKEN_BYTES, grow_tree, link_tree, mark_tokens

    codes = np.frombuffer(b"".join(terms), dtype=np.uint8)
    ends = np.concatenate([[0], np.cumsum([len(term) for term in terms], dtype=np.int64)]).astype(np.int64)
    size = len(codes) + 1
    parents, depths, ending = (np.empty(size, dtype=np.int32) for _ in range(3))
    labels, count = np.empty(size, dtype=np.uint8), np.zeros(1, dtype=np.int64)
    grow_tree(codes, ends, parents, labels, depths, ending, count)
    n = int(count[0])
    order = np.argsort(depths[:n], kind="stable").astype(np.int32)
    place = np.empty(n, dtype=np.int32)
    place[order] = np.arange(n, dtype=np.int32)
    parents = np.where(order == 0, np.int32(-1), place[parents[order]]).astype(np.int32)
    labels, depths, ending = labels[order], depths[order], ending[order]
    first = np.ones(n + 1, dtype=np.int32)
    first[1:] += np.cumsum(np.bincount(parents[1:], minlength=n)).astype(np.int32)
    fails, outputs = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    near = np.empty((min(n, _NEAR), N_CODES), dtype=np.int32)
    link_tree(parents, labels, ending, first, fails, outputs, near)
    tokens = np.zeros(TOKEN_BYTES, dtype=np.uint8)
    mark_tokens(codes, ends, tokens)
    return Automaton(labels, depths, ending, first, fails, outputs, near, tokens, form_ends, form_case, forms)


def find(automaton: Automaton, data: NDArray[np.uint8], ends: NDArray[np.int64]) -> NDArray[np.int32]:
    """Find the forms of an automaton in texts.

    Parameters
    ----------
    automaton : Automaton
        The vocabulary.
    data, ends : arrays
        Texts as UTF-8, one behind the other, and where each begins and ends.

    Returns
    -------
    array of int32, n_found x 6
        Text, form, bytes from and to, characters from and to.
    """
    from tmescope.kernels.found_terms import find_terms

    tables = load_folding()
    a = automaton
    size, count = 1024 + len(data) // 60, np.zeros(1, dtype=np.int64)
    while True:
        found = np.empty((size, 6), dtype=np.int32)
        find_terms(
            data, ends, tables.kinds, tables.ends, tables.letters, a.labels, a.depths, a.terms, a.first,
            a.fails, a.outputs, a.near, a.tokens, a.form_ends, a.form_case, found, count,
        )  # fmt: skip
        if count[0] <= size:
            break
        size = int(count[0])
    found = found[: count[0]]
    found[:, 1] = a.forms[found[:, 1]]
    return found
