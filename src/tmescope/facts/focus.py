"""Areas of research to look at: their words, headings and entities, and what is watched in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tmescope.facts.records import DATA, Key, check_record, place, read_record
from tmescope.foundation.errors import FactsError, MissingFileError, UnknownNameError, examples

__all__ = ["FocusArea", "FocusTerm", "list_focus_areas", "load_focus", "match_words", "read_focus"]

_FILE_KEYS = {
    "name": Key(str),
    "title": Key(str),
    "version": Key(str),
    "summary": Key(str),
    "licence": Key(str, required=False),
    "reference_check": Key(str, required=False),
    "limits": Key(str),
    "words": Key(list, may_be_empty=True),
    "roots": Key(list, required=False, may_be_empty=True),
    "entities": Key(list, required=False, may_be_empty=True),
    "headings": Key(list, required=False, may_be_empty=True),
    "watch": Key(list, required=False, may_be_empty=True),
}
_TERM_KEYS = {"id": Key(str), "name": Key(str)}
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ID = re.compile(r"[A-Za-z][A-Za-z0-9]*:[^\s:;|]+")
_HEADING = re.compile(r"MESH:D\d{6,9}")
_WORD = re.compile(r"[^\s*](?:[^*]*[^\s*])?\*?")
_GAP = re.compile(r"[\s\u2010-\u2015-]+")
_BETWEEN = r"[\s\x{2010}-\x{2015}-]+"  # the same, as RE2 writes it
_LARGEST = 1 << 20  # bytes of a file
_LONGEST = 200  # characters of a word or a name
_MOST = 5_000  # terms of a list


@dataclass(frozen=True)
class FocusTerm:
    """One entity or heading of an area.

    Parameters
    ----------
    id : str
        ``HGNC:26838``, ``DOID:162``, ``modality:car-t``; headings are ``MESH:D009369``.
    name : str
        What people call it.
    """

    id: str
    name: str


@dataclass(frozen=True)
class FocusArea:
    """One area of research, as data.

    Parameters
    ----------
    name, title, version, summary : str
        What it is called in commands, for people, its revision, and what it is about.
    limits : str
        What it takes in or leaves out that a reader must know.
    licence, reference_check : str
        Terms of its parts, and against what they were checked; empty in files of users.
    words : tuple of str
        Own words, found in titles and abstracts between characters that are neither letters nor digits, whatever their
        capitals, and spaces for hyphens. A star at the end lets the word go on.
    roots : tuple of FocusTerm
        Diseases that count with all below them, where the ontology is installed; themselves alone where it is not.
    entities : tuple of FocusTerm
        Entities whose mention puts a document into the area.
    headings : tuple of FocusTerm
        MeSH headings that do the same.
    watch : tuple of FocusTerm
        Entities that are watched in it unless the user names others. A mention of one alone does not put a document
        into the area.
    """

    name: str
    title: str
    version: str
    summary: str
    limits: str
    licence: str
    reference_check: str
    words: tuple[str, ...]
    roots: tuple[FocusTerm, ...]
    entities: tuple[FocusTerm, ...]
    headings: tuple[FocusTerm, ...]
    watch: tuple[FocusTerm, ...]

    def word_pattern(self) -> str:
        """Return a regular expression that finds any of the words, in time that grows with the text alone.

        Returns
        -------
        str
            For text in lower case, as DuckDB (RE2) understands it; empty where there are no words.
        """
        return match_words(self.words)


def match_words(words: Sequence[str]) -> str:
    """Return a regular expression that finds any of some words, in time that grows with the text alone.

    Parameters
    ----------
    words : sequence of str
        Words and phrases; a star at the end lets one go on. Spaces and hyphens within one stand for each other.

    Returns
    -------
    str
        For text in lower case, as DuckDB (RE2) understands it; empty where there are no words.
    """
    if not words:
        return ""
    ends = (r"(?:$|[^\p{L}\p{N}])", "")
    found = (_BETWEEN.join(map(re.escape, _GAP.split(w.rstrip("*").lower()))) + ends[w.endswith("*")] for w in words)
    return r"(?:^|[^\p{L}\p{N}])(?:" + "|".join(found) + ")"


def list_focus_areas() -> tuple[FocusArea, ...]:
    """Return the bundled areas by name.

    Raises
    ------
    FactsError
        A bundled file fails its own checks.
    """
    return tuple(_bundled().values())


def load_focus(name: str) -> FocusArea:
    """Return a bundled area, or one of a file of the user.

    Parameters
    ----------
    name : str
        ``oncology``, ``cell-therapy``, ``gene-therapy``, ``neurology`` or ``ageing``; or the path of a TOML file.

    Raises
    ------
    UnknownNameError
        No such area.
    MissingFileError
        No such file.
    FactsError
        As from `read_focus`.
    """
    if name.endswith(".toml"):
        return read_focus(Path(name))
    areas = _bundled()
    if name not in areas:
        raise UnknownNameError.of("focus area", name, areas, where="an area of your own is named by its .toml file")
    return areas[name]


@cache
def _bundled() -> Mapping[str, FocusArea]:
    areas = [read_focus(path) for path in sorted((DATA / "focus").glob("*.toml"))]
    return {area.name: area for area in areas}


def read_focus(path: Path) -> FocusArea:
    """Read and check a file of one area.

    Parameters
    ----------
    path : Path
        TOML of at most 1 MB, as in `docs/how-to/horizon-watch.md`.

    Raises
    ------
    MissingFileError
        No such file.
    FactsError
        The file is too large or no TOML; a key is unknown, missing or ill-typed; an identifier or a word is not of its
        form or comes twice; nothing is in the area.
    """
    if not path.is_file():
        raise MissingFileError("there is no such file of a focus area", where=str(path))
    if path.stat().st_size > _LARGEST:
        raise FactsError("the file is larger than 1 MB", where=place(path), expected="the words of one area")
    record = read_record(path, _FILE_KEYS)
    where = place(path)
    if not _NAME.fullmatch(record["name"]):
        raise FactsError(f"name = {record['name']!r} is not of its form", where=where, expected=_NAME.pattern)
    terms = {key: _terms(record.get(key, []), f"{where}, {key}") for key in ("roots", "entities", "headings", "watch")}
    strange = [term.id for term in terms["headings"] if not _HEADING.fullmatch(term.id)]
    if strange:
        raise FactsError(f"no MeSH headings: {examples(strange)}", where=f"{where}, headings", expected="MESH:D009369")
    words = _words(record["words"], f"{where}, words")
    if not (words or terms["roots"] or terms["entities"] or terms["headings"]):
        raise FactsError("nothing is in the area", where=where, expected="words, roots, entities or headings")
    texts: dict[str, Any] = {key: record.get(key, "") for key, kind in _FILE_KEYS.items() if kind.kind is str}
    return FocusArea(**{**texts, **terms, "words": words})


def _terms(records: Sequence[Any], where: str) -> tuple[FocusTerm, ...]:
    found = []
    for number, record in enumerate(records[: _MOST + 1], start=1):
        place_of_term = f"{where}, entry {number}"
        if not isinstance(record, dict):
            raise FactsError(
                f"{record!r} is no entry", where=place_of_term, expected='{ id = "DOID:162", name = "cancer" }'
            )
        check_record(record, _TERM_KEYS, where=place_of_term)
        if not _ID.fullmatch(record["id"]) or len(record["id"]) > _LONGEST:
            raise FactsError(f"id = {record['id']!r} is not of its form", where=place_of_term, expected="KIND:NAME")
        found.append(FocusTerm(record["id"], record["name"]))
    _check_once([term.id for term in found], where)
    return tuple(found)


def _words(words: Sequence[Any], where: str) -> tuple[str, ...]:
    wrong = [w for w in words if not isinstance(w, str) or not _WORD.fullmatch(w) or len(w) > _LONGEST]
    wrong += [w for w in words if w not in wrong and not (w.rstrip("*").isprintable() and any(map(str.isalnum, w)))]
    if wrong:
        raise FactsError(
            f"{len(wrong)} words are not of their form: {examples(map(repr, wrong))}",
            where=where,
            expected="text without outer spaces, of letters or digits at least one, a star at most at the end",
        )
    _check_once([word.casefold() for word in words], where)
    return tuple(words)


def _check_once(values: Sequence[str], where: str) -> None:
    if len(values) > _MOST:
        raise FactsError(f"more than {_MOST} entries", where=where, expected="the words of one area")
    twice = sorted(value for value, n in Counter(values).items() if n > 1)
    if twice:
        raise FactsError(f"{len(twice)} entries come twice: {examples(twice)}", where=where, expected="each once")
