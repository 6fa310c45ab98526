"""A lake as it was on a day: nothing that became known later may reach a question that is asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from tmescope.foundation.errors import InputError, MethodError, examples

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = ["Leak", "find_leaks", "freeze", "refuse_leaks"]

_GIVEN_LATER = ("mesh", "keywords", "substances", "publication_types", "cites", "links", "registry_ids")
"""Columns of papers that may come with a later version."""
_PARTS = {"mesh": "mesh", "keyword": "keywords", "substance": "substances"}
"""Part of a record in which something is mentioned, and the column from which it is read."""
_TERMS = ("entity_id", "term", "known_since")


@dataclass(frozen=True)
class Leak:
    """Something in a frozen lake that was not known yet.

    Parameters
    ----------
    what : str
        ``document``, ``revision``, ``retraction``, ``trial``, ``status``, ``mesh``, ``alias``, ``mention``.
    n : int
        How many rows.
    examples : tuple of str
        Up to three documents, or names.
    """

    what: str
    n: int
    examples: tuple[str, ...]


def freeze(
    connection: duckdb.DuckDBPyConnection, day: date, *, terms: pa.Table | None = None
) -> duckdb.DuckDBPyConnection:
    """Return a cursor whose views hold what was known on a day.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the views ``documents``, ``mentions`` and, where there are trials, ``trials``: those of a lake as of that
        day, whose versions then are right, or of what is current, of which what came later is left out.
    day : datetime.date
        Last day that is known.
    terms : pyarrow.Table, optional
        entity_id, term, known_since: when a name came to be used for an entity, such as the INN of a drug that had a
        company's code before. Mentions by a name of a later day are left out; names without a day are old.

    Returns
    -------
    duckdb.DuckDBPyConnection

    Raises
    ------
    InputError
        If `terms` lacks a column.

    Notes
    -----
    Documents entered later are left out; of versions revised later the headings, keywords, substances, links and
    retractions are left out, and what is mentioned in them; so is what is mentioned by a name that the lake knows to be
    younger; of trials updated later everything but that they exist.
    """
    cursor = connection.cursor()
    base = _base(cursor)
    _fill(cursor, "frozen_terms", terms)
    literal = f"DATE '{day.isoformat()}'"
    there = _columns(cursor, f"{base}.documents")
    late = f"coalesce(d.revised_on > {literal}, false)" if "revised_on" in there else "false"
    hidden = [c for c in (*_GIVEN_LATER, "is_retracted") if c in there]
    replaced = ", ".join(f"CASE WHEN {late} THEN NULL ELSE d.{c} END AS {c}" for c in hidden)
    shown = f"d.* REPLACE ({replaced})" if hidden else "d.*"
    parts = ", ".join(f"'{part}'" for part in _PARTS)
    known = "coalesce(m.known_since <= {0}, true)" if "known_since" in _columns(cursor, f"{base}.mentions") else "true"
    cursor.execute(
        f"CREATE TEMP VIEW documents AS SELECT {shown} FROM {base}.documents d WHERE d.entered_on <= {literal}"  # noqa: S608
    )
    cursor.execute(
        f"CREATE TEMP VIEW mentions AS SELECT m.* FROM {base}.mentions m JOIN {base}.documents d USING (doc_id) "  # noqa: S608
        f"WHERE d.entered_on <= {literal} AND {known.format(literal)} AND NOT (m.part IN ({parts}) AND {late}) "
        "AND NOT EXISTS (SELECT 1 FROM temp.frozen_terms t WHERE t.entity_id = m.entity_id "
        f"AND t.term = lower(m.text) AND t.known_since > {literal})"
    )
    _freeze_trials(cursor, base, literal)
    return cursor


def find_leaks(connection: duckdb.DuckDBPyConnection, day: date, *, terms: pa.Table | None = None) -> tuple[Leak, ...]:
    """Look for anything in a frozen lake that was not known on its day.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        What `freeze` gave, or the views of a lake as of a day.
    day : datetime.date
        Last day that is known.
    terms : pyarrow.Table, optional
        As for `freeze`.

    Returns
    -------
    tuple of Leak
        Empty where nothing is wrong.

    Notes
    -----
    Reads the views alone, and knows nothing of how they were made.
    """
    literal = f"DATE '{day.isoformat()}'"
    asked = [("document", f"SELECT doc_id FROM documents WHERE entered_on IS NULL OR entered_on > {literal}")]  # noqa: S608
    there = _columns(connection, "documents")
    if "revised_on" in there:
        shown = " OR ".join(f"{c} IS NOT NULL" for c in _GIVEN_LATER if c in there)
        if shown:
            asked.append(("revision", f"SELECT doc_id FROM documents WHERE revised_on > {literal} AND ({shown})"))  # noqa: S608
        asked.append(("retraction", f"SELECT doc_id FROM documents WHERE revised_on > {literal} AND is_retracted"))  # noqa: S608
        asked.append(("mesh", _headings(there, literal)))
    asked.append(("mention", "SELECT doc_id FROM mentions ANTI JOIN documents USING (doc_id)"))
    if "known_since" in _columns(connection, "mentions"):
        asked.append(("alias", f"SELECT text AS doc_id FROM mentions WHERE known_since > {literal}"))  # noqa: S608
    asked += _trial_questions(connection, literal)
    if terms is not None:
        _fill(connection, "checked_terms", terms)
        asked.append(
            (
                "alias",
                "SELECT m.text AS doc_id FROM mentions m JOIN temp.checked_terms t ON t.entity_id = m.entity_id "  # noqa: S608
                f"AND t.term = lower(m.text) WHERE t.known_since > {literal}",
            )
        )
    found = []
    for what, query in asked:
        rows = connection.execute(f"SELECT doc_id, count(*) FROM ({query}) GROUP BY doc_id ORDER BY doc_id").fetchall()  # noqa: S608
        if rows:
            found.append(Leak(what, sum(int(r[1]) for r in rows), tuple(str(r[0]) for r in rows[:3])))
    return tuple(found)


def refuse_leaks(leaks: tuple[Leak, ...], day: date) -> None:
    """Stop where a frozen lake holds what was not known yet.

    Raises
    ------
    MethodError
        If there is any leak.
    """
    if leaks:
        told = "; ".join(f"{leak.n} of the kind {leak.what}, such as {examples(leak.examples)}" for leak in leaks)
        raise MethodError(
            f"what was not known on {day} is in the lake as of that day: {told}",
            expected="nothing later than that day",
            next_step="do not use rankings of this lake; report it with the files that it was made from",
        )


def _columns(connection: duckdb.DuckDBPyConnection, view: str) -> frozenset[str]:
    return frozenset(str(row[0]) for row in connection.execute(f"DESCRIBE {view}").fetchall())


def _base(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the schema in which the views of the lake are: temporary views of the same names hide them."""
    found = connection.execute("SELECT current_database()").fetchone()
    name = str(found[0]) if found else "memory"
    return '"' + name.replace('"', '""') + '".main'


def _has_trials(connection: duckdb.DuckDBPyConnection) -> bool:
    rows = connection.execute(
        "SELECT view_name FROM duckdb_views() WHERE view_name = 'trials' "
        "UNION ALL SELECT table_name FROM duckdb_tables() WHERE table_name = 'trials'"
    ).fetchall()
    return bool(rows)


def _fill(connection: duckdb.DuckDBPyConnection, table: str, terms: pa.Table | None) -> None:
    """Keep the names that came into use on a known day in a temporary table."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} (entity_id VARCHAR, term VARCHAR, known_since DATE)")
    if terms is None:
        return
    missing = [c for c in _TERMS if c not in terms.column_names]
    if missing:
        raise InputError(
            f"the table of terms has no column {', '.join(missing)}",
            where="argument terms",
            expected=", ".join(_TERMS),
        )
    connection.register("given_terms", terms)
    connection.execute(
        f"INSERT INTO temp.{table} SELECT DISTINCT entity_id, lower(term), known_since::DATE FROM given_terms "  # noqa: S608
        "WHERE known_since IS NOT NULL"
    )
    connection.unregister("given_terms")


def _freeze_trials(cursor: duckdb.DuckDBPyConnection, base: str, literal: str) -> None:
    there = _columns(cursor, f"{base}.trials") if _has_trials(cursor) else frozenset()
    if not {"first_posted_on", "last_update_posted_on"} <= there:
        return
    kept = {"doc_id", "nct_id", "first_posted_on", "first_posted_precision", "first_posted_type", "late"}
    later = f"coalesce(last_update_posted_on > {literal}, false)"
    hidden = ", ".join(f'CASE WHEN {later} THEN NULL ELSE "{c}" END AS "{c}"' for c in sorted(there - kept))
    cursor.execute(
        f"CREATE TEMP VIEW trials AS SELECT * REPLACE ({hidden}) FROM {base}.trials "  # noqa: S608 - our own names
        f"WHERE first_posted_on <= {literal}"
    )


def _headings(there: frozenset[str], literal: str) -> str:
    """Return the question for mentions in a part of a record that was not known."""
    parts = [
        f"(m.part = '{part}' AND ({f'd.{column} IS NULL OR ' if column in there else ''}d.revised_on > {literal}))"
        for part, column in _PARTS.items()
    ]
    return f"SELECT m.doc_id FROM mentions m JOIN documents d USING (doc_id) WHERE {' OR '.join(parts)}"  # noqa: S608


def _trial_questions(connection: duckdb.DuckDBPyConnection, literal: str) -> list[tuple[str, str]]:
    if not _has_trials(connection):
        return []
    there = _columns(connection, "trials")
    asked = []
    if "first_posted_on" in there:
        asked.append(
            ("trial", f"SELECT doc_id FROM trials WHERE first_posted_on IS NULL OR first_posted_on > {literal}")  # noqa: S608
        )
    if {"last_update_posted_on", "status"} <= there:
        asked.append(
            ("status", f"SELECT doc_id FROM trials WHERE last_update_posted_on > {literal}")  # noqa: S608
        )
    return asked
