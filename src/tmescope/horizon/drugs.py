"""Drugs: how they are written, and which of them a short text names."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TypeVar

from tmescope.facts.horizon_terms import Drug, load_codes, load_drugs, load_not_drugs, load_stems
from tmescope.horizon.forms import Form

__all__ = ["DrugFinder", "drug_forms", "drug_id", "is_company_code", "keep_earlier"]

Seen = TypeVar("Seen", bound=tuple[str, dt.date | None, str])

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*")
_CODE = re.compile(
    r"(?<![A-Za-z0-9-])[A-Z][A-Za-z]{0,4}[- ]?[A-Z]{0,2}\d{2,7}[A-Z]{0,3}\d?(?:-[A-Z0-9]{1,4})?(?![A-Za-z0-9])"
)
_NO_CODE = re.compile(
    r"(?i)(phase|day|week|cohort|arm|group|grade|stage|part|cycle|step|mg|gy|vitamin|version|l0\d|cd\d).*"
)
_NO_DRUG = re.compile(
    r"(?i)(?:covid|hpv|hbv|hla|rpmi|dmem|sf[- ]?36|qlq|akt|astm).*|"
    r"(?:[a-z][a-z0-9]{0,5}[- ])?[acdefghiklmnpqrstvwy]\d{2,4}[acdefghiklmnpqrstvwy]"
)
"""Viruses, alleles, media, questionnaires, standards, sites of AKT (*AKT S473*), changes of one amino acid (T790M)."""
_BRACKET, _CLOSED = re.compile(r"\s*[(（]\s*"), re.compile(r"\s*[)）]")
_Known = tuple[str, dt.date | None]
_CAPITAL_NAME = re.compile(r"[A-Z]{2,}")
_SUFFIX = re.compile(r"-[a-z]{4}$")  # of biosimilars, such as -awwb


def drug_id(name: str) -> str:
    """Return the identifier of a drug.

    Parameters
    ----------
    name : str
        Its name or code.

    Examples
    --------
    >>> drug_id("SHR-1826")
    'drug:shr1826'
    """
    core = "".join(c for c in name.lower() if c.isalnum() or c == " ").strip()
    has_number = any(c.isdigit() for c in core)
    return "drug:" + core.replace(" ", "" if has_number else "-")


def drug_forms(drugs: Iterable[Drug] | None = None) -> Iterator[Form]:
    """Yield the forms of drugs.

    Parameters
    ----------
    drugs : iterable of Drug, optional
        The bundled ones if omitted.

    Yields
    ------
    Form
        Of type ``drug``; other names with the day from which they are known.
    """
    for drug in load_drugs() if drugs is None else drugs:
        entity = drug_id(drug.name)
        yield Form(drug.name, entity, "drug", strict=_needs_capitals(drug.name), is_short=_needs_capitals(drug.name))
        for alias in drug.aliases:
            strict = _needs_capitals(alias.name)
            yield Form(alias.name, entity, "drug", 1, strict, is_short=strict, known_since=alias.since)


def _needs_capitals(name: str) -> bool:
    core = "".join(c for c in name if c.isalnum())
    return len(core) < 5 or (not any(c.isdigit() for c in core) and name.isupper())


def is_company_code(text: str) -> bool:
    """Return whether a code begins with the prefix of a company that is known, and names nothing else.

    Parameters
    ----------
    text : str
        Such as ``SHR-1826``.
    """
    found = _CAPITAL_NAME.match(text)
    if found is None or _NO_DRUG.fullmatch(text):
        return False
    return any(found[0].startswith(prefix) for prefix in load_codes())


def keep_earlier(found: dict[str, Seen], one: Seen) -> None:
    """Add a drug to those that were found; of two sightings the one is kept that is known from the earlier day.

    Parameters
    ----------
    found : dict of str to tuple
        By identifier; written.
    one : tuple of (str, datetime.date or None, str)
        Identifier, day from which it is called so (None: always), how it is written.
    """
    found[one[0]] = min(found.get(one[0], one), one, key=lambda seen: seen[1] or dt.date.min)


class DrugFinder:
    """Finds drugs in short texts: the whole list is one expression, since interventions are few and short.

    Parameters
    ----------
    as_of : datetime.date, optional
        Other names and stems that were made later are not used.

    Notes
    -----
    Names of the bundled list are taken first, then words with a stem of the international nonproprietary names, then
    codes. A short name of the list counts where it is written as there: S1 is a vertebra, S-1 a drug. Of a name and a
    code where one stands in brackets behind the other, the code is another name of the drug. A drug that is named twice
    is known from the earlier day.
    """

    def __init__(self, as_of: dt.date | None = None) -> None:
        known = [f for f in drug_forms() if as_of is None or f.known_since is None or f.known_since <= as_of]
        self._ids = {_key(form.text): (form.entity_id, form.known_since) for form in known}
        self._listed_ids = {entity for entity, _ in self._ids.values()}
        self._short = {_key(form.text): form.text for form in known if form.is_short}
        spelt = sorted(self._ids, key=len, reverse=True)
        flexible = "|".join(r"[\s-]?".join(map(re.escape, key)) for key in spelt)
        self._listed = re.compile(rf"(?<![a-z0-9])(?:{flexible})(?![a-z0-9])", re.IGNORECASE)
        self._stems = tuple(s for s in load_stems() if as_of is None or not s.known_since or s.known_since <= as_of)

    def is_listed(self, drug: str) -> bool:
        """Return whether an identifier is of the bundled list."""
        return drug in self._listed_ids

    def find(self, text: str, *, codes: bool = True) -> tuple[tuple[str, dt.date | None, str], ...]:
        """Return the drugs of a text in its order: identifier, day from which it is called so, how it is written.

        Parameters
        ----------
        text : str
            A name, or a sentence.
        codes : bool
            Take words that look like the code of a company; without, stems that end words of the language are not
            taken either.
        """
        listed = [m for m in self._listed.finditer(text) if self._short.get(_key(m[0]), m[0]) == m[0]]
        found = {m.start(): (*self._ids[_key(m[0])], m[0]) for m in listed}
        taken = [m.span() for m in listed]
        coded: set[int] = set()
        for match in (*_WORD.finditer(text), *_CODE.finditer(text)):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            name, since = self._stemmed(match[0], codes=codes)
            if not name and codes and _is_code(match[0]):
                name = match[0]
                coded.add(match.start())
            if name:
                found[match.start()] = (drug_id(name), since, match[0])
                taken.append(match.span())
        first: dict[str, tuple[str, dt.date | None, str]] = {}
        for start in sorted(found.keys() - _other_names(text, taken, coded)):
            keep_earlier(first, found[start])
        return tuple(first.values())

    def _stemmed(self, text: str, *, codes: bool) -> _Known:
        """Return the name of a drug that a word is by its stem, or nothing, with the day of the stem."""
        word = _SUFFIX.sub("", text)
        low = word.lower()
        fits = [s for s in self._stems if low.endswith(s.stem) and len(low) >= s.needs]
        fits = [s for s in fits if codes or not s.only_in_trials]
        if fits and low not in load_not_drugs():
            days = [s.known_since for s in fits]
            return word, None if None in days else min(day for day in days if day)
        return "", None


def _is_code(text: str) -> bool:
    return bool(_CODE.fullmatch(text)) and not _NO_CODE.fullmatch(text) and not _NO_DRUG.fullmatch(text)


def _other_names(text: str, places: Iterable[tuple[int, int]], coded: set[int]) -> set[int]:
    """Return where codes begin that are another name of a drug beside: *XYZ-123 (drug)*, *drug (XYZ-123)*."""
    return {
        start if start in coded else other
        for (start, end), (other, last) in pairwise(sorted(places))
        if (start in coded) != (other in coded) and _BRACKET.fullmatch(text, end, other) and _CLOSED.match(text, last)
    }


def _key(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())
