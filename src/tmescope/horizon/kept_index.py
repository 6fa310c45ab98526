"""The index of mentions of a lake, kept beside its files: built once for what it holds, and read back by all others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tmescope.foundation.errors import StoreError, TmescopeError
from tmescope.horizon.mention_index import KINDS, Coverage, MentionIndex, forget_index, index_mentions
from tmescope.store.derived_tables import derived_folder, read_derived, write_derived
from tmescope.store.lake_catalogue import quoted

if TYPE_CHECKING:
    import duckdb

    from tmescope.store.lake import Lake

__all__ = ["explain_gone", "open_index", "prepare_index"]

_KIND = "mentions"
_NUMBERING = 2
"""How documents are numbered: by doc_id; before it was said, as they happened to come."""
_LONGEST_DELAY = 92
_SCHEMAS = {
    "trend_documents": pa.schema(
        [
            ("d", pa.int32()),
            ("doc_id", pa.string()),
            ("day", pa.date32()),
            ("q", pa.int16()),
            ("c", pa.int8()),
            ("g", pa.int32()),
        ]
    ),
    "trend_entities": pa.schema([("e", pa.int32()), ("entity_id", pa.string()), ("entity_type", pa.string())]),
    "trend_mentions": pa.schema(
        [("d", pa.int32()), ("e", pa.int32()), ("q", pa.int16()), ("c", pa.int8()), ("day", pa.date32())]
    ),
    "trend_cells": pa.schema(
        [("e", pa.int32()), ("q", pa.int16()), ("c", pa.int8()), ("n", pa.int32()), ("first_on", pa.date32())]
    ),
    "trend_names": pa.schema([("entity_id", pa.string()), ("text", pa.string())]),
}
_ORDERS = {
    "trend_documents": "d",
    "trend_entities": "e",
    "trend_mentions": "e, d",  # few rows of a group name an entity, which is what is asked for
    "trend_cells": "e, q, c",
    "trend_names": "entity_id",
}
_BOUNDS = """
SELECT (SELECT count(*) FILTER (WHERE NOT coalesce(e BETWEEN 0 AND $e AND c BETWEEN 0 AND $c AND n > 0, false))
        FROM trend_cells)
     + (SELECT count(*) FILTER (WHERE NOT coalesce(c BETWEEN 0 AND $c, false)) FROM trend_documents)
     + (SELECT count(*) FILTER (WHERE NOT coalesce(e BETWEEN 0 AND $e, false)) FROM trend_entities)
     + (SELECT count(*) FILTER (WHERE NOT coalesce(e BETWEEN 0 AND $e AND c BETWEEN 0 AND $c, false))
        FROM trend_mentions)
"""


def open_index(lake: Lake) -> MentionIndex:
    """Return the index of the current mentions of a lake: the one that is kept, or one that is built and kept now.

    Parameters
    ----------
    lake : Lake
        From `tmescope.store.lake.open_lake`.

    Returns
    -------
    MentionIndex
        Its ``notes`` name kept files that were damaged, or of something else: they are not believed, and made anew.

    Raises
    ------
    InputError
        If there is no document with a day of entry.
    StoreError
        If parts of the lake are damaged.

    Notes
    -----
    It lies in the folder ``derived`` of the lake under a digest of its parts and mentions, with the size and checksum
    of each file. Where nothing can be written there it is built in memory each time.
    """
    connection = lake.connect()
    try:
        found = _read(lake, connection)
        notes: tuple[str, ...] = ()
    except StoreError as error:
        found, notes = None, (f"{error.what}: the index of mentions was made anew",)
    if found is not None:
        return found
    index = index_mentions(connection)
    if notes or not derived_folder(lake.path, _KIND, lake.layout).exists():
        _keep(lake, index)
    return replace(index, notes=notes)


def prepare_index(lake: Lake) -> None:
    """Keep the index of what a lake holds now for those who will ask, where it can be built.

    Parameters
    ----------
    lake : Lake
        From `tmescope.store.lake.open_lake`. One without documents that count has no index.
    """
    with suppress(TmescopeError):
        open_index(lake).close()


@contextmanager
def explain_gone() -> Iterator[None]:
    """Say what to do where a file of a lake or of its index is gone while questions are asked.

    Raises
    ------
    StoreError
        If a file cannot be read any more.
    """
    import duckdb

    try:
        yield
    except duckdb.IOException as error:
        raise StoreError(
            f"a file of the lake or of its index of mentions cannot be read any more: {str(error)[:300]}",
            expected="files that stay while they are asked",
            next_step="run it again: an index that is gone is made anew",
        ) from error


def _read(lake: Lake, connection: duckdb.DuckDBPyConnection) -> MentionIndex | None:
    rows = sum(p.n_rows("documents") + f.n_rows for p in lake.parts for f in p.mentions.values())
    kept = read_derived(lake.path, _KIND, lake.layout, schemas=_SCHEMAS, most_rows=rows)
    if kept is None:
        return None
    if kept.about.get("numbering") != _NUMBERING:
        raise StoreError(f"derived/{kept.folder.name} numbers documents in another way", where=str(lake.path))
    forget_index(connection)
    try:
        for table in _SCHEMAS:
            connection.execute(f"CREATE TEMP VIEW {table} AS SELECT * FROM read_parquet({_literal(kept.file(table))})")  # noqa: S608
        wrong = connection.execute(_BOUNDS, {"e": kept.n_rows["trend_entities"] - 1, "c": len(KINDS) - 1}).fetchone()
        if wrong is None or wrong[0]:
            raise ValueError("numbers of what is not there")
        return _described(connection, kept.about)
    except Exception as error:  # what is damaged makes the library raise nearly anything
        forget_index(connection)
        if isinstance(error, TmescopeError):
            raise
        raise StoreError(f"derived/{kept.folder.name} holds what cannot be", where=str(lake.path)) from error


def _described(connection: duckdb.DuckDBPyConnection, about: Mapping[str, Any]) -> MentionIndex:
    coverage = {}
    for kind, (first, last, delay) in about["coverage"].items():
        if kind not in KINDS or type(delay) is not int or not 0 <= delay <= _LONGEST_DELAY:
            raise ValueError(f"{kind!r} and {delay!r}")
        span = date.fromisoformat(first), date.fromisoformat(last)
        if not date(1600, 1, 1) <= span[0] <= span[1] <= date(2200, 1, 1):
            raise ValueError(f"{first} to {last}")
        coverage[kind] = Coverage(*span, delay)
    if not coverage:
        raise ValueError("nothing is covered")
    return MentionIndex(connection, coverage, int(about["n_undated"]), int(about["n_retracted"]))


def _keep(lake: Lake, index: MentionIndex) -> None:
    """Keep an index for the next one who asks, where something can be written."""
    import duckdb

    def write(folder: Path) -> dict[str, int]:
        return {table: _write(index.connection, table, folder / f"{table}.parquet") for table in _SCHEMAS}

    about = {
        "coverage": {
            kind: [c.first_on.isoformat(), c.updated_on.isoformat(), c.delay_days] for kind, c in index.coverage.items()
        },
        "numbering": _NUMBERING,
        "n_undated": index.n_undated,
        "n_retracted": index.n_retracted,
    }
    try:
        write_derived(lake.path, _KIND, lake.layout, about=about, write=write)
    except (OSError, duckdb.Error):
        return


def _write(connection: duckdb.DuckDBPyConnection, table: str, file: Path) -> int:
    columns = ", ".join(_SCHEMAS[table].names)
    rows = connection.execute(
        f"COPY (SELECT {columns} FROM {table} ORDER BY {_ORDERS[table]}) TO {_literal(file)} "  # noqa: S608 - ours
        "(FORMAT parquet, COMPRESSION zstd)"
    ).fetchone()
    return int(rows[0]) if rows else 0


def _literal(file: Path) -> str:
    return quoted(str(file.resolve()))
