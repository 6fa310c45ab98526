"""Full-text search over the current documents of a lake, offline: one SQLite file that follows the lake."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmescope.foundation.errors import MissingDependencyError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.store.search_query import FIELDS, UNTYPED

if TYPE_CHECKING:
    import duckdb

    from tmescope.store.lake import Lake
    from tmescope.store.lake_layout import LakePart

__all__ = [
    "FACETS",
    "INDEX",
    "SLOTS",
    "TASK",
    "VERSION",
    "facet_of",
    "first_entry",
    "indexed_parts",
    "needs_fts5",
    "open_index",
    "update_index",
]

INDEX = "search.sqlite"
TASK = "search index"
FACETS = "facets"
"""Column with the kind and the source of a document as words that no question has."""
SLOTS = 1 << 22
"""Entries of a day: they are numbered by day, so that the newest can be read first."""
VERSION = 2
"""Of the index; one of another is made anew."""
_BATCH = 2048
_CACHE_KIB = 65_536
_SCHEMA = f"""
CREATE TABLE parts (lake_part INTEGER PRIMARY KEY, sequence INTEGER NOT NULL);
CREATE TABLE entries (
    entry INTEGER PRIMARY KEY, lake_part INTEGER NOT NULL, lake_row INTEGER NOT NULL, doc_id TEXT NOT NULL,
    kind TEXT NOT NULL, source TEXT NOT NULL);
CREATE UNIQUE INDEX entries_of_part ON entries (lake_part, lake_row);
CREATE VIRTUAL TABLE texts USING fts5 ({", ".join(FIELDS)}, {FACETS}, tokenize = "unicode61 remove_diacritics 2");
PRAGMA user_version = {VERSION};
"""
_ROWS = """
    SELECT coalesce(f.first_on, d.entered_on), d.lake_part, d.lake_row, d.doc_id, d.kind, d.source,
    coalesce(d.title, ''), coalesce(d.abstract, ''), coalesce(array_to_string(d.keywords, '; '), ''),
    concat_ws('; ', array_to_string([x.name for x in d.mesh], '; '),
        array_to_string([x.name for x in d.substances], '; ')),
    concat_ws('; ', array_to_string(t.conditions, '; '), array_to_string([x.term for x in t.condition_mesh], '; '),
        array_to_string([concat_ws(', ', x.name, array_to_string(x.other_names, ', ')) for x in t.interventions], '; '),
        array_to_string([x.term for x in t.intervention_mesh], '; '), t.sponsor.name,
        array_to_string([x.name for x in t.collaborators], '; '), array_to_string(t.countries, '; '),
        array_to_string(t.phases, ' '), t.status),
    concat_ws(' ', split_part(d.doc_id, ':', 2), d.doi, d.pmcid, array_to_string(d.registry_ids, ' '),
        array_to_string(t.other_ids, ' '))
    FROM all_documents d
    LEFT JOIN all_trials t ON t.lake_part = d.lake_part AND t.lake_row = d.lake_row
    LEFT JOIN firsts f ON f.lake_part = d.lake_part AND f.lake_row = d.lake_row
"""


def needs_fts5() -> None:
    """Refuse where SQLite was built without its full-text search.

    Raises
    ------
    MissingDependencyError
        If ``ENABLE_FTS5`` is not among its options.
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE t USING fts5 (a)")
        except sqlite3.OperationalError as error:
            raise MissingDependencyError(
                f"this Python's SQLite {sqlite3.sqlite_version} was built without full-text search ({error})",
                expected="SQLite with ENABLE_FTS5, as the Pythons of python.org and of Linux distributions have",
                next_step="use another Python; everything but search works without it",
            ) from error


@contextmanager
def open_index(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the index of a lake for reading.

    Parameters
    ----------
    path : Path
        Of its file, which is there.
    """
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        yield connection


def first_entry(day: date | None) -> int:
    """Return the smallest number of an entry of a day.

    Parameters
    ----------
    day : datetime.date, optional
        None for documents of no known day, which come before all others.
    """
    return (day.toordinal() if day else 0) * SLOTS


def facet_of(what: str, value: str) -> str:
    """Return the word that stands for a kind or a source in the index.

    Parameters
    ----------
    what : str
        ``kind`` or ``source``.
    value : str
        Such as ``trial``.
    """
    return UNTYPED + what + "".join(c for c in value.lower() if c.isalnum())


def indexed_parts(connection: sqlite3.Connection) -> dict[int, int]:
    """Return the parts that are in an index, with the number that their file had.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of an index.
    """
    return dict(connection.execute("SELECT lake_part, sequence FROM parts").fetchall())


def update_index(lake: Lake, *, progress: Progress = SILENT) -> int:
    """Bring the index of a lake to what is current: add what came, take out what was revised or withdrawn.

    Parameters
    ----------
    lake : Lake
        From `tmescope.store.lake.open_lake`.
    progress : Progress
        Its task ``search index`` advances with each document.

    Returns
    -------
    int
        Documents that were added.

    Raises
    ------
    MissingDependencyError
        If SQLite has no full-text search.

    Notes
    -----
    Part after part is committed: one that is killed goes on where it was. Only documents of parts that came since are
    looked at, and those that they revise.
    """
    needs_fts5()
    with lake.writing():
        path = lake.path / INDEX
        _drop_other(lake, path)
        with closing(sqlite3.connect(path)) as index:
            index.execute("PRAGMA synchronous = NORMAL")
            index.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            if not index.execute("PRAGMA user_version").fetchone()[0]:
                index.executescript(f"BEGIN;{_SCHEMA}COMMIT;")
            return _follow(index, lake, progress)


def _drop_other(lake: Lake, path: Path) -> None:
    """Remove an index that is damaged, of another version, or has parts that the lake has not: it is made anew."""
    if not path.exists():
        return
    try:
        with open_index(path) as index:
            version = index.execute("PRAGMA user_version").fetchone()[0]
            extra = indexed_parts(index).keys() - {p.number for p in lake.parts} if version == VERSION else {0}
    except sqlite3.DatabaseError:
        extra = {0}
    if extra:
        path.unlink()
        path.with_name(f"{path.name}-journal").unlink(missing_ok=True)


def _follow(index: sqlite3.Connection, lake: Lake, progress: Progress) -> int:
    known = indexed_parts(index)
    fresh = [p for p in lake.parts if known.get(p.number) != p.sequence]
    if not fresh:
        return 0
    database = lake.connect()
    total = sum(p.n_rows("documents") for p in fresh)
    progress.start(TASK, total, unit="documents")
    with index:
        _refresh(index, database, fresh)
    n = 0
    for part in fresh:
        with index:
            n += _add_part(index, database, part)
        progress.advance(TASK, part.n_rows("documents"))
    if known and total < sum(p.n_rows("documents") for p in lake.parts) // 2:
        index.execute("INSERT INTO texts (texts, rank) VALUES ('merge', 500)")
    else:
        index.execute("INSERT INTO texts (texts) VALUES ('optimize')")
    index.commit()
    progress.finish(TASK, f"{n:,} documents added")
    return n


def _refresh(index: sqlite3.Connection, database: duckdb.DuckDBPyConnection, fresh: list[LakePart]) -> None:
    """Take out what parts that came since have touched, and put in again what of it is current in older parts."""
    numbers = [p.number for p in fresh]
    for number in numbers:  # what they had under another number
        _remove(index, index.execute("SELECT entry FROM entries WHERE lake_part = ?", [number]).fetchall())
        index.execute("DELETE FROM parts WHERE lake_part = ?", [number])
    database.execute(
        "CREATE OR REPLACE TEMP TABLE touched AS SELECT lake_part, lake_row, is_stale FROM contested "
        "WHERE doc_id IN (SELECT doc_id FROM all_documents WHERE lake_part IN (SELECT unnest($1)) "
        "UNION ALL SELECT doc_id FROM all_deletions WHERE lake_part IN (SELECT unnest($1))) "
        "AND lake_part NOT IN (SELECT unnest($1))",
        [numbers],
    )
    touched = database.execute("SELECT lake_part, lake_row FROM touched").fetchall()
    for first in range(0, len(touched), _BATCH):
        found = [
            entry
            for row in touched[first : first + _BATCH]
            for entry in index.execute("SELECT entry FROM entries WHERE lake_part = ? AND lake_row = ?", row)
        ]
        _remove(index, found)
    again = database.execute(
        f"{_ROWS} WHERE EXISTS (SELECT 1 FROM touched o WHERE o.lake_part = d.lake_part "  # noqa: S608 - our names
        "AND o.lake_row = d.lake_row AND NOT o.is_stale) "
        "ORDER BY ALL"
    )
    _add_rows(index, again)


def _remove(index: sqlite3.Connection, entries: list[Any]) -> None:
    index.executemany("DELETE FROM texts WHERE rowid = ?", entries)
    index.executemany("DELETE FROM entries WHERE entry = ?", entries)


class _Numbers:
    """Gives entries their numbers: those of a day follow each other."""

    def __init__(self, index: sqlite3.Connection) -> None:
        self._index = index
        self._next: dict[date | None, int] = {}

    def next(self, day: date | None) -> int:
        if day not in self._next:
            first = first_entry(day)
            found = self._index.execute(
                "SELECT max(entry) FROM entries WHERE entry >= ? AND entry < ?", [first, first + SLOTS]
            ).fetchone()[0]
            self._next[day] = first + 1 if found is None else found + 1
        number = self._next[day]
        self._next[day] = number + 1
        return number


def _add_part(index: sqlite3.Connection, database: duckdb.DuckDBPyConnection, part: LakePart) -> int:
    current = database.execute(
        f"{_ROWS} WHERE d.lake_part = $1 "  # noqa: S608 - our names
        "AND NOT EXISTS (SELECT 1 FROM stale s WHERE s.lake_part = d.lake_part AND s.lake_row = d.lake_row) "
        "ORDER BY 1 NULLS FIRST, d.lake_row",
        [part.number],
    )
    n = _add_rows(index, current)
    index.execute("INSERT INTO parts VALUES (?, ?)", [part.number, part.sequence])
    return n


def _add_rows(index: sqlite3.Connection, rows: duckdb.DuckDBPyConnection) -> int:
    n, numbers = 0, _Numbers(index)
    columns = ", ".join((*FIELDS, FACETS))
    while some := rows.fetchmany(_BATCH):
        numbered = [(numbers.next(row[0]), row) for row in some]
        index.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)", [(i, *row[1:6]) for i, row in numbered])
        index.executemany(
            f"INSERT INTO texts (rowid, {columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our names
            [(i, *row[6:], f"{facet_of('kind', row[4])} {facet_of('source', row[5])}") for i, row in numbered],
        )
        n += len(some)
    return n
