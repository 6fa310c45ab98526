"""Which documents of a lake belong to a focus area."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tmescope.facts.focus import FocusArea

if TYPE_CHECKING:
    import duckdb

    from tmescope.horizon.mention_index import MentionIndex

__all__ = ["find_focus_documents", "focus_entities", "select_area"]

_TERMS = "list_transform(list_concat(condition_mesh, condition_ancestors), lambda t: t.id)"
_QUERY = f"""
SELECT doc_id FROM trials WHERE list_has_any({_TERMS}, $headings)
UNION SELECT doc_id FROM mentions WHERE entity_id IN (SELECT unnest($entities))
UNION SELECT doc_id FROM documents WHERE list_has_any(list_transform(mesh, lambda m: m.ui), $headings)
OR ($pattern <> '' AND regexp_matches(lower(concat_ws(' | ', title, abstract)), $pattern))
"""  # noqa: S608 - our own words
_CHOOSE = f"CREATE OR REPLACE TEMP TABLE trend_focus AS SELECT d FROM trend_documents WHERE doc_id IN ({_QUERY})"  # noqa: S608


def focus_entities(area: FocusArea, *, below: Iterable[str] = ()) -> list[str]:
    """Return the identifiers whose mention puts a document into an area, each once.

    Parameters
    ----------
    area : FocusArea
        The area.
    below : iterable of str
        Diseases below its roots, where the ontology is installed.
    """
    return list(dict.fromkeys([term.id for term in (*area.roots, *area.entities)] + sorted(below)))


def find_focus_documents(
    connection: duckdb.DuckDBPyConnection, area: FocusArea, *, below: Iterable[str] = ()
) -> list[str]:
    """Return the documents of an area, sorted.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the views documents, trials and mentions; those of a day in the past give the area of that day.
    area : FocusArea
        The area.
    below : iterable of str
        As in `focus_entities`.

    Returns
    -------
    list of str
        Those that mention one of its entities, have one of its headings (for trials also above their conditions), or
        one of its words in title or abstract. What is watched does not count.
    """
    rows = connection.execute(f"{_QUERY} ORDER BY doc_id", _given(area, below)).fetchall()
    return [row[0] for row in rows]


def select_area(index: MentionIndex, area: FocusArea, *, below: Iterable[str] = ()) -> int:
    """Choose the documents of an area: all that is counted ``in_focus`` from now on is counted among them.

    Parameters
    ----------
    index : MentionIndex
        Of a lake.
    area : FocusArea
        The area.
    below : iterable of str
        As in `focus_entities`.

    Returns
    -------
    int
        How many of its documents are counted at all: those with a day of entry that are not retracted.
    """
    index.connection.execute(_CHOOSE, _given(area, below))
    found = index.connection.execute("SELECT count(*) FROM trend_focus").fetchone()
    return int(found[0]) if found else 0


def _given(area: FocusArea, below: Iterable[str]) -> dict[str, object]:
    return {
        "entities": focus_entities(area, below=below),
        "headings": [term.id.removeprefix("MESH:") for term in area.headings],
        "pattern": area.word_pattern(),
    }
