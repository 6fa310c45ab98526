"""Questions to the full-text index of a lake: the best documents, with what they say."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.foundation.errors import InputError, StoreError
from tmescope.store.search_index import (
    FACETS,
    INDEX,
    SLOTS,
    VERSION,
    facet_of,
    first_entry,
    indexed_parts,
    needs_fts5,
    open_index,
)
from tmescope.store.search_query import match_expression

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tmescope.store.lake import Lake

__all__ = ["Found", "Hit", "search_lake"]

_WEIGHTS = "8.0, 1.0, 4.0, 2.0, 2.0, 8.0, 0.0"  # title, abstract, keywords, mesh, trial, ids, facets
_WORDS = 24
_MOST = 1_000
_RANKED = 2_000
_COMMON = frozenset({("kind", "paper"), ("source", "pubmed")})
"""Most documents are of these: they are looked at one by one instead of being read from a list."""


@dataclass(frozen=True)
class Hit:
    """A document that was found.

    Parameters
    ----------
    doc_id, kind, source : str
        See `tmescope.store.lake_schemas.document_schema`.
    entered_on : str
        Day, empty where it is not known.
    title, snippet : str
        Text, with what was found between the ``marks`` of `search_lake`.
    score : float
        BM25; larger is better.
    """

    doc_id: str
    kind: str
    source: str
    entered_on: str
    title: str
    snippet: str
    score: float


@dataclass(frozen=True)
class Found:
    """What fits a question.

    Parameters
    ----------
    hits : tuple of Hit
        Best first.
    n_ranked : int
        Documents that were compared: all that fit, or the newest 2,000 of them.
    is_partial : bool
        Whether more fit than were compared.
    """

    hits: tuple[Hit, ...]
    n_ranked: int
    is_partial: bool


def search_lake(
    lake: Lake,
    question: str,
    *,
    kind: str | None = None,
    source: str | None = None,
    since: date | None = None,
    limit: int = 20,
    marks: tuple[str, str] = ("[", "]"),
) -> Found:
    """Return the current documents of a lake that fit a question best.

    Parameters
    ----------
    lake : Lake
        Its index is up to date after an ingest; `tmescope.store.search_index.update_index` makes it so.
    question : str
        See `tmescope.store.search_query.match_expression`.
    kind : str, optional
        paper, preprint or trial.
    source : str, optional
        Such as ``pubmed``.
    since : datetime.date, optional
        First day of entry; documents of no known day are left out then.
    limit : int
        How many at most; up to 1,000.
    marks : tuple of str
        Put around each word that was found.

    Returns
    -------
    Found
        Best first: BM25, with a word in the title counting eight times one in the abstract; of equals the newer one.

    Raises
    ------
    InputError
        If the question has no word.
    StoreError
        If there is no index, it is not of what the lake holds, or it is damaged.
    MissingDependencyError
        If SQLite has no full-text search.

    Notes
    -----
    Of words that very many documents have, the newest 2,000 that fit are ranked: ranking all would take long, and the
    best of a million documents with one common word are no answer either.
    """
    expression = match_expression(question)
    if not 0 < limit <= _MOST:
        raise InputError(f"{limit} documents cannot be shown", where="limit", expected=f"1 to {_MOST}")
    needs_fts5()
    path = lake.path / INDEX
    if not path.exists():
        raise _no_index(path, "the lake has no search index")
    wanted = {what: value for what, value in (("kind", kind), ("source", source)) if value}
    try:
        with open_index(path) as index:
            _refuse_old(index, lake, path)
            ranked = _rank(index, expression, wanted, since=since)
            best = sorted(ranked[:_RANKED], key=lambda row: (row[1], -row[0]))[:limit]
            hits = _hits(index, expression, best, marks=marks)
    except sqlite3.Error as error:
        raise _no_index(path, f"the search index cannot be read ({error})") from error
    return Found(hits, min(len(ranked), _RANKED), len(ranked) > _RANKED)


def _rank(
    index: sqlite3.Connection, expression: str, wanted: Mapping[str, str], *, since: date | None
) -> list[tuple[int, float]]:
    """Return the newest entries that fit, with their scores (smaller is better): one more than are ranked, at most."""
    listed = [facet_of(*item) for item in wanted.items() if item not in _COMMON]
    looked = {what: value for what, value in wanted.items() if (what, value) in _COMMON}
    words = "".join(f' AND {FACETS} : "{word}"' for word in listed)
    conditions = "".join(f" AND e.{what} = ?" for what in looked)
    join = "JOIN entries e ON e.entry = texts.rowid" if looked else ""
    found = index.execute(
        f"SELECT texts.rowid, bm25(texts, {_WEIGHTS}) FROM texts {join} "  # noqa: S608 - names and numbers of ours
        f"WHERE texts MATCH ? AND texts.rowid >= ?{conditions} ORDER BY texts.rowid DESC LIMIT {_RANKED + 1}",
        [f"({expression}){words}", first_entry(since), *looked.values()],
    )
    return found.fetchall()


def _hits(
    index: sqlite3.Connection, expression: str, best: Sequence[tuple[int, float]], *, marks: tuple[str, str]
) -> tuple[Hit, ...]:
    """Return what is shown of some entries, all read in one pass: a beginning is expanded once then."""
    numbers = [entry for entry, _ in best]
    if not numbers:
        return ()
    holes = ", ".join("?" * len(numbers))
    shown = index.execute(
        f"SELECT texts.rowid, highlight(texts, 0, ?, ?), snippet(texts, 1, ?, ?, '…', {_WORDS}), "  # noqa: S608 - ours
        f"snippet(texts, -1, ?, ?, '…', {_WORDS}) FROM texts WHERE texts MATCH ? AND rowid BETWEEN ? AND ? "
        f"AND +rowid IN ({holes})",
        [*marks, *marks, *marks, expression, min(numbers), max(numbers), *numbers],
    )
    texts = {entry: (title, abstract, other) for entry, title, abstract, other in shown.fetchall()}
    said = index.execute(f"SELECT entry, doc_id, kind, source FROM entries WHERE entry IN ({holes})", numbers)  # noqa: S608
    known = {entry: (doc_id, kind, source) for entry, doc_id, kind, source in said.fetchall()}
    hits = []
    for entry, score in best:
        title, abstract, other = texts[entry]
        day = entry // SLOTS
        snippet = abstract if abstract and (marks[0] in abstract or marks[0] in title) else other
        doc_id, kind, source = known[entry]
        entered_on = date.fromordinal(day).isoformat() if day else ""
        hits.append(Hit(doc_id, kind, source, entered_on, title, snippet, -score))
    return tuple(hits)


def _refuse_old(index: sqlite3.Connection, lake: Lake, path: Path) -> None:
    if index.execute("PRAGMA user_version").fetchone()[0] != VERSION:
        raise _no_index(path, "the search index is of another release")
    if indexed_parts(index) != {p.number: p.sequence for p in lake.parts}:
        raise _no_index(path, "the search index is not of what the lake holds now")


def _no_index(path: Path, what: str) -> StoreError:
    return StoreError(
        what,
        where=str(path),
        expected="the index that tmescope horizon ingest makes",
        next_step=f"tmescope horizon ingest -o {path.parent.name} brings it up to date, without files too",
    )
