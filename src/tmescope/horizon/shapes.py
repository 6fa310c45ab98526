"""Drugs that no list holds: words with the stem of a class, and codes of companies that are known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tmescope.facts.horizon_terms import load_not_drugs, load_stems
from tmescope.horizon.drugs import is_company_code
from tmescope.horizon.evidence import FORM, FROM, TEXT, TO
from tmescope.horizon.found_rows import gather_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.horizon.dictionary import Dictionary
    from tmescope.horizon.evidence import Texts

__all__ = ["DrugWord", "drug_words", "spelt_as_listed"]


class DrugWord(NamedTuple):
    """A word that looks like a drug.

    Parameters
    ----------
    text, first : int
        Which text, and the first byte in it.
    name : str
        As it is written.
    known_since : date, optional
        Day of its stem; None: always.
    """

    text: int
    first: int
    name: str
    known_since: dt.date | None


@cache
def _tables() -> tuple[NDArray[np.uint8], NDArray[np.int32], NDArray[np.int32]]:
    stems = [stem for stem in load_stems() if not stem.only_in_trials]
    letters = np.frombuffer("".join(stem.stem for stem in stems).encode(), dtype=np.uint8)
    ends = np.cumsum([0, *(len(stem.stem) for stem in stems)]).astype(np.int32)
    return letters, ends, np.array([stem.needs for stem in stems], dtype=np.int32)


def drug_words(texts: Texts, taken: NDArray[np.int32], dictionary: Dictionary) -> Iterator[DrugWord]:
    """Yield words of running text that look like drugs.

    Parameters
    ----------
    texts : Texts
        Where to look.
    taken : array of int32, n_taken x 6
        Places that mean an entity already, as from `tmescope.horizon.automaton.find`.
    dictionary : Dictionary
        Stems that are younger than its day are not used.

    Yields
    ------
    DrugWord
        In the order of the texts.
    """
    from tmescope.kernels.word_shapes import CODE, find_shapes

    stems = [stem for stem in load_stems() if not stem.only_in_trials]
    find = partial(find_shapes, texts.data, texts.ends, *_tables())
    found = gather_rows(find, columns=4, guess=256 + len(texts.data) // 200)
    places = (taken[:, TEXT].astype(np.int64) << 32) | taken[:, FROM]
    for text, shape, first, last in found.tolist():
        since = stems[shape].known_since if shape != CODE else None
        if dictionary.day and since and since > dictionary.day:
            continue
        name = texts.cut(text, first, last).decode()
        is_drug = is_company_code(name) if shape == CODE else name.lower() not in load_not_drugs()
        if is_drug and not _is_taken(places, taken, begin=(text << 32) | first, end=(text << 32) | last):
            yield DrugWord(text, first, name, since)


def spelt_as_listed(found: NDArray[np.int32], texts: Texts, dictionary: Dictionary) -> NDArray[np.bool_]:
    """Return which names are not a tiny name of a drug in another spelling: S1 is a vertebra, S-1 is a drug.

    Parameters
    ----------
    found : array of int32, n_found x 6
        Names that were accepted.
    texts : Texts
        In which they were found.
    dictionary : Dictionary
        Of their forms.
    """
    kept = np.ones(len(found), dtype=np.bool_)
    for row in np.flatnonzero(np.isin(found[:, FORM], dictionary.tiny_drugs)):
        text, form, first, last = (int(found[row, column]) for column in (TEXT, FORM, FROM, TO))
        kept[row] = texts.cut(text, first, last) == dictionary.forms[form].text.encode()
    return kept


def _is_taken(places: NDArray[np.int64], taken: NDArray[np.int32], *, begin: int, end: int) -> bool:
    """Return whether a place overlaps one that is taken; those do not overlap each other."""
    before = int(np.searchsorted(places, end)) - 1
    return before >= 0 and (int(taken[before, TEXT]) << 32) | int(taken[before, TO]) > begin
