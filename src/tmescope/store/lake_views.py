"""The views of a lake: what is current, and what was known on a day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from tmescope.store.lake_schemas import document_schema, trial_schema
from tmescope.store.lake_versions import ordered_versions

if TYPE_CHECKING:
    import duckdb

__all__ = ["define_as_of", "define_current"]

_PRINTED = (
    *("published_on", "published_precision", "title", "abstract", "language", "journal", "is_review", "authors"),
    *("group_key", "doi", "registry_ids", "cites"),
)
"""Columns of a paper that are printed with it; the others are given later, or change."""
_ALWAYS = ("doc_id", "source", "kind", "entered_on")
_POSTED = ("doc_id", "nct_id", "first_posted_on", "first_posted_precision", "first_posted_type")
_UNDATED_LINKS = "('PreprintOf', 'PreprintIn', 'DerivedIn')"
"""Kinds of links that sources add without a day: a version does not tell that they were known when it was made."""
_TEXT_PARTS = "('title', 'abstract')"


def define_current(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the views documents, trials, deletions and mentions of what is current.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the relations and the table ``contested``.

    Notes
    -----
    A document was entered with the earliest of its versions that is left: the second version of a preprint is not new.
    """
    connection.execute(
        "CREATE TABLE stale AS SELECT lake_part, lake_row FROM contested WHERE is_stale; "
        "CREATE TABLE stale_parts AS SELECT DISTINCT lake_part, doc_id FROM contested WHERE part_is_stale; "
        "CREATE TABLE firsts AS SELECT lake_part, lake_row, first_on FROM contested WHERE NOT is_stale"
    )
    fresh = "NOT EXISTS (SELECT 1 FROM stale s WHERE s.lake_part = d.lake_part AND s.lake_row = d.lake_row)"
    connection.execute(
        "CREATE VIEW documents AS SELECT d.* EXCLUDE (lake_part, lake_row) "  # noqa: S608 - our names
        "REPLACE (coalesce(f.first_on, d.entered_on) AS entered_on) FROM all_documents d "
        f"LEFT JOIN firsts f ON f.lake_part = d.lake_part AND f.lake_row = d.lake_row WHERE {fresh}"
    )
    connection.execute(
        f"CREATE VIEW trials AS SELECT * EXCLUDE (lake_part, lake_row) FROM all_trials d WHERE {fresh}"  # noqa: S608
    )
    connection.execute("CREATE VIEW deletions AS SELECT DISTINCT doc_id FROM all_deletions")
    connection.execute(
        "CREATE VIEW mentions AS SELECT * EXCLUDE (lake_part) FROM all_mentions m WHERE NOT EXISTS "
        "(SELECT 1 FROM stale_parts s WHERE s.lake_part = m.lake_part AND s.doc_id = m.doc_id)"
    )


def define_as_of(connection: duckdb.DuckDBPyConnection, day: date) -> None:
    """Make the same views of what was known on a day.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the relations of `tmescope.store.lake_catalogue.fill_relations`.
    day : datetime.date
        Nothing that came later is shown.

    Notes
    -----
    A deletion counts from the newest day in the file that made it; one in a file without documents is of no known
    day, and counts for no past one. Text and what is printed with a paper come from its earliest version that is
    kept, all else from the newest that was made by that day, and is missing where there is none (``late`` is true
    then). Of a trial nothing but its identifier and first posting is shown then. The registry turns a status into
    UNKNOWN without a new version, two years after the last word of its sponsor: before that, the last known status is
    shown. Links whose day no source tells, such as that from a preprint to its paper, are shown on no day. What a
    document mentions by a name that was given later is not shown.
    """
    literal = f"DATE '{day.isoformat()}'"
    connection.execute(  # a file with two versions of a document is tagged by the last of them
        "CREATE TABLE twice AS SELECT lake_part, doc_id, max(lake_row) AS last_row FROM all_documents "
        "GROUP BY lake_part, doc_id HAVING count(*) > 1"
    )
    connection.execute(_known(literal))
    columns = ", ".join(_column(name) for name in document_schema().names)
    connection.execute(
        f"CREATE VIEW documents AS SELECT {columns}, k.dated_row IS NULL AS late FROM known k "  # noqa: S608 - our names
        "JOIN all_documents t ON t.lake_part = k.text_part AND t.lake_row = k.text_row "
        "LEFT JOIN all_documents d ON d.lake_part = k.dated_part AND d.lake_row = k.dated_row"
    )
    shown = ", ".join(_trial_column(n, literal) for n in trial_schema().names)
    connection.execute(
        f"CREATE VIEW trials AS SELECT {shown}, k.dated_row IS NULL AS late FROM known k "  # noqa: S608 - our names
        "JOIN all_trials t ON t.lake_part = k.text_part AND t.lake_row = k.text_row "
        "LEFT JOIN all_trials d ON d.lake_part = k.dated_part AND d.lake_row = k.dated_row"
    )
    connection.execute(
        "CREATE VIEW deletions AS SELECT DISTINCT x.doc_id FROM all_deletions x JOIN parts p USING (lake_part) "  # noqa: S608
        f"WHERE p.last_day <= {literal}"
    )
    connection.execute(_mentions(literal))


def _known(day: str) -> str:
    """Return the statement that makes ``known``: for each document of that day, whence its text and the rest come."""
    order = "{'v': v, 'r': r, 's': s, 'q': q, 'row': lake_row}"
    row = "{'part': lake_part, 'row': lake_row}"
    return (
        f"CREATE TABLE known AS WITH versions AS ({ordered_versions()}), "  # noqa: S608 - our names and a date
        f"days AS (SELECT d.lake_part, d.lake_row, d.kind, "
        "coalesce(t.last_update_posted_on, d.revised_on) AS made_on FROM all_documents d "
        "LEFT JOIN all_trials t ON t.lake_part = d.lake_part AND t.lake_row = d.lake_row), "
        "withdrawn AS (SELECT x.doc_id, max(p.sequence) AS up_to FROM all_deletions x JOIN parts p USING (lake_part) "
        f"WHERE p.last_day <= {day} GROUP BY x.doc_id), "
        "alive AS (SELECT n.*, y.kind, y.made_on FROM versions n "
        "JOIN days y USING (lake_part, lake_row) LEFT JOIN withdrawn w ON w.doc_id = n.doc_id "
        "WHERE w.up_to IS NULL OR n.s > w.up_to), "
        f"found AS (SELECT doc_id, arg_min(kind, {order}) AS kind, min(entered_on) AS entered_on, "
        f"arg_min({row}, {order}) AS a, "
        f"arg_max({row}, {order}) FILTER (WHERE made_on <= {day}) AS b FROM alive GROUP BY doc_id) "
        "SELECT f.doc_id, kind, entered_on, a.part AS text_part, a.row AS text_row, b.part AS dated_part, "
        "b.row AS dated_row, coalesce(a.row = x.last_row, true) AS text_is_tagged, "
        "coalesce(b.row = y.last_row, true) AS dated_is_tagged FROM found f "
        "LEFT JOIN twice x ON x.doc_id = f.doc_id AND x.lake_part = f.a.part "
        "LEFT JOIN twice y ON y.doc_id = f.doc_id AND y.lake_part = f.b.part "
        f"WHERE entered_on <= {day}"
    )


def _column(name: str) -> str:
    if name == "entered_on":
        return "k.entered_on AS entered_on"
    if name == "links":
        return f"list_filter(d.links, lambda l: l.kind IS NULL OR l.kind NOT IN {_UNDATED_LINKS}) AS links"
    if name in _ALWAYS:
        return f"t.{name} AS {name}"
    if name in _PRINTED:
        return f"CASE WHEN k.kind = 'trial' THEN d.{name} ELSE t.{name} END AS {name}"
    return f"d.{name} AS {name}"


def _trial_column(name: str, day: str) -> str:
    if name == "status":
        last = "nullif(regexp_extract(d.record, '\"lastKnownStatus\"\\s*:\\s*\"([A-Z_]+)\"', 1), '')"
        return (
            f"CASE WHEN d.status = 'UNKNOWN' AND d.last_update_posted_on > {day} - INTERVAL 2 YEAR "
            f"THEN coalesce({last}, d.status) ELSE d.status END AS status"
        )
    return f"{'t' if name in _POSTED else 'd'}.{name} AS {name}"


def _mentions(day: str) -> str:
    """Return the view of mentions by names of then: in the text by its version, elsewhere by the one of that day."""
    return (
        "CREATE VIEW mentions AS SELECT m.* EXCLUDE (lake_part) FROM all_mentions m "  # noqa: S608 - our names
        "JOIN known k ON k.doc_id = m.doc_id "
        f"WHERE coalesce(m.known_since <= {day}, true) AND CASE WHEN m.part IN {_TEXT_PARTS} AND k.kind <> 'trial' "
        "THEN m.lake_part = k.text_part AND k.text_is_tagged "
        "ELSE coalesce(m.lake_part = k.dated_part, false) AND k.dated_is_tagged END"
    )
