"""What entities are called, and what a name means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from tmescope.facts.genes import load_genes
from tmescope.facts.horizon_terms import VOCABULARIES, load_drugs, load_vocabulary
from tmescope.foundation.errors import InputError, UnknownNameError, examples
from tmescope.horizon.drugs import drug_id

if TYPE_CHECKING:
    import duckdb

    from tmescope.horizon.mention_index import MentionIndex

__all__ = ["name_entities", "name_indexed", "resolve_entity"]


@cache
def _bundled_names() -> Mapping[str, str]:
    """Return what bundled entities are called, by identifier."""
    named = {one.entity_id: one.name for name in VOCABULARIES for one in load_vocabulary(name)}
    drugs = {drug_id(drug.name): drug.name for drug in load_drugs()}
    return {**named, **drugs, **{gene.hgnc_id: gene.gene_symbol for gene in load_genes()}}


@cache
def _bundled_ids() -> Mapping[str, frozenset[str]]:
    """Return what names in lower case mean: terms of vocabularies, drugs and their other names."""
    found: dict[str, set[str]] = {}
    for name in VOCABULARIES:
        for one in load_vocabulary(name):
            for term in (one.name, *one.terms):
                found.setdefault(term.casefold(), set()).add(one.entity_id)
    for drug in load_drugs():
        for term in (drug.name, *(alias.name for alias in drug.aliases)):
            found.setdefault(term.casefold(), set()).add(drug_id(drug.name))
    return {name: frozenset(ids) for name, ids in found.items()}


def name_entities(connection: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> dict[str, str]:
    """Return what entities are called: by the bundled vocabularies, else as documents most often write them.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the view mentions.
    ids : sequence of str
        Identifiers; one that nothing names stays as it is.
    """
    known = _bundled_names()
    rows = connection.execute(
        "SELECT entity_id, text, sum(coalesce(n, 1)) AS often FROM mentions WHERE entity_id IN (SELECT unnest(?)) "
        "AND text IS NOT NULL GROUP BY entity_id, text ORDER BY often DESC, text",
        [[one for one in ids if one not in known]],
    ).fetchall()
    names: dict[str, str] = {}
    for entity_id, text, _ in rows:
        names.setdefault(entity_id, text)
    return {one: known.get(one) or names.get(one, one) for one in ids}


def name_indexed(index: MentionIndex, ids: Sequence[str]) -> dict[str, str]:
    """Return the same names of entities, from an index that knows how documents write them.

    Parameters
    ----------
    index : MentionIndex
        Of a lake.
    ids : sequence of str
        Identifiers; one that nothing names stays as it is.
    """
    known = _bundled_names()
    names = dict(index.connection.execute("SELECT entity_id, text FROM trend_names").fetchall())
    return {one: known.get(one) or names.get(one, one) for one in ids}


def resolve_entity(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """Return the identifier that a name means, or refuse to guess.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the view mentions.
    name : str
        An identifier (``HGNC:26838``); the symbol of a bundled gene, or another name that is of this gene alone; a name
        of the bundled vocabularies; or what documents of the lake call it. The first of these that knows it counts.

    Raises
    ------
    UnknownNameError
        Nothing is called so.
    InputError
        Several entities are.
    """
    if ":" in name:
        return name
    (gene,) = load_genes().resolve([name])
    if gene.hgnc_id is not None:
        return gene.hgnc_id
    bundled = sorted(_bundled_ids().get(name.casefold(), ()))
    if len(bundled) == 1:
        return bundled[0]
    rows = connection.execute(
        "SELECT entity_id, count(DISTINCT doc_id) AS n FROM mentions WHERE lower(text) = lower(?) "
        "OR lower(split_part(entity_id, ':', 2)) = lower(?) GROUP BY entity_id ORDER BY n DESC, entity_id",
        [name, name],
    ).fetchall()
    if not rows and not bundled:
        raise UnknownNameError(
            f"nothing in the lake is called {name!r}",
            where="entity",
            expected="a symbol, a name as documents write it, or an identifier such as HGNC:26838",
            next_step="tmescope horizon search shows documents; an identifier is taken as it is",
        )
    found = [f"{one} ({n} documents)" for one, n in rows] or bundled
    if len(found) > 1:
        raise InputError(
            f"{name!r} means {len(found)} entities: {examples(found)}",
            where="entity",
            next_step=f"give the identifier, such as {found[0].split()[0]}",
        )
    return str(rows[0][0])
