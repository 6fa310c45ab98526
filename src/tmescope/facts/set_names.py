"""What a gene set and a gene may be called: one rule for files, study files and tables."""

from __future__ import annotations

import re

__all__ = ["GENE_RULE", "NAME_RULE", "find_gene_fault", "find_name_fault", "looks_mangled", "looks_murine"]

_LONGEST_NAME = 120
_GENE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@*-]{0,59}")
_MURINE = re.compile(r"[A-Z][a-z0-9]*[a-z][a-z0-9]*(?:-[A-Za-z0-9]+)*")
_OPEN_FRAME = re.compile(r"C(?:\d{1,2}|X|Y)orf\d+")
_DATE = re.compile(r"\d{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d{1,2}")

NAME_RULE = (
    f"1 to {_LONGEST_NAME} printable characters on one line, beginning with a letter or digit, not ending in space"
)
"""What the name of a set must be to become a feature: it heads rows of tables, axes and CSV cells."""

GENE_RULE = "a gene symbol of up to 60 letters, digits and - . _ : @ *"
"""What a gene of a set must look like."""


def find_name_fault(name: str) -> str | None:
    """Return what keeps a name from becoming the name of a feature, or None.

    Parameters
    ----------
    name : str
        Of a set.
    """
    if not name.strip():
        return "the name is empty"
    if len(name) > _LONGEST_NAME:
        return f"the name {name[:40]!r}… is {len(name)} characters long"
    if not name.isprintable():
        return f"the name {name!r} holds characters that cannot be printed"
    if name[0] in "=+-@":
        return f"the name {name!r} would start a formula in a spreadsheet"
    if not name[0].isalnum() or name[-1].isspace():
        return f"the name {name!r} cannot become the name of a feature"
    return None


def find_gene_fault(gene: str) -> str | None:
    """Return why a text is no gene symbol, or None.

    Parameters
    ----------
    gene : str
        Without space around it.
    """
    if _GENE.fullmatch(gene):
        return None
    if re.fullmatch(r"[A-Za-z0-9.-]+,-?[0-9.eE+-]+", gene):
        return f"{gene!r} is a gene with a number"
    return f"{gene[:40]!r} is no gene symbol"


def looks_murine(gene: str) -> bool:
    """Return whether a symbol is written as mouse symbols are (``Il6``, ``Cd8a``), which no human one is.

    Parameters
    ----------
    gene : str
        A symbol; the human open reading frames (``C10orf54``) do not count.
    """
    return bool(_MURINE.fullmatch(gene)) and not _OPEN_FRAME.fullmatch(gene) and not looks_mangled(gene)


def looks_mangled(gene: str) -> bool:
    """Return whether a symbol looks like a date that a spreadsheet made of MARCH1 or SEPT2.

    Parameters
    ----------
    gene : str
        A symbol.
    """
    return bool(_DATE.fullmatch(gene))
