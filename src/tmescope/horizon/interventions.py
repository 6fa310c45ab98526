"""The drugs that an intervention of a trial gives, from its name, its other names and its description."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from tmescope.horizon.drugs import DrugFinder, keep_earlier

__all__ = ["NO_SUBSTANCE", "GivenDrug", "find_given"]

NO_SUBSTANCE = frozenset({"BEHAVIORAL", "DEVICE"})
"""Kinds of intervention whose codes look like those of drugs and genes: CT-152 is software."""

_TOLD = frozenset({"DRUG", "BIOLOGICAL", "COMBINATION_PRODUCT", "GENETIC", "DIETARY_SUPPLEMENT", "OTHER"})
"""Kinds whose description says what is given; that of a scan or an operation names contrast agents and anaesthetics."""
_DUMMY = re.compile(r"(?i)\b(?:placebo|sham|dummy)")
_STOOD_FOR = re.compile(
    r"(?is)\b(?:placebos?|sham|dummy)(?:\s+(?:oral|film-coated|tablets?|capsules?|pills?|infusions?|injections?|solution))*"
    r"(?:\s*[(（][^)）]*[)）]?|[\s-]*\b(?:to|for|of|match\w*)\b.*)"
)
"""A placebo and what it stands for: all that follows, or what stands in brackets."""
_NOT_GIVEN = re.compile(r"\s*(?:[Nn]o|NO(?=\s+[A-Z]{2})|(?i:without))\s")
"""Names that deny what they name; the NO of *NO donor* is nitric oxide."""
_NON = re.compile(r"(?i)\bnon-\w+")
_PIECES = re.compile(r"(?i)\s*(?:[+,;/，；、＋]|\b(?:plus|and|or|with|followed by)\b)\s*")
_STANDS_FOR_DRUGS = re.compile(
    r"(?i)\b(?:(?:radio)?chemo(?:radio)?(?:therapy|therapies)?|immunotherapy|targeted therapy|"
    r"standard (?:of care|therapy|treatment)|inhibitors?|regimen|doublet)\b"
)
_SENTENCE = re.compile(r"(?<=[.;])\s+|\n")
_OF_ANOTHER = re.compile(
    r"(?i)\b(?:compar\w+|versus|vs|than|unlike|instead|in place of|previous\w*|prior|after|without|not|never|fail\w*|"
    r"resist\w*|refractory|progress\w* (?:on|after|during|following|under)|(?:ha[sd]|have|having|who) received|"
    r"exclud\w*|identical|match\w*|contraindicated|such as|control (?:group|arm))\b"
)
"""In a sentence that says so a drug may be another's: a comparison, an earlier treatment, what is not given."""


class GivenDrug(NamedTuple):
    """One drug of an intervention.

    Parameters
    ----------
    drug : str
        Its identifier.
    known_since : datetime.date or None
        Day from which it is called so; None: always.
    text : str
        The name of the intervention, or the other name or the word of the description that names it.
    """

    drug: str
    known_since: dt.date | None
    text: str


def find_given(
    interventions: Sequence[Mapping[str, Any]], *, named_only: bool = False, as_of: dt.date | None = None
) -> list[list[GivenDrug]]:
    """Return the drugs that each intervention gives, in the order of its record, each once.

    Parameters
    ----------
    interventions : sequence of mappings
        With ``name``, and where they are there ``type``, ``other_names`` and ``description``.
    named_only : bool
        Read names, and other names of those that say nothing: no partners and no descriptions, which list alternatives.
    as_of : datetime.date, optional
        Other names and stems that were made later are not used.

    Notes
    -----
    Devices and behaviour give none. The name counts first. Other names are asked where it says nothing; where they
    name listed drugs beside a listed drug, or several beside a code, those are partners. The description is read where
    neither names a drug, and where the name holds beside a drug a word that stands for others (*chemotherapy*): names
    and stems alone, since numbers of vertebrae and media look like codes, and not in sentences that compare, deny, tell
    of earlier treatment or of a placebo. What a placebo stands for is not given, nor what a name denies. A drug that a
    record names twice is known from the earlier day.
    """
    finder = _finder(as_of)
    return [_Reading(finder, named_only=named_only).read(one) for one in interventions]


@cache
def _finder(as_of: dt.date | None) -> DrugFinder:
    return DrugFinder(as_of)


class _Reading:
    """Collects the drugs of one intervention."""

    def __init__(self, finder: DrugFinder, *, named_only: bool) -> None:
        self._finder = finder
        self._named_only = named_only
        self._found: dict[str, GivenDrug] = {}

    def read(self, one: Mapping[str, Any]) -> list[GivenDrug]:
        name = one.get("name") or ""
        if one.get("type") in NO_SUBSTANCE or _NOT_GIVEN.match(name):
            return []
        self._add(_NON.sub("", _without_dummies(name)), said=name)
        stands_for_more = bool(self._found and _STANDS_FOR_DRUGS.search(name))
        if not _DUMMY.search(name):
            self._read_others([other for other in one.get("other_names") or () if not _DUMMY.search(other)])
            if not self._named_only and one.get("type") in _TOLD and (stands_for_more or not self._found):
                for sentence in _sentences(one.get("description") or ""):
                    self._add(sentence, codes=False)
        return list(self._found.values())

    def _add(self, text: str, *, said: str = "", codes: bool = True) -> None:
        for drug, since, written in self._finder.find(text, codes=codes):
            keep_earlier(self._found, GivenDrug(drug, since, said or written))

    def _read_others(self, others: Sequence[str]) -> None:
        has_name = bool(self._found)
        named = [[GivenDrug(drug, since, other) for drug, since, _ in self._finder.find(other)] for other in others]
        if not has_name:
            self._found |= {one.drug: one for one in next(filter(None, named), ())}
        partners: dict[str, GivenDrug] = {}
        for one in chain.from_iterable(named):
            if one.drug in self._found:
                keep_earlier(self._found, one)
            elif self._finder.is_listed(one.drug):
                keep_earlier(partners, one)
        if not has_name or self._named_only:
            return
        if len(partners) > 1 or all(map(self._finder.is_listed, self._found)):
            self._found |= partners


def _without_dummies(name: str) -> str:
    if not _DUMMY.search(name):
        return name
    pieces = _PIECES.split(_STOOD_FOR.sub("placebo", name))
    return " + ".join(piece for piece in pieces if not _DUMMY.search(piece))


def _sentences(description: str) -> Iterator[str]:
    return (one for one in _SENTENCE.split(description) if not (_OF_ANOTHER.search(one) or _DUMMY.search(one)))
