"""Which drugs act on a target, and who says so: the bundled list, or a document of the lake."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmescope.facts.horizon_terms import Drug, load_drugs
from tmescope.horizon.drugs import drug_id
from tmescope.horizon.entity_names import name_entities
from tmescope.horizon.target_statements import KIND_WORDS, find_statement

if TYPE_CHECKING:
    from datetime import date

    import duckdb

__all__ = ["Action", "count_targeted", "find_actions", "tell_actions"]

_MOST_TOLD = 5
_MOST_READ = 20_000
"""Characters of a title or an abstract that are read: the longest abstracts of PubMed have fewer."""
_BATCH = 256
"""Texts that are held at once."""


@dataclass(frozen=True)
class Action:
    """One drug that acts on a target.

    Parameters
    ----------
    drug, target : str
        Identifiers.
    source : str
        Who says so: ``Open Targets CHEMBL553``, ``NCT05816499``, or the identifier of a document of the lake.
    words : str
        Of the document of the lake that says so; empty where the bundled list does.
    """

    drug: str
    target: str
    source: str
    words: str = ""


def find_actions(
    connection: duckdb.DuckDBPyConnection, targets: Sequence[str], *, as_of: date | None = None
) -> tuple[Action, ...]:
    """Return the drugs that act on targets, each once a target.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the views documents and mentions; those of a day in the past hold what was known then.
    targets : sequence of str
        Identifiers such as ``HGNC:3236``; others than genes have none.
    as_of : datetime.date, optional
        The day of the views: what the bundled list has from younger records is not used.

    Notes
    -----
    The bundled list comes first. A drug that is given in a trial of the lake and is not on it counts where a title or
    an abstract of the lake says so in plain words (`tmescope.horizon.target_statements.find_statement`); of several
    documents the first by identifier is named. Of each text the first 20,000 characters are read. What no document
    says is not known: see `count_targeted`.
    """
    genes = [one for one in dict.fromkeys(targets) if one.startswith("HGNC:")]
    found = [action for action in _bundled(as_of) if action.target in genes]
    held = {(action.drug, action.target) for action in found}
    given = _given(connection) if genes else set()
    for gene in genes:
        found += _stated(connection, gene, given - {drug for drug, target in held if target == gene})
    return tuple(sorted(found, key=lambda one: (genes.index(one.target), one.drug)))


def count_targeted(
    connection: duckdb.DuckDBPyConnection, actions: Sequence[Action] = (), *, as_of: date | None = None
) -> tuple[int, int]:
    """Return for how many of the drugs that trials of the lake give a target is known, and how many there are.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the view mentions.
    actions : sequence of Action
        Known besides those of the bundled list.
    as_of : datetime.date, optional
        See `find_actions`.
    """
    given = _given(connection)
    known = {action.drug for action in (*_bundled(as_of), *actions)}
    return len(given & known), len(given)


def tell_actions(
    connection: duckdb.DuckDBPyConnection,
    actions: Sequence[Action],
    *,
    trials: Sequence[str],
    as_of: date | None = None,
) -> list[str]:
    """Return what a reader must know of the drugs that stand for targets in a landscape.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the view mentions.
    actions : sequence of Action
        Those of the targets of the landscape.
    trials : sequence of str
        Identifiers of its trials.
    as_of : datetime.date, optional
        See `find_actions`.
    """
    rows = connection.execute(
        "SELECT entity_id, count(DISTINCT doc_id) FROM mentions WHERE entity_id IN (SELECT unnest(?::VARCHAR[])) "
        "AND doc_id IN (SELECT unnest(?::VARCHAR[])) GROUP BY entity_id",
        [[action.drug for action in actions], list(trials)],
    ).fetchall()
    counts = {drug: int(n) for drug, n in rows}
    seen = sorted((one for one in actions if one.drug in counts), key=lambda one: (-counts[one.drug], one.drug))
    names = name_entities(connection, [*counts, *(one.target for one in seen)])
    lines = [_told(action, counts[action.drug], names) for action in seen]
    left = len(lines) - _MOST_TOLD
    if left > 0:
        lines = [*lines[:_MOST_TOLD], f"and {left} more drugs stand for a target of this landscape"]
    known, given = count_targeted(connection, actions, as_of=as_of)
    return [
        *lines,
        f"a target is known for {known} of the {given} drugs that trials of this lake give; a trial of another drug is "
        "found only where its record names the target",
    ]


def _told(action: Action, n_trials: int, names: Mapping[str, str]) -> str:
    trials = "1 trial counts because it gives" if n_trials == 1 else f"{n_trials} trials count because they give"
    who = f'as {action.source} says: "{action.words}"' if action.words else f"as {action.source} says"
    return f"{trials} {names[action.drug]}, which acts on {names[action.target]} ({who})"


def _bundled(as_of: date | None) -> list[Action]:
    found: dict[tuple[str, str], Action] = {}
    for drug in load_drugs():
        for target, source in _sourced(drug, as_of):
            found.setdefault((drug.name, target), Action(drug_id(drug.name), target, source))
    return list(found.values())


def _sourced(drug: Drug, as_of: date | None) -> list[tuple[str, str]]:
    listed = next((source for source in drug.sources if source.startswith("Open Targets")), drug.sources[0])
    stated = [
        (one.target, one.source)
        for one in drug.acts_on
        if as_of is None or one.since is None or one.since <= as_of
    ]  # fmt: skip
    return [*((target, listed) for target in drug.targets), *stated]


def _given(connection: duckdb.DuckDBPyConnection) -> set[str]:
    rows = connection.execute(
        "SELECT DISTINCT entity_id FROM mentions WHERE part = 'intervention' AND entity_type = 'drug'"
    ).fetchall()
    return {row[0] for row in rows}


def _stated(connection: duckdb.DuckDBPyConnection, gene: str, drugs: set[str]) -> list[Action]:
    """Return what titles and abstracts say of drugs, each drug once."""
    together = connection.execute(
        "WITH texts AS (SELECT doc_id, entity_id FROM mentions WHERE part IN ('title', 'abstract')) "
        "SELECT DISTINCT m.entity_id, m.doc_id FROM texts g JOIN texts m USING (doc_id) "
        "WHERE g.entity_id = ? AND m.entity_id IN (SELECT unnest(?::VARCHAR[]))",
        [gene, sorted(drugs)],
    ).fetchall()
    if not together:
        return []
    names = _names(connection, [gene, *{drug for drug, _ in together}])
    found: dict[str, Action] = {}
    for drug, doc_id, *texts in _texts(connection, together):
        if drug not in found:
            said = (find_statement(text, names[drug], names[gene]) for text in texts if text)
            if words := next(filter(None, said), None):
                found[drug] = Action(drug, gene, doc_id, words)
    return list(found.values())


def _texts(
    connection: duckdb.DuckDBPyConnection, together: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, str, str | None, str | None]]:
    """Yield drug, document, title and abstract, in order, where one of these has a word that a statement needs."""
    rows = connection.execute(
        "WITH pairs AS (SELECT unnest($1::VARCHAR[]) AS entity_id, unnest($2::VARCHAR[]) AS doc_id), "
        "texts AS (SELECT doc_id, left(title, $3) AS title, left(abstract, $3) AS abstract FROM documents "
        "WHERE doc_id IN (SELECT doc_id FROM pairs)) "
        "SELECT entity_id, doc_id, title, abstract FROM pairs JOIN texts USING (doc_id) "
        "WHERE regexp_matches(title, $4, 'i') OR regexp_matches(abstract, $4, 'i') ORDER BY entity_id, doc_id",
        [[drug for drug, _ in together], [doc_id for _, doc_id in together], _MOST_READ, KIND_WORDS],
    )
    while batch := rows.fetchmany(_BATCH):
        yield from batch


def _names(connection: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> Mapping[str, list[str]]:
    """Return how titles and abstracts write entities, what is written most first."""
    rows = connection.execute(
        "SELECT entity_id, text, count(*) AS often FROM mentions WHERE entity_id IN (SELECT unnest(?::VARCHAR[])) "
        "AND text IS NOT NULL AND part IN ('title', 'abstract') GROUP BY entity_id, text "
        "ORDER BY entity_id, often DESC, text",
        [list(ids)],
    ).fetchall()
    found: dict[str, list[str]] = defaultdict(list)
    for entity_id, text, _ in rows:
        found[entity_id].append(text)
    return found
