"""The Disease Ontology: names and synonyms of diseases, kinds, and what other vocabularies call them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tmescope.facts.reading import Faults, read_lines
from tmescope.foundation.errors import FileFormatError

__all__ = ["Disease", "read_doid"]

_ID = re.compile(r"DOID:\d+")
_SYNONYM = re.compile(r'"((?:[^"\\]|\\.)*)" (EXACT|NARROW|BROAD|RELATED)\b.*')
_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Disease:
    """One term of the ontology.

    Parameters
    ----------
    doid : str
        Such as ``DOID:1909``.
    name : str
        As people read it.
    synonyms : tuple of str
        Exact synonyms, in the order of the file.
    acronyms : tuple of str
        Those of them that the ontology marks as acronyms.
    parents : tuple of str
        Terms of which it is a kind.
    xrefs : tuple of str
        Identifiers of other vocabularies, such as ``MESH:D008545``.
    created_on : date, optional
        Day on which the term was made; None where the file does not say.
    """

    doid: str
    name: str
    synonyms: tuple[str, ...]
    acronyms: tuple[str, ...]
    parents: tuple[str, ...]
    xrefs: tuple[str, ...]
    created_on: dt.date | None = None


def read_doid(paths: Mapping[str, Path]) -> list[Disease]:
    """Read and check an OBO file of the Disease Ontology.

    Parameters
    ----------
    paths : mapping of str to Path
        Role ``terms``: ``doid.obo``, or a subset such as ``DO_cancer_slim.obo``.

    Returns
    -------
    list of Disease
        In the order of the file; obsolete terms are left out.

    Raises
    ------
    FileFormatError
        No OBO, a term without id or name, an id that is none or is there twice, a synonym that cannot be read.
    """
    path = paths["terms"]
    faults = Faults(path)
    found: dict[str, Disease] = {}
    for line, stanza in _stanzas(path):
        if stanza.get("is_obsolete") == ["true"]:
            continue
        ids, names = stanza.get("id", []), stanza.get("name", [])
        if len(ids) != 1 or len(names) != 1 or not _ID.fullmatch(ids[0]):
            faults.add("one id such as DOID:1909 and one name for each term", f"line {line}: {ids} {names}"[:60])
        elif ids[0] in found:
            faults.add("every id once", f"line {line}: {ids[0]}")
        else:
            found[ids[0]] = _disease(ids[0], names[0], stanza, line=line, faults=faults)
    faults.refuse()
    if not found:
        raise FileFormatError("the file holds no terms", where=str(path), expected="[Term] of the Disease Ontology")
    return list(found.values())


def _stanzas(path: Path) -> Iterator[tuple[int, dict[str, list[str]]]]:
    """Yield the terms as lists of values by tag, each with the line on which it begins."""
    begun = 0
    stanza: dict[str, list[str]] | None = None
    for number, line in enumerate(read_lines(path), start=1):
        if number == 1 and not line.startswith("format-version:"):
            raise FileFormatError(
                f"the first line is {line[:40]!r}", where=str(path), expected="an OBO file: format-version: 1.2"
            )
        if line.startswith("["):
            if stanza is not None:
                yield begun, stanza
            begun, stanza = number, ({} if line == "[Term]" else None)
        elif stanza is not None and ": " in line:
            tag, _, value = line.partition(": ")
            stanza.setdefault(tag, []).append(value.strip())
    if stanza is not None:
        yield begun, stanza


def _disease(doid: str, name: str, stanza: Mapping[str, list[str]], *, line: int, faults: Faults) -> Disease:
    synonyms: dict[str, None] = {}
    acronyms: dict[str, None] = {}
    for text in stanza.get("synonym", []):
        match = _SYNONYM.fullmatch(text)
        if match is None:
            faults.add('synonyms such as "name" EXACT []', f"line {line}: {text[:40]!r}")
        elif match[2] == "EXACT":
            synonym = _ESCAPED.sub(r"\1", match[1])
            synonyms[synonym] = None
            if "acronym" in text.lower() or "OMO:0003012" in text:
                acronyms[synonym] = None
    day = _DAY.match(stanza.get("creation_date", [""])[0])
    return Disease(
        doid=doid,
        name=_ESCAPED.sub(r"\1", name),
        synonyms=tuple(synonyms),
        acronyms=tuple(acronyms),
        parents=tuple(text.split(" ", 1)[0] for text in stanza.get("is_a", [])),
        xrefs=tuple(text.split(" ", 1)[0] for text in stanza.get("xref", [])),
        created_on=dt.date.fromisoformat(day[0]) if day else None,
    )
