"""Running text of documents: white space, sections of abstracts, identifiers in running text."""

from __future__ import annotations

import re

__all__ = ["plain_doi", "pmc_number", "pmid_of", "section", "tidy", "title_or_none", "version_of"]

_SPACE = re.compile(r"[ \t\r\n]+")
_PMC = re.compile(r"PMC[0-9]+")
_DOI = re.compile(r"10\.[0-9]{4,9}/\S+")
_UNLABELLED = frozenset({"UNLABELLED", "UNLABELED", "UNASSIGNED"})
_NO_TITLE = "[Not Available]."
_LONGEST_ID = 1000
_LONGEST_PMID = 12
_LONGEST_VERSION = 4


def tidy(text: str) -> str:
    """Return text with each run of blanks, tabs and line ends as one blank, and none around it.

    Notes
    -----
    Other white space, such as the thin blanks of typesetters, stays as it is.
    """
    if "\n" in text or "  " in text or "\t" in text or "\r" in text:
        text = _SPACE.sub(" ", text)
    return text.strip()


def section(label: str | None, text: str) -> str:
    """Return one section of an abstract as a line: ``BACKGROUND: ...``, without its name where it has none."""
    return f"{label}: {text}" if label and label.upper() not in _UNLABELLED else text


def title_or_none(title: str | None) -> str | None:
    """Return a title, None where it only says that there is none."""
    return None if not title or title == _NO_TITLE else title


def plain_doi(text: str) -> str | None:
    """Return the DOI in a piece of text in lower case, without the address in front of it; None where there is none."""
    found = _DOI.search(text[:_LONGEST_ID])
    return found[0].rstrip(".,;").lower() if found else None


def pmc_number(text: str) -> str | None:
    """Return the PubMed Central identifier in a piece of text, such as ``PMC5442267``; None where there is none."""
    found = _PMC.search(text[:_LONGEST_ID])
    return found[0] if found else None


def pmid_of(text: str) -> str | None:
    """Return ``pmid:26228458`` for a PubMed identifier, None for anything else."""
    number = _digits(text, _LONGEST_PMID)
    return None if number is None else f"pmid:{number}"


def version_of(text: str) -> int | None:
    """Return the number of a version, None where it is none."""
    return _digits(text, _LONGEST_VERSION)


def _digits(text: str, longest: int) -> int | None:
    return int(text) if len(text) <= longest and text.isascii() and text.isdigit() else None
