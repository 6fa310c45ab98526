"""Which kind of gene identifier a name looks like, and which kinds a matrix mixes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from tmescope.facts.identifier_forms import is_transcript, read_accession
from tmescope.ingest.options import Identifiers

__all__ = ["TRANSCRIPT", "count_forms", "find_form", "find_kind", "is_ensembl", "suggest_kind", "suggest_spelling"]

TRANSCRIPT = "transcript"
"""Form of an Ensembl transcript, which is no gene."""

_ENSEMBL = re.compile(r"ENS[A-Z]*GR?\d{6,}(\.\d+)?(_PAR_Y)?")
_ENTREZ = re.compile(r"[1-9]\d{0,8}")
_MOST = 0.5
_MIXED_CASE = re.compile(r"[A-Z][a-z0-9.-]*[a-z][a-z0-9.-]*")
_JOINED = re.compile(r"([^|]+)\|([^|]+)|(.+)_(ENSG\d{11}.*)|(ENSG\d{11}[^_]*)_(.+)")
_UPPER_ORF = re.compile(r"C\dORF\d")


def is_ensembl(name: str) -> bool:
    """Return whether a name is an Ensembl gene identifier of any species, with or without version."""
    return bool(_ENSEMBL.fullmatch(name))


def find_kind(name: str) -> Identifiers:
    """Return the kind of one name: Ensembl, Entrez and UniProt by their form, all else counts as a symbol.

    A few symbols (``P2RY12``) have the form of an accession: the kind of a matrix is decided by most of its names.
    """
    if is_ensembl(name):
        return "ensembl"
    if _ENTREZ.fullmatch(name):
        return "entrez"
    return "uniprot" if read_accession(name) and not _UPPER_ORF.fullmatch(name) else "symbol"


def find_form(name: str) -> str:
    """Return the kind of one name, or `TRANSCRIPT`, which `find_kind` counts among symbols."""
    return TRANSCRIPT if is_transcript(name) else find_kind(name)


def count_forms(names: Iterable[str]) -> Counter[str]:
    """Return how many names have which form, see `find_form`."""
    return Counter(map(find_form, names))


def suggest_kind(names: Sequence[str], declared: Identifiers) -> Identifiers | None:
    """Return the kind that most names look like where it is not the declared one, else None."""
    (kind, n), *_ = Counter(map(find_kind, names)).most_common(1) or [(declared, 0)]
    return kind if kind != declared and n > _MOST * len(names) else None


def suggest_spelling(names: Sequence[str]) -> str | None:
    """Return how most names are written and what to do about it, where that is no form of any kind of identifier.

    Parameters
    ----------
    names : sequence of str
        As in the file.

    Returns
    -------
    str or None
        Such as ``they are whole numbers with a decimal point ('7157.0'): write them without, ...``. Nothing of it is
        done here: which part of ``TP53|7157`` counts, and which species ``il6`` is of, is for a person to say.
    """
    for is_so, told in _SPELLINGS:
        written = [name for name in names if is_so(name)]
        if len(written) > _MOST * len(names):
            return told(written[0])
    return None


def _tell_joined(name: str) -> str:
    match = _JOINED.fullmatch(name)
    parts = [part for part in match.groups() if part] if match else []
    kinds = " or ".join(f"{part!r} with identifiers = {find_kind(part)!r}" for part in parts)
    return f"they are two names in one ({name!r}): keep one of them, {kinds}"


_SPELLINGS: tuple[tuple[Callable[[str], object], Callable[[str], str]], ...] = (
    (lambda n: n != n.strip(), lambda n: f"they have spaces around them ({n!r}): strip them"),
    (
        re.compile(r"[1-9]\d{0,8}\.0*").fullmatch,
        lambda n: (
            f"they are whole numbers with a decimal point ({n!r}): write {n.partition('.')[0]!r}, "
            "with identifiers = 'entrez'"
        ),
    ),
    (
        re.compile(r"(?i)HGNC:\d+").fullmatch,
        lambda n: f"they are HGNC ids ({n!r}), which are not read: write symbols, Ensembl or Entrez ids",
    ),
    (lambda n: _JOINED.fullmatch(n) and not read_accession(n), _tell_joined),
    (str.islower, lambda n: f"they are in lower case ({n!r}): write {n.upper()!r}, if they are human genes"),
    (
        _MIXED_CASE.fullmatch,
        lambda n: f"they are written as genes of the mouse are ({n!r}): map them to their human orthologues before",
    ),
)
