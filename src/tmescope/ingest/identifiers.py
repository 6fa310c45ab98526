"""Which kind of gene identifier a name looks like, and which kinds a matrix mixes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from tmescope.facts.identifier_forms import is_transcript, read_accession
from tmescope.ingest.options import Identifiers

__all__ = ["TRANSCRIPT", "count_forms", "find_form", "find_kind", "is_ensembl", "suggest_kind"]

TRANSCRIPT = "transcript"
"""Form of an Ensembl transcript, which is no gene."""

_ENSEMBL = re.compile(r"ENS[A-Z]*GR?\d{6,}(\.\d+)?(_PAR_Y)?")
_ENTREZ = re.compile(r"[1-9]\d{0,8}")
_MOST = 0.5
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
