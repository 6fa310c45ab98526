"""Sentences that say on which target a drug acts: ``tiragolumab, an anti-TIGIT antibody``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["find_statement"]

_KIND = (
    r"(?:(?:receptor )?(?:(?:tyrosine[- ])?kinases? )?(?:inhibitor|antagonist|agonist|blocker|degrader)|TKI|"
    r"(?:(?:bispecific|monoclonal|targeted|targeting|blocking) )*(?:antibody|mAb|ADC|antibody[- ]drug conjugate))"
)
_ANTIBODY = (
    r"(?:(?:humani[sz]ed|human|bispecific|monoclonal|blocking|IgG\d?|antibody|mAb|agent|drug|ADC|inhibitor) ){0,4}"
)
_NO_BRIDGE = (
    r"(?!(?:and|or|plus|with|without|versus|vs|than|after|before|followed|combined|not|no|non|unlike|to|for|in)\b)"
)
_WORDS = rf"(?:{_NO_BRIDGE}[\w-]+,? ){{0,5}}?"
_ASIDE = r"(?: ?\([^()]{1,40}\))?"
_IS = r"(?:,? (?:is|was|acts as|is known as)|,) (?:an? |the )?"
_MOST = 8
"""Names of one entity that are tried: those written most."""


def find_statement(text: str, drug_names: Iterable[str], target_names: Iterable[str]) -> str | None:
    """Return the words of a text that say that a drug acts on a target, or None.

    Parameters
    ----------
    text : str
        A title or an abstract.
    drug_names, target_names : iterable of str
        How the text writes them; capitals and hyphens do not matter.

    Notes
    -----
    Patterns, with D for the drug and T for the target: ``D, an anti-T``; ``D is an anti-T``; ``anti-T antibody D``;
    ``D (anti-T``; ``T inhibitor D``; ``D is a T inhibitor``; ``D, a T antagonist``; ``D (T1/T2 bispecific antibody)``;
    ``D is a bispecific antibody targeting T``. At most five words stand between, none of which joins or parts
    (*and*, *with*, *versus*). ``resistance to T inhibitors such as D`` and other lists are not read.
    """
    found = _pattern(_names(drug_names), _names(target_names)).search(" ".join(text.split()))
    return found[0] if found else None


def _names(names: Iterable[str]) -> tuple[str, ...]:
    once = list(dict.fromkeys(name for name in names if len(name) > 1))[:_MOST]
    return tuple(sorted(once, key=lambda name: (-len(name), name)))


@lru_cache(maxsize=256)
def _pattern(drugs: tuple[str, ...], targets: tuple[str, ...]) -> re.Pattern[str]:
    drug = rf"(?<![\w-])(?:{'|'.join(map(_spelt, drugs)) or '(?!)'})(?![\w-])"
    bare = rf"(?:{'|'.join(map(_spelt, targets)) or '(?!)'})(?!\w)"
    target = rf"(?<![\w-])(?:[A-Z][\w-]{{1,9}} ?/ ?)?{bare}(?: ?/ ?[A-Z][\w-]{{1,9}})?"
    anti = rf"\banti[- ]?(?:[A-Z][\w-]{{1,9}} ?/ ?)?{bare}"
    ways = (
        rf"{drug}{_ASIDE}{_IS}{_WORDS}{anti}",
        rf"{drug} ?\((?:an? )?{_WORDS}{anti}",
        rf"{anti} {_ANTIBODY}{drug}",
        rf"{target}[- ]{_KIND}{_ASIDE},? {drug}",
        rf"{drug}{_ASIDE}{_IS}{_WORDS}{target}[- ]{_KIND}(?!\w*s\b)",
        rf"{drug} ?\((?:an? )?{_WORDS}{target}[- ]{_KIND}",
        rf"{drug}{_ASIDE}{_IS}{_WORDS}(?:inhibitor of|antibody (?:targeting|against|directed against|to)) "
        rf"(?:the )?(?:[A-Z][\w-]{{1,9}} and )?{target}",
    )
    return re.compile("|".join(ways), re.IGNORECASE)


def _spelt(name: str) -> str:
    pieces = re.findall(r"[^\W_]+|[^\w\s-]", name)
    return r"[\s-]?".join(map(re.escape, pieces))
