"""What a watch sees in a lake at one time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

from tmescope.facts.focus import match_words
from tmescope.horizon.trial_words import name_phase
from tmescope.horizon.watches import Watch

if TYPE_CHECKING:
    import duckdb

__all__ = ["RETRACTED", "Sighting", "TrialState", "sight"]

RETRACTED = (
    "(coalesce(is_retracted, false) OR coalesce(list_contains(list_transform(links, lambda l: l.kind), "
    "'RetractionIn'), false))"
)
"""Whether a document is retracted, in SQL."""


@dataclass(frozen=True)
class TrialState:
    """One version of a trial.

    Parameters
    ----------
    version : str
        The day of its last update; empty where it has none.
    status, phase : str
        As the registry says; the phase as one category.
    results : str
        The day on which results were posted; empty without.
    """

    version: str
    status: str
    phase: str
    results: str

    @classmethod
    def of(cls, row: Sequence[Any]) -> TrialState:
        """Return the state of a row of last update, status, phases, results."""
        version, status, phases, results = row
        return cls(_text(version), status or "", name_phase(phases), _text(results))


@dataclass(frozen=True)
class Sighting:
    """Everything that a watch compares between two runs.

    Parameters
    ----------
    trials : mapping of str to TrialState
        Current version of each trial that it looks at.
    papers : mapping of str to bool
        Each paper and preprint, and whether it is retracted.
    firsts : mapping of str to str
        Of each entity that has one, the first paper.
    pairs : mapping of str to str
        Of each two entities that came together, the first document.
    cited : frozenset of str
        ``CITING RETRACTED`` of each document that it looks at and that cites what was retracted.
    """

    trials: Mapping[str, TrialState] = field(default_factory=dict)
    papers: Mapping[str, bool] = field(default_factory=dict)
    firsts: Mapping[str, str] = field(default_factory=dict)
    pairs: Mapping[str, str] = field(default_factory=dict)
    cited: frozenset[str] = frozenset()


def sight(connection: duckdb.DuckDBPyConnection, watch: Watch) -> Sighting:
    """Return what a watch sees now.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the current views documents, trials and mentions.
    watch : Watch
        What it looks for.
    """
    doc_ids = sorted(_documents(connection, watch))
    trials = connection.execute(
        "SELECT doc_id, last_update_posted_on, status, phases, results_posted_on FROM trials "
        "WHERE doc_id IN (SELECT unnest(?)) ORDER BY doc_id",
        [doc_ids],
    ).fetchall()
    papers = connection.execute(
        f"SELECT doc_id, {RETRACTED} FROM documents WHERE kind IN ('paper', 'preprint') "  # noqa: S608
        "AND doc_id IN (SELECT unnest(?)) ORDER BY doc_id",
        [doc_ids],
    ).fetchall()
    cited = connection.execute(
        f"WITH retracted AS (SELECT doc_id AS cited FROM documents WHERE {RETRACTED}) "  # noqa: S608
        "SELECT doc_id || ' ' || cited FROM (SELECT doc_id, unnest(cites) AS cited FROM documents "
        "WHERE doc_id IN (SELECT unnest(?))) JOIN retracted USING (cited) WHERE cited <> doc_id",
        [doc_ids],
    ).fetchall()
    return Sighting(
        trials={row[0]: TrialState.of(row[1:]) for row in trials},
        papers=dict(papers),
        firsts=_firsts(connection, watch, [doc_id for doc_id, _ in papers]),
        pairs=_pairs(connection, watch),
        cited=frozenset(row[0] for row in cited),
    )


def _documents(connection: duckdb.DuckDBPyConnection, watch: Watch) -> set[str]:
    found: set[str] = set()
    if watch.entities:
        least = len(watch.entities) if watch.together else 1
        found |= _ids(
            connection,
            "SELECT doc_id FROM mentions WHERE entity_id IN (SELECT unnest(?)) "
            "GROUP BY doc_id HAVING count(DISTINCT entity_id) >= ?",
            [list(watch.entities), least],
        )
    if watch.words:
        each = " AND ".join("regexp_matches(text, ?)" for _ in watch.words)
        text = "lower(concat_ws(' | ', title, abstract))"
        found |= _ids(
            connection,
            f"SELECT doc_id FROM (SELECT doc_id, {text} AS text FROM documents) WHERE {each}",  # noqa: S608
            [match_words([word]) for word in watch.words],
        )
    return found


def _ids(connection: duckdb.DuckDBPyConnection, query: str, given: list[Any]) -> set[str]:
    return {row[0] for row in connection.execute(query, given).fetchall()}


def _firsts(connection: duckdb.DuckDBPyConnection, watch: Watch, papers: Iterable[str]) -> dict[str, str]:
    rows = connection.execute(
        "SELECT DISTINCT entity_id, doc_id, entered_on FROM mentions JOIN documents USING (doc_id) "
        "WHERE entity_id IN (SELECT unnest(?)) AND doc_id IN (SELECT unnest(?)) "
        "ORDER BY entity_id, entered_on NULLS LAST, doc_id",
        [list(watch.entities), list(papers)],
    ).fetchall()
    return {entity: doc_id for entity, doc_id, _ in reversed(rows)}


def _pairs(connection: duckdb.DuckDBPyConnection, watch: Watch) -> dict[str, str]:
    """Return the first document that names both, of each two watched entities."""
    rows = connection.execute(
        "SELECT doc_id, list_sort(list(DISTINCT entity_id)) FROM mentions JOIN documents USING (doc_id) "
        "WHERE entity_id IN (SELECT unnest(?)) GROUP BY doc_id, entered_on HAVING count(DISTINCT entity_id) > 1 "
        "ORDER BY entered_on NULLS LAST, doc_id",
        [list(watch.entities)],
    ).fetchall()
    found: dict[str, str] = {}
    for doc_id, entities in rows:
        for one, other in combinations(entities, 2):
            found.setdefault(f"{one} + {other}", doc_id)
    return dict(sorted(found.items()))


def _text(value: object) -> str:
    return "" if value is None else str(value)
