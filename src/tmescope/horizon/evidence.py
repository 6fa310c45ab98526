"""Which of the names that were found mean what the dictionary says: abbreviations, evidence, and words around."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from tmescope.horizon.dictionary import Dictionary
from tmescope.horizon.forms import SHIELD, SURE, UNSURE
from tmescope.horizon.found_rows import gather_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Texts", "abbreviations", "accept"]

TEXT, FORM, FROM, TO, FIRST, LAST = range(6)
"""Columns of what `tmescope.horizon.automaton.find` returns."""

_SHORT_FROM, _SHORT_TO, _LONG_FROM, _LONG_TO = 1, 2, 3, 4
_CUE_BEHIND = re.compile(
    rb"[ -]?(?:(?!(?:of|for|in|with|and|from|to|on|by|or|as|at|is|are|was|were|the|an?|each|this|that|these|no)\b)"
    rb"\w+[ -])?"
    rb"(?:genes?|proteins?|mRNAs?|expression|mutations?|mutants?|mutated|polymorphisms?|receptors?|"
    rb"promoter|alleles?|transcripts?|knockdown|knockout|overexpression|amplification|signal|pathway|variants?|"
    rb"exons?|locus|loci|levels?)\b",
    re.IGNORECASE,
)
_CUE_BEFORE = re.compile(
    rb"(?:genes?|proteins?|receptors?|kinase|cytokines?|oncogene|mRNA|expression of|of the|anti|mutations? in|mutant)"
    rb" ?$|anti-$|expression of (?:the )?$|mutations? (?:in|of) (?:the )?$",
    re.IGNORECASE,
)
_JOINED = re.compile(rb"[A-Za-z]-$")
_MAY_JOIN = re.compile(rb"(?:anti|phospho|non|pro|total|soluble|human)-$", re.IGNORECASE)
"""What may be joined to a name by a hyphen: *beta-AR* is no AR."""
_BETWEEN = re.compile(rb"\s*(?:,|/|and|or|, and|,and|, or|-|\+|;)\s*")
_REACH = 6
_SPACE, _HYPHEN, _FIRST_CAPITAL, _LAST_CAPITAL = 32, 45, 65, 90
_BEHIND, _BEFORE = 40, 20
_WORD = re.compile(r"[a-z]+|\d+")
_STEM = 5
_ALIKE = 0.5
_EVERYWHERE = frozenset(
    {*("prote", "gene", "recep", "facto", "kinas", "membe"), *("famil", "type", "subun", "and", "the", "with")}
)
"""Stems that names of any genes share."""
_DISEASE = re.compile(r"(?:syndrome|disease|deficiency|disorder|dystrophy|anemia|cancer|carcinoma)s?$", re.IGNORECASE)
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
    same gene, and refused where it is not, unless it is sure and has a digit: HGNC lacks many long forms of those. Of
    others, those that are sure are accepted; one that is not needs a sure name of the same entity elsewhere in the
    text. A symbol, or a former one with a digit, may also stand in a list beside a sure name of another gene, or beside
    a word such as gene or mutation, once. Some ways of writing leave a sure name in want of such evidence.
    """
    trust = _trust_as_written(found, texts, dictionary)
    verdicts = _introduced(found, texts, dictionary)
    accepted = ((trust == SURE) & (verdicts >= 0)) | ((trust == UNSURE) & (verdicts > 0))
    _accept_named_elsewhere(found, accepted, verdicts, dictionary=dictionary)
    by_words = dictionary.may_stand_by_words[found[:, FORM]]
    open_rows = np.flatnonzero((trust == UNSURE) & ~accepted & (verdicts == 0) & by_words)
    _accept_by_words(open_rows, found, accepted, texts=texts, dictionary=dictionary)
    kept: NDArray[np.bool_] = accepted & (trust != SHIELD)
    return kept


def _trust_as_written(found: NDArray[np.int32], texts: Texts, dictionary: Dictionary) -> NDArray[np.int8]:
    """Return the trust of each name here: some ways of writing leave a sure name in want of evidence.

    A symbol with a blank inside (*her 2 years*) or without any capital, and a name of one word that a hyphen joins to
    another (*L-asparaginase*).
    """
    forms = found[:, FORM]
    trust = dictionary.trust[forms]
    begins = texts.ends[found[:, TEXT]] + found[:, FROM]
    lengths = found[:, TO] - found[:, FROM]
    words = np.flatnonzero(dictionary.is_word[forms] & (trust == SURE))
    before = texts.data[np.maximum(begins[words] - 1, 0)]
    behind = texts.data[np.minimum(begins[words] + lengths[words], len(texts.data) - 1)]
    trust[words[(before == _HYPHEN) | (behind == _HYPHEN)]] = UNSURE
    loose = np.flatnonzero(dictionary.is_loose[forms] & (trust == SURE))
    steps = np.arange(lengths[loose].max(initial=0))
    inside = steps < lengths[loose, None]
    letters = np.where(inside, texts.data[np.where(inside, begins[loose, None] + steps, 0)], 0)
    has_blank = (letters == _SPACE).any(axis=1)
    has_capital = ((letters >= _FIRST_CAPITAL) & (letters <= _LAST_CAPITAL)).any(axis=1)
    trust[loose[has_blank | ~has_capital]] = UNSURE
    return trust


def _keys(texts: NDArray[np.int32], others: NDArray[np.int32] | NDArray[np.int64]) -> NDArray[np.int64]:
    return (texts.astype(np.int64) << 32) | others.astype(np.int64)


def _introduced(found: NDArray[np.int32], texts: Texts, dictionary: Dictionary) -> NDArray[np.int8]:
    """Return 1 where a name is introduced with a long form of its own, -1 with a foreign one, 0 not at all."""
    short = abbreviations(texts)
    if len(found) == 0:
        return np.zeros(0, dtype=np.int8)
    places = (found[:, TEXT].astype(np.int64) << 32) | found[:, FROM]
    wanted = (short[:, TEXT].astype(np.int64) << 32) | short[:, _SHORT_FROM]
    at = np.minimum(np.searchsorted(places, wanted), len(found) - 1)
    known: dict[int, int] = {}
    form_keys = _keys(found[:, TEXT], found[:, FORM])
    is_name = (places[at] == wanted) & (found[at, TO] == short[:, _SHORT_TO]) & dictionary.is_short[found[at, FORM]]
    for row, place in zip(short[is_name], at[is_name].tolist(), strict=True):
        key = int(form_keys[place])
        if key not in known:
            known[key] = _verdict(found, place, row, texts=texts, dictionary=dictionary)
    verdicts = np.zeros(len(found), dtype=np.int8)
    if known:
        keys = np.array(sorted(known), dtype=np.int64)
        values = np.array([known[key] for key in keys.tolist()], dtype=np.int8)
        spot = np.minimum(np.searchsorted(keys, form_keys), len(keys) - 1)
        there = keys[spot] == form_keys
        verdicts[there] = values[spot[there]]
    return verdicts


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
    if form.entity_type == "gene" and _DISEASE.search(long):
        return -1
    names = dictionary.words.get(form.entity_id, ())
    if not names:
        return 1 if form.entity_type == "gene" and _GENE_WORDS.search(long) else -1
    words, own = _stems((long,)), _own_stems(names)
    shared = words & own
    if shared - _EVERYWHERE and len(shared) / len(words) >= _ALIKE:
        return 1
    return 0 if dictionary.has_number[found[place, FORM]] else -1


@lru_cache(maxsize=1 << 12)
def _own_stems(names: tuple[str, ...]) -> frozenset[str]:
    return _stems(names)


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
        if int(keys[row]) in good:
            continue
        if _beside_a_gene(row, found, settled, texts=texts, dictionary=dictionary) or _beside_a_cue(found[row], texts):
            good.add(int(keys[row]))
    if good:
        chosen = np.isin(keys[rows], np.array(sorted(good), dtype=np.int64))
        accepted[rows[chosen]] = True


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
    before = texts.cut(text, max(0, begin - _BEFORE), begin)
    if _JOINED.search(before) and not _MAY_JOIN.search(before):
        return False
    if _CUE_BEHIND.match(texts.cut(text, end, end + _BEHIND)):
        return True
    return bool(_CUE_BEFORE.search(before))
