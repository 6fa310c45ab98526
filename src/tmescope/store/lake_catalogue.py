"""The DuckDB side of a lake: a closed database in memory, and the relations over the files of its parts."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from tmescope.store.lake_layout import LakeLayout
from tmescope.store.lake_parts import stored_schema

if TYPE_CHECKING:
    import duckdb

__all__ = ["LONG_AGO", "fill_relations", "open_catalogue", "quoted"]

LONG_AGO = "DATE '0001-01-01'"
"""Stands for a missing date where versions are put in order: nothing is older."""


def quoted(text: str) -> str:
    """Return a text as a literal of SQL.

    Parameters
    ----------
    text : str
        Anything.
    """
    return "'" + text.replace("'", "''") + "'"


def open_catalogue(path: Path, *, threads: int, memory: int) -> duckdb.DuckDBPyConnection:
    """Open an empty database in memory that reads files of one folder, and no other.

    Parameters
    ----------
    path : Path
        Folder of the lake.
    threads : int
        Of DuckDB.
    memory : int
        Bytes that it may hold before it writes to the folder ``tmp`` of the lake.

    Notes
    -----
    Nothing is installed or loaded, the network is out of reach, and no statement can change that.
    """
    import duckdb

    folder = path.resolve()
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": threads,
            "memory_limit": f"{max(memory >> 20, 64)}MiB",
            "temp_directory": str(folder / "tmp"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "preserve_insertion_order": "false",
        },
    )
    connection.execute("SET parquet_metadata_cache = true")
    connection.execute(f"SET allowed_directories = [{quoted(str(folder))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def fill_relations(
    connection: duckdb.DuckDBPyConnection, path: Path, layout: LakeLayout, *, without: Iterable[str] = ()
) -> None:
    """Make the relations that everything else stands on: ``parts`` and ``all_...`` over the files of the parts.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        From `open_catalogue`.
    path : Path
        Folder of the lake.
    layout : LakeLayout
        Which parts there are.
    without : iterable of str
        Parts that are left out, by their sha256.

    Notes
    -----
    ``parts`` has a row for each part: ``lake_part``, ``place`` (in the order of the hashes), ``sha256``, ``name``,
    ``source``, ``sequence``, ``last_day``. ``all_documents``, ``all_trials``, ``all_deletions`` and ``all_mentions``
    (of the dictionary that the lake shows) hold every row of every part.
    """
    left_out = set(without)
    parts = [p for p in layout.parts if p.sha256 not in left_out]
    rows = pa.table(
        {
            "lake_part": pa.array([p.number for p in parts], pa.int64()),
            "place": pa.array(range(len(parts)), pa.int32()),
            "sha256": pa.array([p.sha256 for p in parts], pa.string()),
            "name": pa.array([p.name for p in parts], pa.string()),
            "source": pa.array([p.source for p in parts], pa.string()),
            "sequence": pa.array([p.sequence for p in parts], pa.int64()),
            "last_day": pa.array(
                [datetime.date.fromisoformat(p.last_day) if p.last_day else None for p in parts], pa.date32()
            ),
        }
    )
    _keep(connection, "parts", rows)
    folder = path.resolve()
    for table in ("documents", "trials", "deletions"):
        files = [folder / "parts" / p.sha256 / f"{table}.parquet" for p in parts if table in p.files]
        _relate(connection, table, files)
    tagged = [folder / "mentions" / f"{p.sha256}-{layout.dictionary}.parquet" for p in parts]
    _relate(connection, "mentions", [f for f, p in zip(tagged, parts, strict=True) if layout.dictionary in p.mentions])


def _relate(connection: duckdb.DuckDBPyConnection, table: str, files: list[Path]) -> None:
    if not files:
        _keep(connection, f"all_{table}", stored_schema(table).empty_table())
        return
    listed = ", ".join(quoted(str(f)) for f in files)
    shown = ", ".join(_columns(table, files[0]))
    connection.execute(f"CREATE VIEW all_{table} AS SELECT {shown} FROM read_parquet([{listed}])")  # noqa: S608 - quoted


def _columns(table: str, file: Path) -> list[str]:
    """Return the columns of a table; a lake of an earlier version may lack the last ones."""
    if table != "mentions":
        return ["*"]
    there = set(pq.read_schema(file).names)
    return [name if name in there else f"NULL::DATE AS {name}" for name in stored_schema(table).names]


def _keep(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    connection.register("given", table)
    connection.execute(f"CREATE TABLE {name} AS SELECT * FROM given")  # noqa: S608 - a name of ours
    connection.unregister("given")
