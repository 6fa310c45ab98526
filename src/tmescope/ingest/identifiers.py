"""Which kind of gene identifier a name looks like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from tmescope.ingest.options import Identifiers

__all__ = ["find_kind", "is_ensembl", "suggest_kind"]

_ENSEMBL = re.compile(r"ENS[A-Z]*G\d{6,}(\.\d+)?(_PAR_Y)?")
_ENTREZ = re.compile(r"[1-9]\d{0,8}")
_MOST = 0.5


def is_ensembl(name: str) -> bool:
    """Return whether a name is an Ensembl gene identifier of any species, with or without version."""
    return bool(_ENSEMBL.fullmatch(name))


def find_kind(name: str) -> Identifiers:
    """Return the kind of one name: Ensembl and Entrez by their form, all else counts as a symbol."""
    if is_ensembl(name):
        return "ensembl"
    return "entrez" if _ENTREZ.fullmatch(name) else "symbol"


def suggest_kind(names: Sequence[str], declared: Identifiers) -> Identifiers | None:
    """Return the kind that most names look like where it is not the declared one, else None."""
    (kind, n), *_ = Counter(map(find_kind, names)).most_common(1) or [(declared, 0)]
    return kind if kind != declared and n > _MOST * len(names) else None
