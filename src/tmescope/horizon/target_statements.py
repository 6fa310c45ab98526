"""Sentences that say on which target a drug acts: ``tiragolumab, an anti-TIGIT antibody``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["KIND_WORDS", "find_statement"]

KIND_WORDS = r"\banti|inhibitor|antagonist|agonist|blocker|degrader|antibody|\b(?:TKI|mAb|ADC)\b"
"""Pattern of DuckDB for texts that can hold a statement, whatever their capitals: the others need not be read."""

_KIND = (
    r"(?:(?:(?:tyrosine[- ])?kinases? )?(?:inhibitor|antagonist|agonist|blocker|degrader)|TKI|"
    r"(?:(?:bispecific|monoclonal|targeted|targeting|blocking) )*(?:antibody|mAb|ADC|antibody[- ]drug conjugate))(?!\w)"
)
_ANTIBODY = (
    r"(?:(?:humani[sz]ed|human|bispecific|monoclonal|blocking|IgG\d?|antibody|mAb|agent|drug|ADC|inhibitor) ){0,4}"
)
_NO_BRIDGE = (
    r"(?!(?:and|or|plus|with|without|versus|vs|than|after|before|followed|following|combined|alongside|despite|against|"
    r"not|no|non|never|neither|nor|rather|unlike|to|for|in|of|by|on|among|until|where|when|while|whereas|but|"
    r"that|which|who|prior|previous|previously|earlier|failed|concurrent|concomitant)\b)"
)
_PRAISE = r"(?:potent|selective|specific|novel|new|oral|reversible|irreversible|covalent|humani[sz]ed|human),"
_WORDS = rf"(?:{_NO_BRIDGE}(?:[\w-]{{1,40}}|{_PRAISE}) ){{0,5}}?"
_ASIDE = r"(?: ?\([^()]{1,40}\))?"
_SHORT_ASIDE = r"(?: ?\([\w-]{1,6}\))?"
_COMMA = r"(?P<comma>, )(?:an? |the )"
_IS = rf"(?:{_COMMA}|(?:,? (?:is|was|acts as|is known as)(?: also)?|, as) (?:an? |the ))"
_PATHWAY = re.compile(
    r"(?<!\w)(?:PD-?1 ?/ ?(?:PD-?)?L-?1|PD-?L-?1 ?/ ?PD-?1|(?P<ligand>\w[\w-]{1,9}) ?/ ?(?P=ligand)-?R)(?!\w)",
    re.IGNORECASE,
)
"""A receptor with its ligand: *PD-1/PD-L1 inhibitor* says that a drug acts on one of them, not on which."""
_BOTH = re.compile(r"\b(?:(?:bi|tri|tetra)specific|dual)", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|never|neither|nor)(?: (?:the|an?))? $", re.IGNORECASE)
_CLASS = r"(?:[- ](?:monoclonal|antibody|antibodies|mAb|agent|inhibitors?|TKIs?|therapy|treatment|axis)){0,3}"
_OF_PATIENTS = re.compile(
    rf"{_CLASS}[- ](?:na[iï]ve|resistan|refractory|pre-?treated|treated|exposed|experienced|fail|progress|allowed|"
    r"permitted)",
    re.IGNORECASE,
)
_LIST_GOES_ON = re.compile(rf"{_CLASS} (?:(?:and|or)\b|[\w-]{{2,40}}(?:mab|ib)\b)", re.IGNORECASE)
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
    ``D is a bispecific antibody targeting T``. At most five words of at most 40 characters stand between, none of
    which joins or parts (*and*, *with*, *versus*, *prior*). After a comma or a verb an article must follow.

    Not read are lists (``D, E, a T inhibitor``; ``a T inhibitor, D``; ``D, a T inhibitor and E``), what is denied
    (``not the anti-T antibody D``), what is said of patients (``T inhibitor naive``), the receptor of a target
    (``anti-T receptor antibody D``), and a receptor with its ligand (``PD-1/PD-L1 inhibitor D``) unless the words
    say *bispecific* or *dual*. A sentence that can be read both ways says nothing.
    """
    said = " ".join(text.split())
    pattern = _pattern(_names(drug_names), _names(target_names))
    found = pattern.search(said)
    while found and not _holds(said, found):
        found = pattern.search(said, found.start() + 1)
    return found[0] if found else None


def _holds(text: str, found: re.Match[str]) -> bool:
    """Return whether what stands around words lets them say what they seem to say."""
    before, after = text[max(0, found.start() - 24) : found.start()], text[found.end() : found.end() + 100]
    if _DENIED.search(before) or _OF_PATIENTS.match(after):
        return False
    if found["comma"] and (before.endswith(", ") or _LIST_GOES_ON.match(after)):
        return False
    near = before + found[0] + after[:24]
    return not _PATHWAY.search(near) or _BOTH.search(near) is not None


def _names(names: Iterable[str]) -> tuple[str, ...]:
    once = list(dict.fromkeys(name for name in names if len(name) > 1))[:_MOST]
    return tuple(sorted(once, key=lambda name: (-len(name), name)))


@lru_cache(maxsize=256)
def _pattern(drugs: tuple[str, ...], targets: tuple[str, ...]) -> re.Pattern[str]:
    drug = rf"(?<![\w-])(?:{'|'.join(map(_spelt, drugs)) or '(?!)'})(?![\w-])"
    bare = rf"(?:{'|'.join(map(_spelt, targets)) or '(?!)'})(?!\w|[- ](?:receptor|ligand))"
    target = rf"(?<![\w/-])(?:[A-Z][\w-]{{1,9}} ?/ ?){{0,2}}{bare}(?: ?/ ?[A-Z][\w-]{{1,9}}){{0,2}}"
    anti = rf"(?<![\w-])anti[- ]?(?:[A-Z][\w-]{{1,9}} ?/ ?)?{bare}"
    of = (
        r"(?:inhibitor of|antibody (?:targeting|against|directed against|to)) (?:the )?"
        rf"(?:[A-Z][\w-]{{1,9}} and )?{target}"
    )
    acts = rf"(?:{anti}|{target}[- ]{_KIND})"
    ways = (
        rf"{drug}(?:{_ASIDE}{_IS}{_WORDS}(?:{acts}|{of})| ?\((?:an? )?{_WORDS}{acts})",
        rf"{anti} {_ANTIBODY}{drug}",
        rf"{target}[- ]{_KIND}{_SHORT_ASIDE} {drug}",
    )
    return re.compile("|".join(ways), re.IGNORECASE)


def _spelt(name: str) -> str:
    pieces = re.findall(r"[^\W_]+|[^\w\s-]", name)
    return r"[\s-]?".join(map(re.escape, pieces))
