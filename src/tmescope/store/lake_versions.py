"""Which version of a document is current, and which rows are not: it follows from the parts alone."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from tmescope.store.atomic import staged_folder
from tmescope.store.lake_catalogue import LONG_AGO
from tmescope.store.lake_layout import LakeLayout
from tmescope.store.lake_schemas import document_schema, trial_schema

if TYPE_CHECKING:
    import duckdb

__all__ = ["PartCounts", "count_parts", "find_stale", "ordered_versions"]

_KEPT = 2
_RANK = f"coalesce(d.version, 0) AS v, coalesce(d.revised_on, {LONG_AGO}) AS r, p.sequence AS s, p.place AS q"
_STALE = pa.schema(
    [
        ("doc_id", pa.string()),
        ("lake_part", pa.int64()),
        ("lake_row", pa.int32()),
        ("is_gone", pa.bool_()),  # withdrawn, not only superseded
        ("is_later", pa.bool_()),  # not the first version of its document
        ("is_stale", pa.bool_()),
        ("part_is_stale", pa.bool_()),  # no row of its part is the current version
        ("first_on", pa.date32()),  # first day on which a version of it that is left was entered
    ]
)


@dataclass(frozen=True)
class PartCounts:
    """What a part gave to a lake.

    Parameters
    ----------
    added : int
        Documents of which it has the first version.
    revised : int
        Later versions of documents.
    deleted : int
        Documents that it withdrew.
    """

    added: int
    revised: int
    deleted: int


def ordered_versions(table: str = "all_documents") -> str:
    """Return a query of the versions, with the day of entry and what puts them in order: v, r, s, q, lake_row.

    Parameters
    ----------
    table : str
        Name of the relation of documents.
    """
    return (
        f"SELECT d.doc_id, d.lake_part, d.lake_row, d.entered_on, {_RANK} FROM {table} d JOIN parts p USING (lake_part)"  # noqa: S608
    )


def find_stale(connection: duckdb.DuckDBPyConnection, path: Path, layout: LakeLayout) -> None:
    """Make the table ``contested``: every row of a document that has several versions, or that was withdrawn.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the relations of `tmescope.store.lake_catalogue.fill_relations`.
    path : Path
        Folder of the lake, which keeps the table for this state of it.
    layout : LakeLayout
        What the lake holds.

    Notes
    -----
    Versions are ordered by version, day of revision, number of the file, how full the record is, hash of the file and
    row. The fuller of two records has more filled columns, of the document and its trial together; with as many, the
    longer abstract and raw record. So a short answer of a search does not hide the whole record where neither has a
    day, and no full record without a day beats one with a day. Of one file the last row counts. A deletion takes
    the versions in files whose number is not above that of the file that withdraws. All other documents have one
    version, which is current: the table is as small as what was ever revised. It is made once for each state of a
    lake, from the columns of identifiers and dates alone.
    """
    kept = path / "index" / layout.state / "contested.parquet"
    table = _read(kept)
    if table is None:
        _contest(connection)
        table = connection.sql(
            "SELECT doc_id, lake_part, lake_row, is_gone, is_later, is_stale, part_is_stale, first_on FROM contested "
            "ORDER BY lake_part, lake_row"
        ).to_arrow_table()
        _keep(kept, table.cast(_STALE))
        connection.execute("DROP TABLE contested")
    connection.register("given", table)
    connection.execute("CREATE TABLE contested AS SELECT * FROM given")
    connection.unregister("given")


def count_parts(connection: duckdb.DuckDBPyConnection, layout: LakeLayout) -> Mapping[str, PartCounts]:
    """Return what each part gave, by its sha256.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the table of `find_stale`.
    layout : LakeLayout
        What the lake holds.

    Notes
    -----
    The file that holds the first version of a document added it, in whatever order files came. A document counts as
    deleted by every file that withdraws a version of it that the lake has.
    """
    later = dict(
        connection.execute("SELECT lake_part, count(*) FROM contested WHERE is_later GROUP BY lake_part").fetchall()
    )
    deleted = dict(
        connection.execute(
            "SELECT x.lake_part, count(DISTINCT x.doc_id) FROM all_deletions x JOIN parts p USING (lake_part) "
            "JOIN contested c USING (doc_id) JOIN parts o ON o.lake_part = c.lake_part "
            "WHERE o.sequence <= p.sequence GROUP BY x.lake_part"
        ).fetchall()
    )
    counts = {}
    for part in layout.parts:
        revised = int(later.get(part.number, 0))
        counts[part.sha256] = PartCounts(part.n_rows("documents") - revised, revised, int(deleted.get(part.number, 0)))
    return counts


def _contest(connection: duckdb.DuckDBPyConnection) -> None:
    # a hash is eight bytes for each document, and the few that share one by chance are told apart below
    connection.execute(
        "CREATE TEMP TABLE several AS SELECT hash(doc_id) AS h FROM all_documents GROUP BY h HAVING count(*) > 1 "
        "UNION SELECT hash(doc_id) FROM all_deletions"
    )
    connection.execute(
        f"CREATE TEMP TABLE candidates AS {ordered_versions()} "  # noqa: S608 - our names
        "WHERE hash(d.doc_id) IN (SELECT h FROM several)"
    )
    connection.execute(
        "CREATE TEMP TABLE withdrawn AS SELECT x.doc_id, max(p.sequence) AS up_to "
        "FROM all_deletions x JOIN parts p USING (lake_part) GROUP BY x.doc_id"
    )
    _measure_fullness(connection)
    connection.execute(
        "CREATE TEMP TABLE contested AS WITH told AS (SELECT c.*, coalesce(f.f, 0) AS f, "
        "coalesce(c.s <= w.up_to, false) AS is_gone FROM candidates c LEFT JOIN withdrawn w USING (doc_id) "
        "LEFT JOIN fullness f ON f.lake_part = c.lake_part AND f.doc_id = c.doc_id), placed AS (SELECT *, row_number() "
        "OVER (PARTITION BY doc_id ORDER BY is_gone, v DESC, r DESC, s DESC, f DESC, q DESC, lake_row DESC) AS n, "
        "row_number() OVER (PARTITION BY doc_id ORDER BY v, r, s, f, q, lake_row) AS k FROM told), "
        "judged AS (SELECT *, k > 1 AS is_later, is_gone OR n > 1 AS is_stale FROM placed) "
        "SELECT *, bool_and(is_stale) OVER (PARTITION BY doc_id, lake_part) AS part_is_stale, "
        "min(entered_on) FILTER (WHERE NOT is_gone) OVER (PARTITION BY doc_id) AS first_on FROM judged "
        "WHERE is_stale OR doc_id IN (SELECT doc_id FROM judged GROUP BY doc_id HAVING count(*) > 1)"
    )
    for name in ("several", "candidates", "withdrawn", "fullness"):
        connection.execute(f"DROP TABLE {name}")


def _measure_fullness(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table ``fullness``: of documents that nothing but the hash of a file would put in order, by part."""
    connection.execute("CREATE TEMP TABLE fullness (lake_part BIGINT, doc_id VARCHAR, f BIGINT)")
    connection.execute(
        "CREATE TEMP TABLE tied AS SELECT lake_part, lake_row FROM candidates "
        "QUALIFY min(q) OVER (PARTITION BY doc_id, v, r, s) <> max(q) OVER (PARTITION BY doc_id, v, r, s)"
    )
    parts = [str(int(row[0])) for row in connection.execute("SELECT DISTINCT lake_part FROM tied").fetchall()]
    if parts:  # whole records are read of these parts alone
        filled = " + ".join([*_filled(document_schema(), "d"), *_filled(trial_schema(), "t")])
        connection.execute(
            f"INSERT INTO fullness SELECT lake_part, doc_id, max(f) FROM (SELECT d.lake_part, d.doc_id, "  # noqa: S608
            f"(({filled})::BIGINT << 32) + coalesce(strlen(d.abstract), 0) + coalesce(strlen(t.record), 0) AS f "
            "FROM tied JOIN all_documents d USING (lake_part, lake_row) LEFT JOIN all_trials t "
            f"ON t.lake_part = d.lake_part AND t.lake_row = d.lake_row WHERE d.lake_part IN ({', '.join(parts)})) "
            "GROUP BY lake_part, doc_id"
        )
    connection.execute("DROP TABLE tied")


def _filled(schema: pa.Schema, table: str) -> list[str]:
    """Return for each column 1 where it holds something, in SQL."""
    found = []
    for field in schema:
        column = f'{table}."{field.name}"'
        if pa.types.is_list(field.type):
            column = f"nullif(len({column}), 0)"
        elif pa.types.is_string(field.type):
            column = f"nullif({column}, '')"
        found.append(f"({column} IS NOT NULL)::INTEGER")
    return found


def _read(path: Path) -> pa.Table | None:
    """Return the table that was kept, None where there is none or it cannot be read: it is made anew then."""
    if not path.exists():
        return None
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException):
        return None
    return table if table.schema.equals(_STALE) else None


def _keep(path: Path, table: pa.Table) -> None:
    """Keep the table for the next one who asks, where something can be written; drop those of older states."""
    with suppress(OSError):
        with staged_folder(path.parent) as staged:
            pq.write_table(table, staged / path.name, compression="zstd", write_page_checksum=True)
        states = [p for p in path.parent.parent.iterdir() if p.is_dir() and not p.name.startswith(".")]
        for old in sorted(states, key=lambda p: p.stat().st_mtime)[:-_KEPT]:
            shutil.rmtree(old, ignore_errors=True)
