"""Questions to the full-text index of a lake: the best documents, with what they say."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.foundation.errors import InputError, StoreError, TmescopeError
from tmescope.store.search_index import INDEX, indexed_parts, needs_fts5, open_index
from tmescope.store.search_query import match_expression

if TYPE_CHECKING:
    from tmescope.store.lake import Lake

__all__ = ["Hit", "search_lake"]

_WEIGHTS = "8.0, 1.0, 4.0, 2.0, 2.0, 8.0"  # title, abstract, keywords, mesh, trial, ids
_WORDS = 24
_MOST = 1_000


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
        Text, with what was found between ``open`` and ``close`` of `search_lake`.
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


def search_lake(
    lake: Lake,
    question: str,
    *,
    kind: str | None = None,
    source: str | None = None,
    since: date | None = None,
    limit: int = 20,
    marks: tuple[str, str] = ("[", "]"),
) -> list[Hit]:
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
    list of Hit
        Best first: BM25 with a word in the title counting eight times one in the abstract; of equals the one with the
        smaller identifier.

    Raises
    ------
    InputError
        If the question has no word.
    StoreError
        If there is no index, it is not of what the lake holds, or it is damaged.
    MissingDependencyError
        If SQLite has no full-text search.
    """
    expression = match_expression(question)
    if not 0 < limit <= _MOST:
        raise InputError(f"{limit} documents cannot be shown", where="limit", expected=f"1 to {_MOST}")
    needs_fts5()
    path = lake.path / INDEX
    if not path.exists():
        raise _no_index(path, "the lake has no search index")
    try:
        with open_index(path) as index:
            _refuse_old(index, lake, path)
            wanted = (kind, source, since.isoformat() if since else None)
            rows = _ask(index, expression, wanted, limit=limit)
            return [_hit(index, expression, row, marks=marks) for row in rows]
    except sqlite3.Error as error:
        if isinstance(error, TmescopeError):
            raise
        raise _no_index(path, f"the search index cannot be read ({error})") from error


def _ask(
    index: sqlite3.Connection, expression: str, wanted: tuple[str | None, ...], *, limit: int
) -> list[tuple[int, float]]:
    filters = [(f, v) for f, v in zip(("kind = ?", "source = ?", "entered_on >= ?"), wanted, strict=True) if v]
    conditions = "".join(f" AND e.{condition}" for condition, _ in filters)
    join = "JOIN entries e ON e.entry = texts.rowid" if filters else ""
    return index.execute(
        f"SELECT texts.rowid, bm25(texts, {_WEIGHTS}) AS score FROM texts {join} WHERE texts MATCH ?{conditions} "  # noqa: S608 - our names
        "ORDER BY score LIMIT ?",
        [expression, *(value for _, value in filters), limit],
    ).fetchall()


def _hit(index: sqlite3.Connection, expression: str, row: tuple[int, float], *, marks: tuple[str, str]) -> Hit:
    entry, score = row
    title, snippet = index.execute(
        f"SELECT highlight(texts, 0, ?, ?), snippet(texts, -1, ?, ?, '…', {_WORDS}) FROM texts "  # noqa: S608 - a number
        "WHERE texts MATCH ? AND rowid = ?",
        [*marks, *marks, expression, entry],
    ).fetchone()
    said = index.execute("SELECT doc_id, kind, source, entered_on FROM entries WHERE entry = ?", [entry]).fetchone()
    return Hit(said[0], said[1], said[2], said[3] or "", title, snippet, -score)


def _refuse_old(index: sqlite3.Connection, lake: Lake, path: Path) -> None:
    if indexed_parts(index) != {p.number: p.sequence for p in lake.parts}:
        raise _no_index(path, "the search index is not of what the lake holds now")


def _no_index(path: Path, what: str) -> StoreError:
    return StoreError(
        what,
        where=str(path),
        expected="the index that tmescope horizon ingest makes",
        next_step=f"tmescope horizon ingest -o {path.parent.name} brings it up to date, without files too",
    )
