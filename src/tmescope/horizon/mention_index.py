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

__all__ = ["KINDS", "Coverage", "MentionIndex", "index_mentions"]

KINDS = ("paper", "review", "preprint", "trial")
"""What documents are counted apart; a review is a paper that its source calls one. Books and patents are not."""

_LONGEST_DELAY = 92
_USUAL = 0.9

_DOCUMENTS = """
CREATE OR REPLACE TEMP TABLE trend_documents AS
SELECT (row_number() OVER ())::INTEGER AS d, doc_id, entered_on AS day,
       (4 * year(entered_on) + quarter(entered_on) - 1)::SMALLINT AS q,
       (CASE WHEN kind = 'trial' THEN 3 WHEN kind = 'preprint' THEN 2 WHEN coalesce(is_review, false) THEN 1 ELSE 0 END
       )::TINYINT AS c,
       group_key
FROM documents
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
        Holds ``trend_documents`` (d, doc_id, day, q, c, group_key), ``trend_entities`` (e, entity_id, entity_type) and
        ``trend_mentions`` (d, e, q, c, day, each once) besides its views.
    coverage : mapping of str to Coverage
        By kind of document; kinds without documents are absent.
    n_undated, n_retracted : int
        Documents that are not counted: without a day of entry, and retracted ones.
    """

    connection: duckdb.DuckDBPyConnection
    coverage: Mapping[str, Coverage]
    n_undated: int
    n_retracted: int

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
        for name in ("trend_mentions", "trend_entities", "trend_documents", "trend_focus"):
            self.connection.execute(f"DROP TABLE IF EXISTS temp.{name}")


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
    connection.execute(_DOCUMENTS)
    connection.execute(_ENTITIES)
    connection.execute(_MENTIONS)
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
