"""Since when a name that was found would have been accepted: evidence counts from the day on which it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.horizon.evidence import FORM, TEXT, Texts, accept
from tmescope.horizon.forms import UNSURE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.horizon.dictionary import Dictionary

__all__ = ["find_days"]


def find_days(
    found: NDArray[np.int32], accepted: NDArray[np.bool_], texts: Texts, *, dictionary: Dictionary
) -> NDArray[np.int32]:
    """Return from which day on each accepted name would have been accepted.

    Parameters
    ----------
    found : array of int32, n_found x 6
        As from `tmescope.horizon.automaton.find`.
    accepted : array of bool, n_found
        As from `tmescope.horizon.evidence.accept`.
    texts : Texts
        The same texts.
    dictionary : Dictionary
        Its forms.

    Returns
    -------
    array of int32, n_accepted
        As `tmescope.horizon.forms.day_number`: the first day on which the names that were known by then, and no
        others, are evidence enough; never before the name itself was known.

    Notes
    -----
    Only texts in which an accepted name that may lean on others is older than another are looked at again, once for
    each day on which one of their names came up: few, since most names have no day at all. What a longer and younger
    name covers is not found in its place.
    """
    kept = np.flatnonzero(accepted)
    since = dictionary.since[found[:, FORM]]
    days = since[kept].copy()
    open_texts = _open(found[kept], since[kept], dictionary)
    if len(open_texts):
        rows = np.flatnonzero(np.isin(found[:, TEXT], open_texts))
        again = found[rows].copy()
        again[:, TEXT] = np.searchsorted(open_texts, again[:, TEXT])
        settled = _first_days(again, accepted[rows], since[rows], texts=_cut(texts, open_texts), dictionary=dictionary)
        days[np.isin(kept, rows)] = settled
    return days


def _open(kept: NDArray[np.int32], since: NDArray[np.int32], dictionary: Dictionary) -> NDArray[np.int32]:
    """Return the texts in which a name that may lean on another is older than one that it may lean on."""
    if not len(kept) or (since == since[0]).all():
        return np.zeros(0, dtype=np.int32)
    forms, of = kept[:, FORM], kept[:, TEXT]
    leans = (dictionary.trust[forms] == UNSURE) | dictionary.is_short[forms]
    bounds = np.iinfo(np.int32)
    latest = np.full(int(of.max()) + 1, bounds.min, dtype=np.int32)
    earliest = np.full(len(latest), bounds.max, dtype=np.int32)
    np.maximum.at(latest, of, since)
    np.minimum.at(earliest, of[leans], since[leans])
    return np.flatnonzero(latest > earliest).astype(np.int32)


def _cut(texts: Texts, chosen: NDArray[np.int32]) -> Texts:
    pieces = [texts.data[texts.ends[text] : texts.ends[text + 1]] for text in chosen.tolist()]
    ends = np.cumsum([0, *map(len, pieces)]).astype(np.int64)
    return Texts(np.concatenate(pieces), ends)


def _first_days(
    found: NDArray[np.int32],
    accepted: NDArray[np.bool_],
    since: NDArray[np.int32],
    *,
    texts: Texts,
    dictionary: Dictionary,
) -> NDArray[np.int32]:
    """Return of each accepted name the first day on which the names known by then make it accepted."""
    pairs = np.unique(np.column_stack([found[accepted, TEXT], since[accepted]]), axis=0)
    begins = np.searchsorted(pairs[:, 0], np.arange(len(texts.ends)))
    n_days = np.diff(begins)
    last = pairs[begins[1:] - 1, 1]
    days = np.where(accepted, last[found[:, TEXT]], since)
    is_open = accepted.copy()
    for turn in range(int(n_days.max()) - 1):  # on its last day everything is known
        day = pairs[np.minimum(begins[:-1] + turn, begins[1:] - 1), 1][found[:, TEXT]]
        known = np.flatnonzero((since <= day) & (turn < n_days[found[:, TEXT]] - 1))
        good = known[accept(found[known], texts, dictionary)]
        good = good[is_open[good]]
        days[good] = day[good]
        is_open[good] = False
    return days[accepted].astype(np.int32)
