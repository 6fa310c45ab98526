"""A vocabulary made ready for the search: every form of every name in one automaton."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from tmescope.horizon.folding import fold, load_folding
from tmescope.horizon.found_rows import gather_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Tree: TypeAlias = tuple[
        NDArray[np.uint8],
        NDArray[np.uint8],
        NDArray[np.uint8],
        NDArray[np.int32],
        NDArray[np.int32],
        NDArray[np.int64],
        NDArray[np.int32],
    ]

__all__ = ["Automaton", "build_automaton", "find"]

_LAST_BETWEEN = 1  # codes of breaks between words


@dataclass(frozen=True)
class Automaton:
    """Arrays of `tmescope.kernels.found_terms.find_terms`; its form is the place among the forms that were given.

    Parameters
    ----------
    begins, pairs, pool, spans, slots, steps, leaves : arrays
        See `tmescope.kernels.term_tree.grow_tree`.
    form_ends, form_case : arrays
        Forms of each term.
    forms : array of int32
        Which of the given forms each is.
    """

    begins: NDArray[np.uint8]
    pairs: NDArray[np.uint8]
    pool: NDArray[np.uint8]
    spans: NDArray[np.int32]
    slots: NDArray[np.int32]
    steps: NDArray[np.int64]
    leaves: NDArray[np.int32]
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
    codes = np.frombuffer(b"".join(terms), dtype=np.uint8)
    ends = np.concatenate([[0], np.cumsum([len(term) for term in terms], dtype=np.int64)]).astype(np.int64)
    most = len(terms) + int((codes <= _LAST_BETWEEN).sum())
    _, sizes = _grow(codes, ends, (most, most + 1, len(codes)))
    tree, _ = _grow(codes, ends, sizes)
    return Automaton(*tree, form_ends, form_case, forms)


def _grow(
    codes: NDArray[np.uint8], ends: NDArray[np.int64], sizes: tuple[int, int, int]
) -> tuple[_Tree, tuple[int, int, int]]:
    """Return the tables of a tree with room for so many words, nodes and codes, and how many there are."""
    from tmescope.kernels.term_tree import DEAD, TABLE_BYTES, grow_tree

    n_words, n_nodes, n_codes = sizes
    n_slots, n_steps = (1 << (2 * n).bit_length() for n in (n_words, n_nodes))
    tree = (
        np.zeros(TABLE_BYTES, dtype=np.uint8),
        np.zeros(TABLE_BYTES, dtype=np.uint8),
        np.empty(n_codes, dtype=np.uint8),
        np.empty((n_words, 4), dtype=np.int32),
        np.full(n_slots, DEAD, dtype=np.int32),
        np.full((n_steps, 2), DEAD, dtype=np.int64),
        np.full((n_nodes, 2), (DEAD, 0), dtype=np.int32),
    )
    count = np.zeros(3, dtype=np.int64)
    grow_tree(codes, ends, *tree, count)
    return tree, (int(count[0]), int(count[1]), int(count[2]))


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
    given = (
        data, ends, tables.classes, tables.kinds, tables.ends, tables.letters, a.begins, a.pairs, a.pool, a.spans,
        a.slots, a.steps, a.leaves, a.form_ends, a.form_case,
    )  # fmt: skip
    found = gather_rows(partial(find_terms, *given), columns=6, guess=1024 + len(data) // 60)
    found[:, 1] = a.forms[found[:, 1]]
    return found
