"""The papers that methods, signatures and statistics name: a small checked table, and BibTeX from it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from tmescope.facts.records import DATA, Key, check_record, place, read_record
from tmescope.foundation.errors import FactsError, examples

__all__ = ["PaperReference", "find_doi", "load_bibliography", "read_bibliography", "state_reference", "to_bibtex"]

_FILE_KEYS = {"name": Key(str), "version": Key(str), "licence": Key(str), "reference_check": Key(str)}
_ENTRY_KEYS = {
    "key": Key(str),
    "doi": Key(str),
    "authors": Key(list),
    "title": Key(str),
    "journal": Key(str),
    "year": Key(int),
    "volume": Key(str),
    "pages": Key(str),
    "check": Key(str),
    "note": Key(str, required=False),
}
_DOI = re.compile(r"10\.\d{4,9}/[^\s;,]+")
_KEY = re.compile(r"[a-z][a-z0-9]*")
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "{": r"\{",
    "}": r"\}",
    **{c: f"\\{c}" for c in "&%$#_"},
}
_ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u0327": "c ", "\u030c": "v "}
_GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "κ": "kappa", "λ": "lambda", "μ": "mu"}
OTHERS = "others"
"""Last of a list of authors that is not complete."""


@dataclass(frozen=True)
class PaperReference:
    """One paper, or what little is known of one.

    Parameters
    ----------
    key : str
        Of its BibTeX entry.
    doi : str
        Empty where none is known.
    authors : tuple of str
        ``Surname, Initials``; the last may be ``others``.
    title, journal, volume, pages : str
        Empty where they are not verified.
    year : int or None
        None where it is not verified.
    note : str
        What a reader should know of the entry, such as a citation that nobody verified.
    """

    key: str
    doi: str
    authors: tuple[str, ...] = ()
    title: str = ""
    journal: str = ""
    year: int | None = None
    volume: str = ""
    pages: str = ""
    note: str = ""

    @property
    def text(self) -> str:
        """The reference as one line of a list of references."""
        named = ["et al." if a == OTHERS else a for a in self.authors]
        where = f"{self.journal} {self.year};{self.volume}:{self.pages}." if self.title else ""
        parts = ["; ".join(named).rstrip(".") + "." if named else "", f"{self.title}." if self.title else "", where]
        return " ".join(p for p in (*parts, self.note, f"doi:{self.doi}" if self.doi else "") if p)


def find_doi(text: str) -> str:
    """Return the first DOI in a text, or an empty text.

    Parameters
    ----------
    text : str
        Such as ``doi:10.1038/nature25501; PMID 29443960``.
    """
    found = _DOI.search(text)
    return found.group().rstrip(".)") if found else ""


@cache
def load_bibliography() -> Mapping[str, PaperReference]:
    """Return the bundled papers by DOI in lower case.

    Raises
    ------
    FactsError
        The bundled file fails its own checks.
    """
    return read_bibliography(DATA / "references.toml")


def read_bibliography(path: Path) -> Mapping[str, PaperReference]:
    """Read and check a file of papers.

    Parameters
    ----------
    path : pathlib.Path
        TOML: a head and ``[[entries]]``.

    Returns
    -------
    mapping of str to PaperReference
        By DOI in lower case, in the order of the file.

    Raises
    ------
    FactsError
        A key is unknown, missing or ill-typed, a DOI or key is not of its form, or two entries share one.
    """
    record = read_record(path, {**_FILE_KEYS, "entries": Key(list)})
    found: dict[str, PaperReference] = {}
    for number, entry in enumerate(record["entries"], start=1):
        where = f"{place(path)}, entry {number}"
        if not isinstance(entry, dict):
            raise FactsError("the entry is not a table", where=where, expected="[[entries]]")
        check_record(entry, _ENTRY_KEYS, where=where)
        if not _KEY.fullmatch(entry["key"]) or not _DOI.fullmatch(entry["doi"]):
            raise FactsError(
                f"key {entry['key']!r} or DOI {entry['doi']!r} is not of its form",
                where=where,
                expected="a key of small letters and digits, a DOI such as 10.1038/nature25501",
            )
        if not all(isinstance(a, str) and a.strip() for a in entry["authors"]) or entry["authors"][0] == OTHERS:
            raise FactsError("authors are not names", where=where, expected="a list of 'Surname, Initials'")
        if (doi := entry["doi"].lower()) in found:
            raise FactsError(f"the DOI {entry['doi']} stands here twice", where=where, expected="one entry for a DOI")
        values = {k: v for k, v in entry.items() if k not in {"check", "authors"}}
        found[doi] = PaperReference(authors=tuple(entry["authors"]), **values)
    keys = [reference.key for reference in found.values()]
    if twice := sorted({k for k in keys if keys.count(k) > 1}):
        raise FactsError(f"entries share a key: {examples(twice)}", where=place(path), expected="distinct keys")
    return MappingProxyType(found)


def state_reference(doi: str, citation: str, *, key: str) -> PaperReference:
    """Return the bundled paper of a DOI, or an entry that repeats what was stated and says that it is not verified.

    Parameters
    ----------
    doi : str
        Empty where there is none.
    citation : str
        The paper in words, as somebody stated it; may be empty.
    key : str
        Of the entry, where the paper is not bundled.
    """
    known = load_bibliography().get(doi.lower())
    if known is not None:
        return known
    note = f"As stated, not verified: {citation.strip()}" if citation.strip() else "Only the DOI is known."
    return PaperReference(key=key, doi=doi, note=note)


def to_bibtex(references: Iterable[PaperReference]) -> str:
    """Return references as the text of a .bib file.

    Parameters
    ----------
    references : iterable of PaperReference
        Their keys are distinct.

    Notes
    -----
    ASCII wherever LaTeX has a command for a letter; titles keep their capitals; what BibTeX would read as a command is
    escaped. DOIs stand as they are, which is how BibTeX styles take them.
    """
    return "\n".join(_entry(reference) for reference in references)


def _entry(reference: PaperReference) -> str:
    fields = {
        "author": " and ".join(a if a == OTHERS else _escape(a) for a in reference.authors),
        "title": f"{{{_escape(reference.title)}}}" if reference.title else "",
        "journal": _escape(reference.journal),
        "year": str(reference.year or ""),
        "volume": _escape(reference.volume),
        "pages": _escape(reference.pages).replace("-", "--"),
        "doi": re.sub(r"[{}\\\s]", lambda m: f"%{ord(m.group()):02X}", reference.doi),
        "note": _escape(reference.note),
    }
    kind = "article" if reference.title else "misc"
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{reference.key},", *lines, "}", ""])


def _escape(text: str) -> str:
    return "".join(_letter(c) for c in " ".join(text.split()))


def _letter(letter: str) -> str:
    if letter in _SPECIAL:
        return _SPECIAL[letter]
    if letter in _GREEK:
        return f"{{$\\{_GREEK[letter]}$}}"
    parts = unicodedata.normalize("NFD", letter)
    if len(parts) == 2 and parts[1] in _ACCENTS and parts[0].isascii():
        return f"{{\\{_ACCENTS[parts[1]]}{parts[0]}}}"
    return letter
