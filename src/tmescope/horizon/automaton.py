"""A vocabulary made ready for the search: every form of every name in one automaton."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tmescope.horizon.folding import fold, load_folding
from tmescope.horizon.found_rows import gather_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Automaton", "build_automaton", "find"]

_LAST_BETWEEN = 1  # codes of breaks between words


@dataclass(frozen=True)
class Automaton:
    """Arrays of `tmescope.kernels.found_terms.find_terms`; its form is the place among the forms that were given.

    Parameters
    ----------
    begins, pool, spans, slots, steps, nodes, terms, branches : arrays
        See `tmescope.kernels.term_tree.grow_tree`.
    form_ends, form_case : arrays
        Forms of each term.
    forms : array of int32
        Which of the given forms each is.
    """

    begins: NDArray[np.uint8]
    pool: NDArray[np.uint8]
    spans: NDArray[np.int32]
    slots: NDArray[np.int32]
    steps: NDArray[np.int64]
    nodes: NDArray[np.int32]
    terms: NDArray[np.int32]
    branches: NDArray[np.uint8]
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
    from tmescope.kernels.term_tree import DEAD, TOKEN_BYTES, grow_tree

    pool = np.frombuffer(b"".join(terms), dtype=np.uint8)
    ends = np.concatenate([[0], np.cumsum([len(term) for term in terms], dtype=np.int64)]).astype(np.int64)
    n_words = len(terms) + int((pool <= _LAST_BETWEEN).sum())
    size = 1 << (2 * n_words).bit_length()
    begins, count = np.zeros(TOKEN_BYTES, dtype=np.uint8), np.zeros(2, dtype=np.int64)
    spans, ending = np.empty((n_words, 2), dtype=np.int32), np.full(n_words + 1, DEAD, dtype=np.int32)
    slots, nodes = np.full(size, DEAD, dtype=np.int32), np.full(size, DEAD, dtype=np.int32)
    steps, branches = np.full(size, DEAD, dtype=np.int64), np.zeros(n_words + 1, dtype=np.uint8)
    grow_tree(pool, ends, begins, spans, slots, steps, nodes, ending, branches, count)
    n = int(count[1])
    kept = (spans[: count[0]].copy(), slots, steps, nodes, ending[:n].copy(), branches[:n].copy())
    return Automaton(begins, pool, *kept, form_ends, form_case, forms)


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
        data, ends, tables.kinds, tables.ends, tables.letters, a.begins, a.pool, a.spans, a.slots,
        a.steps, a.nodes, a.terms, a.branches, a.form_ends, a.form_case,
    )  # fmt: skip
    found = gather_rows(partial(find_terms, *given), columns=6, guess=1024 + len(data) // 60)
    found[:, 1] = a.forms[found[:, 1]]
    return found
