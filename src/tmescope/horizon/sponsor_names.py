"""Which names mean one sponsor: spellings of one name and of its legal form, and what a bundled list says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from tmescope.facts.horizon_terms import load_vocabulary

__all__ = ["name_sponsors", "sponsor_id"]

_ID = "sponsor:"
_SAID = re.compile(r"^\s*(?:an? )?(?:clinical )?(?:study|trial) (?:sponsored |conducted )?by\s+", re.IGNORECASE)
_DOTTED = re.compile(r"\b(?:\w\.){2,}(?:\w\b)?")
_WORD = re.compile(r"[^\W_]+\+*")
_AND = "and"
_FORMS = {
    "incorporated": "inc", "corporation": "corp", "limited": "ltd", "company": "co", "inc": "inc", "corp": "corp",
    "ltd": "ltd", "co": "co", "llc": "llc", "plc": "plc", "gmbh": "gmbh", "ag": "ag", "kgaa": "kgaa", "kg": "kg",
    "sa": "sa", "sas": "sas", "srl": "srl", "spa": "spa", "bv": "bv", "nv": "nv", "pty": "pty", "lp": "lp",
}  # fmt: skip
"""Legal forms, each under its short name: they are spelt alike, and never left out."""


def sponsor_id(name: str) -> str:
    """Return the identifier of a sponsor: that of a bundled list, else its words in lower case.

    Parameters
    ----------
    name : str
        As the registry writes it.

    Notes
    -----
    Capitals, punctuation, *and*, an introduction such as *A Study by*, and how a legal form is spelt (*Co., Ltd.*,
    *Company Limited*) do not matter. The legal form itself does: *Merck KGaA* and *Merck & Co., Inc.* are two
    companies. Names with different forms, or with none, are one sponsor only where the bundled list says so.

    Examples
    --------
    >>> sponsor_id("Bristol-Myers Squibb")
    'sponsor:bristol-myers-squibb'
    >>> sponsor_id("F. Hoffmann-La Roche Ltd.")
    'sponsor:roche'
    """
    key = _key(name)
    return _listed().get(key, _ID + key)


def name_sponsors(counts: Mapping[str, int]) -> dict[str, str]:
    """Return under which name each name of a sponsor is shown: that of the bundled list, else the most common one.

    Parameters
    ----------
    counts : mapping of str to int
        How many trials have each name; of names that are as common the first in the alphabet is taken.
    """
    shown = {one.entity_id: one.name for one in load_vocabulary("sponsors")}
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        shown.setdefault(sponsor_id(name), " ".join(name.split()))
    return {name: shown[sponsor_id(name)] for name in counts}


@cache
def _listed() -> Mapping[str, str]:
    """Return the bundled companies by the keys of their names."""
    companies = [one for one in load_vocabulary("sponsors") if one.entity_id.startswith(_ID)]
    return {_key(name): one.entity_id for one in companies for name in (one.name, *one.terms)}


def _key(name: str) -> str:
    composed = unicodedata.normalize("NFC", name)
    plain = _DOTTED.sub(lambda m: m[0].replace(".", ""), _SAID.sub("", composed).lower())
    words = [word for word in _WORD.findall(plain) if word != _AND] or plain.split()
    first = len(words)
    while first > 1 and words[first - 1] in _FORMS:
        first -= 1
    return "-".join([*words[:first], *(_FORMS[word] for word in words[first:])])
