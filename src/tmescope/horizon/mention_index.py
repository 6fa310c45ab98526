"""Mentions of a lake as whole numbers, made once so that every question of counting is answered in a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from tmescope.foundation.errors import InputError, UnknownNameError
from tmescope.horizon.quarters import end_of, number_of

if TYPE_CHECKING:
    import duckdb

__all__ = ["COUNTED", "KINDS", "Coverage", "MentionIndex", "forget_index", "index_mentions"]

KINDS = ("paper", "review", "preprint", "trial")
"""What documents are counted apart; a review is a paper that its source calls one. Books and others are not."""
COUNTED = ("paper", "preprint", "trial")
"""What a lake calls the documents that trends count; books and others are kept, found and shown, and not counted."""

_LONGEST_DELAY = 92
_USUAL = 0.9

_DOCUMENTS = """
CREATE OR REPLACE TEMP TABLE trend_documents AS
SELECT (row_number() OVER (ORDER BY doc_id))::INTEGER AS d, doc_id, entered_on AS day,
       (4 * year(entered_on) + quarter(entered_on) - 1)::SMALLINT AS q,
       (CASE WHEN kind = 'trial' THEN 3 WHEN kind = 'preprint' THEN 2 WHEN coalesce(is_review, false) THEN 1 ELSE 0 END
       )::TINYINT AS c,
       g
FROM documents LEFT JOIN (SELECT group_key, (row_number() OVER (ORDER BY group_key))::INTEGER AS g
                          FROM (SELECT DISTINCT group_key FROM documents WHERE group_key IS NOT NULL)) USING (group_key)
WHERE kind IN ('paper', 'preprint', 'trial') AND entered_on IS NOT NULL AND NOT coalesce(is_retracted, false)
"""
_ENTITIES = """
CREATE OR REPLACE TEMP TABLE trend_entities AS
SELECT (row_number() OVER (ORDER BY entity_id) - 1)::INTEGER AS e, entity_id, entity_type
FROM (SELECT entity_id, min(entity_type) AS entity_type FROM mentions GROUP BY entity_id)
"""
_MENTIONS = """
CREATE OR REPLACE TEMP TABLE trend_mentions AS
SELECT DISTINCT d, e, q, c, day FROM mentions JOIN trend_documents USING (doc_id) JOIN trend_entities USING (entity_id)
"""
_CELLS = """
CREATE OR REPLACE TEMP VIEW trend_cells AS
SELECT e, q, c, count(*)::INTEGER AS n, min(day) AS first_on FROM trend_mentions GROUP BY e, q, c
"""
_NAMES = """
CREATE OR REPLACE TEMP VIEW trend_names AS
SELECT entity_id, text FROM (SELECT entity_id, text, sum(coalesce(n, 1)) AS often FROM mentions WHERE text IS NOT NULL
                             GROUP BY entity_id, text)
QUALIFY row_number() OVER (PARTITION BY entity_id ORDER BY often DESC, text) = 1
"""
_COVERAGE = """
SELECT t.c, min(t.day) AS first_on, max(t.day) AS updated_on,
       quantile_disc(greatest(date_diff('day', d.published_on, t.day), 0), ?)
       FILTER (WHERE d.published_precision = 'day') AS delay
FROM trend_documents t JOIN documents d USING (doc_id) GROUP BY t.c
"""


@dataclass(frozen=True)
class Coverage:
    """Which time the documents of a kind cover completely.

    Parameters
    ----------
    first_on, updated_on : datetime.date
        First day on which one was entered, and the day up to which the source was read.
    delay_days : int
        Within how many days of its printed date nine of ten documents are entered, 92 at most.
    """

    first_on: date
    updated_on: date
    delay_days: int

    @property
    def complete_until(self) -> date:
        """Return the last day that counts as complete: the update less the delay."""
        return self.updated_on - timedelta(days=self.delay_days)

    @property
    def last_complete(self) -> int:
        """Return the last quarter that ended by the last complete day."""
        return number_of(self.complete_until + timedelta(days=1)) - 1

    def is_complete(self, quarter: int) -> bool:
        """Say whether a quarter ended by the last complete day."""
        return end_of(quarter) <= self.complete_until


@dataclass(frozen=True)
class MentionIndex:
    """Documents, entities and mentions of a connection in temporary tables.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Holds ``trend_documents`` (d: in the order of doc_id, doc_id, day, q, c, g: its group of authors),
        ``trend_entities`` (e, entity_id, entity_type), ``trend_mentions`` (d, e, q, c, day, each once),
        ``trend_cells`` (e, q, c, n documents, first_on) and ``trend_names`` (entity_id, text: as documents most often
        write it) besides its views.
    coverage : mapping of str to Coverage
        By kind of document; kinds without documents are absent.
    n_undated, n_retracted : int
        Documents that are not counted: without a day of entry, and retracted ones.
    notes : tuple of str
        What is to be told of how it was made, such as files that were damaged and made anew.
    """

    connection: duckdb.DuckDBPyConnection
    coverage: Mapping[str, Coverage]
    n_undated: int
    n_retracted: int
    notes: tuple[str, ...] = ()

    def codes_of(self, entity_ids: Iterable[str]) -> list[int]:
        """Return the numbers of entities; those that nothing mentions are left out."""
        rows = self.connection.execute(
            "SELECT e FROM trend_entities WHERE entity_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY e",
            [sorted(set(entity_ids))],
        ).fetchall()
        return [int(row[0]) for row in rows]

    def code_of(self, entity_id: str) -> int:
        """Return the number of one entity.

        Raises
        ------
        UnknownNameError
            If nothing mentions it.
        """
        found = self.codes_of([entity_id])
        if not found:
            rows = self.connection.execute("SELECT entity_id FROM trend_entities").fetchall()
            raise UnknownNameError.of("entity", entity_id, [str(row[0]) for row in rows])
        return found[0]

    def close(self) -> None:
        """Drop the temporary tables; the connection stays open."""
        forget_index(self.connection)


def forget_index(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the temporary tables and views of an index.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        That may have one.
    """
    rows = connection.execute(
        "SELECT 'TABLE', table_name FROM duckdb_tables() WHERE temporary AND starts_with(table_name, 'trend_') "
        "UNION ALL "
        "SELECT 'VIEW', view_name FROM duckdb_views() WHERE temporary AND starts_with(view_name, 'trend_')"
    ).fetchall()
    for kind, name in sorted(rows, reverse=True):
        connection.execute(f"DROP {kind} temp.{name}")


def index_mentions(
    connection: duckdb.DuckDBPyConnection,
    *,
    updated_on: Mapping[str, date] | None = None,
    delay_days: int | None = None,
) -> MentionIndex:
    """Number the documents, entities and mentions of a lake.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the views ``documents`` and ``mentions`` of a lake.
    updated_on : mapping of str to datetime.date, optional
        Day up to which the source of each kind of document was read, where it is known better than by the last
        document.
    delay_days : int, optional
        Take this delay instead of the one that the documents show.

    Returns
    -------
    MentionIndex

    Raises
    ------
    InputError
        If there is no document with a day of entry.

    Notes
    -----
    A document counts once for an entity however often it names it. The delay of a kind is the 90% quantile of the days
    from the printed date, where it is printed to the day, to the day of entry; printed dates that run ahead count as no
    delay. Cost: one join of all mentions, after which counting touches whole numbers alone.
    """
    forget_index(connection)
    for statement in (_DOCUMENTS, _ENTITIES, _MENTIONS, _CELLS, _NAMES):
        connection.execute(statement)
    undated, retracted = _row(
        connection,
        "SELECT count(*) FILTER (WHERE entered_on IS NULL), count(*) FILTER (WHERE coalesce(is_retracted, false)) "
        "FROM documents WHERE kind IN ('paper', 'preprint', 'trial')",
    )
    coverage = {}
    for code, first, last, delay in connection.execute(_COVERAGE, [_USUAL]).fetchall():
        kind = KINDS[code]
        days = min(int(delay or 0), _LONGEST_DELAY) if delay_days is None else delay_days
        coverage[kind] = Coverage(first, (updated_on or {}).get(kind, last), days)
    if not coverage:
        raise InputError(
            f"there is no document to count ({undated} have no day of entry, {retracted} are retracted)",
            expected="papers, preprints or trials with the day on which they were entered",
            next_step="read some with tmescope horizon ingest",
        )
    return MentionIndex(connection, coverage, int(undated), int(retracted))


def _row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    found = connection.execute(query).fetchone()
    return found if found is not None else ()
