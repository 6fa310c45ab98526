"""Mentions gathered from the parts of documents, one row an entity and part."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from tmescope.horizon.forms import ALWAYS, day_number
from tmescope.store.lake_schemas import mention_schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.horizon.dictionary import Dictionary

__all__ = ["Mentions"]

_NOWHERE = -1


class _Rows(NamedTuple):
    """Some mentions: numbers of documents, entities and parts, places, days and how it is written."""

    documents: NDArray[np.int64]
    entities: NDArray[np.int64]
    parts: NDArray[np.int64]
    places: NDArray[np.int64]
    since: NDArray[np.int32]
    texts: pa.Array


class _One(NamedTuple):
    document: int
    entity: int
    part: int
    first: int
    last: int
    since: int
    text: str


class Mentions:
    """Collects mentions of the entities of a dictionary, and of others.

    Parameters
    ----------
    dictionary : Dictionary
        Whose entities are given as numbers.

    Notes
    -----
    Of several in one part of a document the one is kept whose name is known longest, of those the first; and how many
    there are.
    """

    def __init__(self, dictionary: Dictionary) -> None:
        self._dictionary = dictionary
        self._documents: dict[str, int] = {}
        self._parts: dict[str, int] = {}
        self._others: dict[str, tuple[int, str]] = {}
        self._rows: list[_Rows] = []
        self._waiting: list[_One] = []

    def add(
        self,
        ids: pa.Array,
        documents: NDArray[np.int32] | NDArray[np.int64],
        *,
        forms: NDArray[np.int32],
        part: tuple[str, str],
        is_second: NDArray[np.bool_] | None = None,
        places: NDArray[np.int64] | None,
        texts: pa.Array,
    ) -> None:
        """Add mentions of a dictionary's entities.

        Parameters
        ----------
        ids : pyarrow.Array
            Identifiers of the documents.
        documents : array, n_found
            Which document.
        forms : array of int32, n_found x 2
            Which form of the dictionary, and the day from which it is known that it means its entity there, as
            `tmescope.horizon.forms.day_number`.
        part : tuple of str
            A part, and the one in which those of `is_second` are.
        is_second : array of bool, optional
            None is if omitted.
        places : array of int64, n_found x 2, optional
            Characters from and to; None where the part is no running text.
        texts : pyarrow.Array
            As it is written.
        """
        self._settle()
        n = len(documents)
        own, first, which = np.unique(documents, return_index=True, return_inverse=True)
        names = ids.take(pa.array(own)).to_pylist()
        numbers = np.zeros(len(own), dtype=np.int64)
        for place in np.argsort(first, kind="stable").tolist():
            numbers[place] = self._document(names[place])
        parts = np.full(n, self._part(part[0]), dtype=np.int64)
        if is_second is not None:
            parts[is_second] = self._part(part[1])
        where = np.full((n, 2), _NOWHERE, dtype=np.int64) if places is None else places
        entities, since = self._dictionary.entity_of[forms[:, 0]], forms[:, 1]
        self._rows.append(_Rows(numbers[which], entities, parts, where, since, texts))

    def add_one(
        self,
        doc_id: str,
        entity_id: str,
        part: str,
        *,
        text: str,
        entity_type: str = "drug",
        place: tuple[int, int] = (_NOWHERE, _NOWHERE),
        known_since: dt.date | None = None,
    ) -> None:
        """Add one mention of an entity that the dictionary need not hold.

        Parameters
        ----------
        doc_id, entity_id, part, text : str
            Where, what, and as it is written.
        entity_type : str
            See `tmescope.store.lake_schemas.mention_schema`.
        place : tuple of int
            Characters from and to; -1 where the part is no running text.
        known_since : date, optional
            Day from which the entity is known to be called so; None: always.
        """
        entity = self._entity(entity_id, entity_type)
        where = (self._document(doc_id), entity, self._part(part))
        self._waiting.append(_One(*where, *place, day_number(known_since), text))

    def _document(self, doc_id: str) -> int:
        return self._documents.setdefault(doc_id, len(self._documents))

    def _part(self, part: str) -> int:
        return self._parts.setdefault(part, len(self._parts))

    def _entity(self, entity_id: str, entity_type: str) -> int:
        held = self._dictionary.entities
        at = bisect_left(held, entity_id)
        if at < len(held) and held[at] == entity_id:
            return at
        return self._others.setdefault(entity_id, (len(held) + len(self._others), entity_type))[0]

    def _settle(self) -> None:
        """Put what was added one by one behind the rows."""
        if not self._waiting:
            return
        numbers = np.array([one[:6] for one in self._waiting], dtype=np.int64)
        texts = pa.array([one.text for one in self._waiting], pa.string())
        documents, entities, parts = numbers[:, 0], numbers[:, 1], numbers[:, 2]
        self._rows.append(_Rows(documents, entities, parts, numbers[:, 3:5], numbers[:, 5].astype(np.int32), texts))
        self._waiting = []

    def table(self) -> pa.Table:
        """Return the mentions.

        Returns
        -------
        pyarrow.Table
            By `tmescope.store.lake_schemas.mention_schema`; documents in the order in which they were added.
        """
        self._settle()
        if not self._rows:
            return mention_schema().empty_table()
        documents, entities, parts, places, since = (
            np.concatenate([rows[column] for rows in self._rows]) for column in range(5)
        )
        held = self._dictionary
        n_entities = len(held.entities) + len(self._others)
        keys = (documents * n_entities + entities) * len(self._parts) + parts
        order = np.lexsort((since, keys))
        starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
        if len(starts) == 0:
            return mention_schema().empty_table()
        earliest = np.minimum.reduceat(order, starts)
        often = np.diff(starts, append=len(order))
        shown = np.lexsort((earliest, documents[order[starts]]))
        chosen = order[starts][shown]
        names = pa.array(list(self._documents), pa.string())
        others = [(name, kind) for name, (_, kind) in self._others.items()]
        ids, kinds = np.unique(entities[chosen], return_inverse=True)
        called = [self._named(int(one), others) for one in ids]
        where = places[chosen]
        nowhere, always = where[:, 0] == _NOWHERE, since[chosen] == ALWAYS
        columns = (
            names.take(pa.array(documents[chosen])),
            pa.array([name for name, _ in called], pa.string()).take(pa.array(kinds)),
            pa.array([kind for _, kind in called], pa.string()).take(pa.array(kinds)),
            pa.array(list(self._parts), pa.string()).take(pa.array(parts[chosen])),
            pa.array(where[:, 0].astype(np.int32), mask=nowhere),
            pa.array(where[:, 1].astype(np.int32), mask=nowhere),
            pa.concat_arrays([rows.texts for rows in self._rows]).take(pa.array(chosen)),
            pa.array(often[shown].astype(np.int32)),
            pa.array(since[chosen], mask=always).cast(pa.date32()),
        )
        return pa.Table.from_arrays(list(columns), schema=mention_schema())

    def _named(self, entity: int, others: list[tuple[str, str]]) -> tuple[str, str]:
        held = self._dictionary
        n = len(held.entities)
        return (held.entities[entity], held.types[entity]) if entity < n else others[entity - n]
