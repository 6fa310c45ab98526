"""Which documents of a lake belong to a focus area."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope.facts.focus import FocusArea
    from tmescope.horizon.mention_index import MentionIndex

__all__ = ["select_area"]


def select_area(index: MentionIndex, area: FocusArea) -> int:
    """Choose the documents of a focus area: all that is counted ``in_focus`` from now on is counted among them.

    Parameters
    ----------
    index : MentionIndex
    area : FocusArea
        Of `tmescope.facts.focus.load_focus`.

    Returns
    -------
    int
        How many documents that are.

    Notes
    -----
    A document belongs to an area if it names one of its entities or diseases, carries one of its MeSH headings, or has
    one of its own words in its title or abstract. Cost: the words are looked for in every text of the lake.
    """
    entities = index.codes_of(term.id for term in (*area.entities, *area.roots))
    headings = [term.id.removeprefix("MESH:") for term in area.headings]
    there = {str(row[0]) for row in index.connection.execute("DESCRIBE documents").fetchall()}
    asked, given = ["SELECT DISTINCT d FROM trend_mentions WHERE e IN (SELECT unnest(?::INTEGER[]))"], [entities]
    if "mesh" in there and headings:
        asked.append(
            "SELECT d FROM trend_documents JOIN documents v USING (doc_id) "
            "WHERE list_has_any(list_transform(v.mesh, lambda x: x.ui), ?::VARCHAR[])"
        )
        given.append(headings)  # type: ignore[arg-type]
    pattern = area.word_pattern()
    texts = [column for column in ("title", "abstract") if column in there]
    if pattern and texts:
        text = " || chr(10) || ".join(f"coalesce(v.{column}, '')" for column in texts)
        asked.append(
            "SELECT d FROM trend_documents JOIN documents v USING (doc_id) "  # noqa: S608 - our own names
            f"WHERE regexp_matches(lower({text}), ?::VARCHAR)"
        )
        given.append(pattern)  # type: ignore[arg-type]
    index.connection.execute(f"CREATE OR REPLACE TEMP TABLE trend_focus AS {' UNION '.join(asked)}", given)
    found = index.connection.execute("SELECT count(*) FROM trend_focus").fetchone()
    return int(found[0]) if found else 0
