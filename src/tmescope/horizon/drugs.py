"""Drugs: how they are written, and which of them the interventions of a trial name."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence

from tmescope.facts.horizon_terms import Drug, load_codes, load_drugs, load_not_drugs, load_stems
from tmescope.horizon.forms import Form

__all__ = ["drug_forms", "drug_id", "find_drugs", "is_company_code", "normalise_drugs"]

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*")
_CODE = re.compile(
    r"(?<![A-Za-z0-9-])[A-Z][A-Za-z]{0,4}[- ]?[A-Z]{0,2}\d{2,7}[A-Z]{0,3}\d?(?:-[A-Z0-9]{1,4})?(?![A-Za-z0-9])"
)
_NO_CODE = re.compile(
    r"(?i)(phase|day|week|cohort|arm|group|grade|stage|part|cycle|step|mg|gy|vitamin|version|l0\d|cd\d).*"
)
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
    """Return whether a code begins with the prefix of a company that is known.

    Parameters
    ----------
    text : str
        Such as ``SHR-1826``.
    """
    found = _CAPITAL_NAME.match(text)
    return found is not None and any(found[0].startswith(prefix) for prefix in load_codes())


def normalise_drugs(
    names: Sequence[str], *, other_names: Sequence[Sequence[str]] | None = None, as_of: dt.date | None = None
) -> list[tuple[str, ...]]:
    """Return the drugs that interventions of trials name.

    Parameters
    ----------
    names : sequence of str
        Names of interventions as sponsors write them.
    other_names : sequence of sequences of str, optional
        Other names of each; asked where the name itself names no drug.
    as_of : date, optional
        Other names and stems that were made later are not used.

    Returns
    -------
    list of tuple of str
        For each intervention, identifiers such as ``drug:osimertinib`` in the order of the name, each once; empty for
        placebos, procedures, devices and classes of drugs.

    Notes
    -----
    Names of the bundled list are taken first, then words with a stem of the international nonproprietary names, then
    codes. The MeSH terms that a registry echoes are not used.
    """
    found = find_drugs(names, other_names=other_names, as_of=as_of)
    return [tuple(drug for drug, _ in drugs) for drugs in found]


def find_drugs(
    names: Sequence[str], *, other_names: Sequence[Sequence[str]] | None = None, as_of: dt.date | None = None
) -> list[tuple[_Known, ...]]:
    """Return what `normalise_drugs` does, each with the day from which it is called so; None: always.

    Parameters
    ----------
    names, other_names, as_of
        See `normalise_drugs`.
    """
    others = other_names or [()] * len(names)
    finder = _Finder(as_of)
    found = []
    for name, more in zip(names, others, strict=True):
        drugs = finder.drugs(name)
        if not drugs:
            drugs = next((d for d in map(finder.drugs, more) if d), ())
        found.append(drugs)
    return found


class _Finder:
    """Finds drugs in short texts: the whole list is one expression, since interventions are few and short."""

    def __init__(self, as_of: dt.date | None) -> None:
        known = [f for f in drug_forms() if as_of is None or f.known_since is None or f.known_since <= as_of]
        self._ids = {_key(form.text): (form.entity_id, form.known_since) for form in known}
        spelt = sorted(self._ids, key=len, reverse=True)
        flexible = "|".join(r"[\s-]?".join(map(re.escape, key)) for key in spelt)
        self._listed = re.compile(rf"(?<![a-z0-9])(?:{flexible})(?![a-z0-9])", re.IGNORECASE)
        self._stems = tuple(s for s in load_stems() if as_of is None or not s.known_since or s.known_since <= as_of)

    def drugs(self, text: str) -> tuple[_Known, ...]:
        """Return the drugs of one name."""
        found = {m.start(): (self._ids[_key(m[0])], m.end()) for m in self._listed.finditer(text)}
        taken = [(start, end) for start, (_, end) in found.items()]
        for match in (*_WORD.finditer(text), *_CODE.finditer(text)):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            name, since = self._word(match[0])
            if name:
                found[match.start()] = ((drug_id(name), since), match.end())
                taken.append(match.span())
        first: dict[str, dt.date | None] = {}
        for start in sorted(found):
            first.setdefault(*found[start][0])
        return tuple(first.items())

    def _word(self, text: str) -> _Known:
        """Return the name of a drug that a word is, or nothing, with the day of its stem."""
        word = _SUFFIX.sub("", text)
        low = word.lower()
        fits = [s for s in self._stems if low.endswith(s.stem) and len(low) >= s.needs]
        if fits and low not in load_not_drugs():
            days = [s.known_since for s in fits]
            return word, None if None in days else min(day for day in days if day)
        return (text if _CODE.fullmatch(text) and not _NO_CODE.fullmatch(text) else ""), None


def _key(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())
