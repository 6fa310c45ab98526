"""Which of the names that were found mean what the dictionary says: abbreviations, evidence, and words around."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tmescope.horizon.dictionary import Dictionary
from tmescope.horizon.forms import SHIELD, SURE, UNSURE
from tmescope.horizon.found_rows import gather_rows
from tmescope.horizon.gene_forms import SPELT, SYMBOL

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Texts", "abbreviations", "accept"]

TEXT, FORM, FROM, TO, FIRST, LAST = range(6)
"""Columns of what `tmescope.horizon.automaton.find` returns."""

_SHORT_FROM, _SHORT_TO, _LONG_FROM, _LONG_TO = 1, 2, 3, 4
_CUE_BEHIND = re.compile(
    rb"[ -]?(?:(?!(?:of|for|in|with|and|from|to|on)\b)\w+[ -])?"
    rb"(?:genes?|proteins?|mRNAs?|expression|mutations?|mutants?|mutated|polymorphisms?|receptors?|"
    rb"kinase|promoter|alleles?|transcripts?|knockdown|knockout|overexpression|amplification|signal|pathway|variants?|"
    rb"exons?|locus|loci|levels?)\b",
    re.IGNORECASE,
)
_CUE_BEFORE = re.compile(
    rb"(?:genes?|proteins?|receptors?|kinase|cytokines?|oncogene|mRNA|expression of|of the|anti|mutations? in|mutant)"
    rb" ?$|anti-$|expression of (?:the )?$|mutations? (?:in|of) (?:the )?$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(rb"\s*(?:,|/|and|or|, and|,and|, or|-|\+|;)\s*")
_REACH = 6
_BEHIND, _BEFORE = 40, 20
_WORD = re.compile(r"[a-z]+|\d+")
_STEM = 5
_ALIKE = 0.5
_GENE_WORDS = re.compile(
    r"protein|receptor|factor|kinase|ases?\b|ligand|antigen|cadherin|globulin|hormone|interleukin|chemokine|oncogene|"
    r"gene\b|homolog|peptide|channel|transporter|inhibitor|subunit|catenin|integrin|in\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Texts:
    """Texts, one behind the other.

    Parameters
    ----------
    data : array of uint8
        UTF-8.
    ends : array of int64, n_texts + 1
        Where each begins and ends.
    """

    data: NDArray[np.uint8]
    ends: NDArray[np.int64]

    def cut(self, text: int, first: int, last: int) -> bytes:
        """Return some bytes of a text, clipped to it.

        Parameters
        ----------
        text : int
            Which.
        first, last : int
            Bytes from and to, from where the text begins.
        """
        begin, end = int(self.ends[text]), int(self.ends[text + 1])
        return self.data[max(begin, begin + first) : min(end, begin + last)].tobytes()


def abbreviations(texts: Texts) -> NDArray[np.int32]:
    """Return the abbreviations that the texts introduce.

    Parameters
    ----------
    texts : Texts
        Where to look.

    Returns
    -------
    array of int32, n_found x 5
        See `tmescope.kernels.abbreviations.find_abbreviations`.
    """
    from tmescope.kernels.abbreviations import find_abbreviations

    find = partial(find_abbreviations, texts.data, texts.ends)
    return gather_rows(find, columns=5, guess=256 + len(texts.data) // 400)


def accept(found: NDArray[np.int32], texts: Texts, dictionary: Dictionary) -> NDArray[np.bool_]:
    """Return which of the names that were found are accepted.

    Parameters
    ----------
    found : array of int32, n_found x 6
        As from `tmescope.horizon.automaton.find`.
    texts : Texts
        The same texts.
    dictionary : Dictionary
        Its forms.

    Returns
    -------
    array of bool, n_found

    Notes
    -----
    A short name that the text itself introduces as an abbreviation is accepted where its long form is a name of the
    same gene, and refused where it is not. Of others, those that are sure are accepted; one that is not needs a sure
    name of the same entity elsewhere in the text. A symbol may also stand in a list beside a sure name of another
    gene, or beside a word such as gene or mutation, once in the text.
    """
    trust = dictionary.trust[found[:, FORM]]
    verdicts = _introduced(found, texts, dictionary)
    accepted = ((trust == SURE) & (verdicts >= 0)) | ((trust == UNSURE) & (verdicts > 0))
    _accept_named_elsewhere(found, accepted, verdicts, dictionary=dictionary)
    open_rows = np.flatnonzero((trust == UNSURE) & ~accepted & (verdicts == 0))
    _accept_by_words(open_rows, found, accepted, texts=texts, dictionary=dictionary)
    kept: NDArray[np.bool_] = accepted & (trust != SHIELD)
    return kept


def _keys(texts: NDArray[np.int32], others: NDArray[np.int32] | NDArray[np.int64]) -> NDArray[np.int64]:
    return (texts.astype(np.int64) << 32) | others.astype(np.int64)


def _introduced(found: NDArray[np.int32], texts: Texts, dictionary: Dictionary) -> NDArray[np.int8]:
    """Return 1 where a name is introduced with a long form of its own, -1 with a foreign one, 0 not at all."""
    short = abbreviations(texts)
    places = (found[:, TEXT].astype(np.int64) << 32) | found[:, FROM]
    wanted = (short[:, TEXT].astype(np.int64) << 32) | short[:, _SHORT_FROM]
    at = np.searchsorted(places, wanted)
    known: dict[int, int] = {}
    form_keys = _keys(found[:, TEXT], found[:, FORM])
    for row, place in zip(short, at.tolist(), strict=True):
        if place == len(found) or places[place] != _place(row) or found[place, TO] != row[_SHORT_TO]:
            continue
        if dictionary.is_short[found[place, FORM]]:
            key = int(form_keys[place])
            known.setdefault(key, _verdict(found, place, row, texts=texts, dictionary=dictionary))
    verdicts = np.zeros(len(found), dtype=np.int8)
    if known:
        keys = np.array(sorted(known), dtype=np.int64)
        values = np.array([known[key] for key in keys.tolist()], dtype=np.int8)
        spot = np.minimum(np.searchsorted(keys, form_keys), len(keys) - 1)
        there = keys[spot] == form_keys
        verdicts[there] = values[spot[there]]
    return verdicts


def _place(row: NDArray[np.int32]) -> int:
    return (int(row[TEXT]) << 32) | int(row[_SHORT_FROM])


def _verdict(
    found: NDArray[np.int32], place: int, row: NDArray[np.int32], *, texts: Texts, dictionary: Dictionary
) -> int:
    """Return whether a long form is a name of what its short form means."""
    form = dictionary.forms[found[place, FORM]]
    other = place - 1
    while other >= 0 and found[other, TEXT] == row[TEXT] and found[other, TO] > row[_LONG_FROM]:
        mine = dictionary.forms[found[other, FORM]].entity_id == form.entity_id
        if mine and found[other, TO] <= row[_LONG_TO]:
            return 1
        other -= 1
    long = texts.cut(int(row[TEXT]), int(row[_LONG_FROM]), int(row[_LONG_TO])).decode(errors="replace")
    names = dictionary.words.get(form.entity_id, ())
    if not names:
        return 1 if form.entity_type == "gene" and _GENE_WORDS.search(long) else -1
    words = _stems((long,))
    return 1 if words and len(words & _stems(names)) / len(words) >= _ALIKE else -1


def _stems(texts: Iterable[str]) -> frozenset[str]:
    words = (word for text in texts for word in _WORD.findall(text.lower()))
    return frozenset(word[:_STEM] for word in words if len(word) > 2 or word.isdigit())


def _accept_named_elsewhere(
    found: NDArray[np.int32], accepted: NDArray[np.bool_], verdicts: NDArray[np.int8], *, dictionary: Dictionary
) -> None:
    """Accept names whose entity has an accepted name in the same text."""
    keys = _keys(found[:, TEXT], dictionary.entity_of[found[:, FORM]])
    sure = np.unique(keys[accepted])
    accepted |= np.isin(keys, sure) & (verdicts >= 0)


def _accept_by_words(
    rows: NDArray[np.int64],
    found: NDArray[np.int32],
    accepted: NDArray[np.bool_],
    *,
    texts: Texts,
    dictionary: Dictionary,
) -> None:
    """Accept symbols of genes beside a sure name of another, or beside a word that speaks of genes."""
    settled = accepted.copy()
    keys = _keys(found[:, TEXT], found[:, FORM])
    good: set[int] = set()
    for row in rows.tolist():
        form = dictionary.forms[found[row, FORM]]
        if int(keys[row]) in good or not _may_be_a_symbol(form.entity_type, form.rank):
            continue
        if _beside_a_gene(row, found, settled, texts=texts, dictionary=dictionary) or _beside_a_cue(found[row], texts):
            good.add(int(keys[row]))
    if good:
        chosen = np.isin(keys[rows], np.array(sorted(good), dtype=np.int64))
        accepted[rows[chosen]] = True


def _may_be_a_symbol(entity_type: str, rank: int) -> bool:
    return entity_type == "gene" and rank in {SYMBOL, SPELT}


def _beside_a_gene(
    row: int, found: NDArray[np.int32], settled: NDArray[np.bool_], *, texts: Texts, dictionary: Dictionary
) -> bool:
    for other in (row - 1, row + 1):
        if not 0 <= other < len(found) or found[other, TEXT] != found[row, TEXT] or not settled[other]:
            continue
        left, right = min(row, other), max(row, other)
        gap = texts.cut(int(found[row, TEXT]), int(found[left, TO]), int(found[right, FROM]))
        form = dictionary.forms[found[other, FORM]]
        if len(gap) <= _REACH and form.entity_type == "gene" and form.is_short and _BETWEEN.fullmatch(gap):
            return True
    return False


def _beside_a_cue(row: NDArray[np.int32], texts: Texts) -> bool:
    text, begin, end = int(row[TEXT]), int(row[FROM]), int(row[TO])
    if _CUE_BEHIND.match(texts.cut(text, end, end + _BEHIND)):
        return True
    return bool(_CUE_BEFORE.search(texts.cut(text, max(0, begin - _BEFORE), begin)))
