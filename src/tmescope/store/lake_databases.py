"""The open databases of a lake: one for what is current and one for each day that is asked of, a cursor a thread."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.store.lake_catalogue import fill_relations, open_catalogue
from tmescope.store.lake_files import damaged_files, explain_damaged
from tmescope.store.lake_layout import LakeLayout
from tmescope.store.lake_versions import find_stale
from tmescope.store.lake_views import define_as_of, define_current

if TYPE_CHECKING:
    import duckdb

__all__ = ["LakeDatabases"]


class LakeDatabases:
    """Databases of a lake, opened when they are asked for; those of what the lake held before are let go.

    Parameters
    ----------
    path : Path
        Folder of the lake.
    threads : int
        Of queries.
    memory : int
        Bytes that queries may hold.
    """

    def __init__(self, path: Path, *, threads: int, memory: int) -> None:
        self._path, self._threads, self._memory = path, threads, memory
        self._guard = threading.RLock()
        self._open: dict[tuple[object, ...], duckdb.DuckDBPyConnection] = {}
        self._local = threading.local()

    def cursor(self, layout: LakeLayout, day: date | None, *, without_damaged: bool) -> duckdb.DuckDBPyConnection:
        """Return the cursor of this thread.

        Parameters
        ----------
        layout : LakeLayout
            What the lake holds.
        day : datetime.date or None
            None for what is current.
        without_damaged : bool
            Leave out damaged parts instead of refusing.
        """
        tagged = sum(layout.dictionary in p.mentions for p in layout.parts)
        key = (day, layout.state, layout.dictionary, tagged, without_damaged)
        mine = self._local.__dict__.setdefault("cursors", {})
        if key not in mine:
            for old in [k for k in mine if k[1:] != key[1:]]:
                del mine[old]
            with self._guard:
                if key not in self._open:
                    self._open = {k: v for k, v in self._open.items() if k[1:] == key[1:]}
                    self._open[key] = self._make(layout, day, without_damaged=without_damaged)
                mine[key] = self._open[key].cursor()
        cursor: duckdb.DuckDBPyConnection = mine[key]
        return cursor

    def close(self) -> None:
        """Close them; cursors that were given are closed with them."""
        with self._guard:
            for database in self._open.values():
                database.close()
            self._open.clear()
            self._local = threading.local()

    def _make(self, layout: LakeLayout, day: date | None, *, without_damaged: bool) -> duckdb.DuckDBPyConnection:
        wrong = {p.sha256: places for p in layout.parts if (places := damaged_files(self._path, p))}
        if wrong and not without_damaged:
            raise explain_damaged(self._path, [p for p in layout.parts if p.sha256 in wrong], wrong)
        layout = replace(layout, parts=tuple(p for p in layout.parts if p.sha256 not in wrong))
        connection = open_catalogue(self._path, threads=self._threads, memory=self._memory)
        fill_relations(connection, self._path, layout)
        if day is None:
            find_stale(connection, self._path, layout)
            define_current(connection)
        else:
            define_as_of(connection, day)
        return connection
