"""Mentions gathered from the parts of documents, one row an entity and part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from tmescope.store.lake_schemas import mention_schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.horizon.dictionary import Dictionary

__all__ = ["Mentions"]

Row = tuple[str, str, str, str, int | None, int | None, str, int]


class Mentions:
    """Collects mentions; of several in one part of a document the first is kept, and how many there are."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, int | str, str, int | None, int | None, str, str]] = []

    def add(
        self,
        ids: pa.Array,
        documents: NDArray[np.int32],
        *,
        entities: NDArray[np.int64],
        part: NDArray[np.str_],
        places: NDArray[np.int64] | None,
        texts: Sequence[str],
    ) -> None:
        """Add mentions of a dictionary's entities.

        Parameters
        ----------
        ids : pyarrow.Array
            Identifiers of the documents.
        documents, entities, part : arrays, n_found
            Which document, which entity of the dictionary, which part.
        places : array of int64, n_found x 2, optional
            Characters from and to; None where the part is no running text.
        texts : sequence of str
            As it is written.
        """
        names = ids.take(pa.array(documents)).to_pylist()
        spans = [(None, None)] * len(names) if places is None else places.tolist()
        rows = zip(names, entities.tolist(), part.tolist(), spans, texts, strict=True)
        self._rows += [(name, entity, one, first, last, text, "") for name, entity, one, (first, last), text in rows]

    def add_one(
        self,
        doc_id: str,
        entity_id: str,
        part: str,
        *,
        text: str,
        entity_type: str = "drug",
        place: tuple[int | None, int | None] = (None, None),
    ) -> None:
        """Add one mention of an entity that the dictionary need not hold.

        Parameters
        ----------
        doc_id, entity_id, part, text : str
            Where, what, and as it is written.
        entity_type : str
            See `tmescope.store.lake_schemas.mention_schema`.
        place : tuple of int or None
            Characters from and to.
        """
        self._rows.append((doc_id, entity_id, part, *place, text, entity_type))

    def table(self, dictionary: Dictionary) -> pa.Table:
        """Return the mentions.

        Parameters
        ----------
        dictionary : Dictionary
            Whose entities were added.

        Returns
        -------
        pyarrow.Table
            By `tmescope.store.lake_schemas.mention_schema`; documents in the order in which they were added.
        """
        entities, types = dictionary.entities, dictionary.types
        kept: dict[tuple[str, str, str], list[object]] = {}
        for doc_id, entity, part, first, last, text, kind in self._rows:
            name = entities[entity] if isinstance(entity, int) else entity
            held = kept.get((doc_id, name, part))
            if held is None:
                entity_type = types[entity] if isinstance(entity, int) else kind
                kept[doc_id, name, part] = [doc_id, name, entity_type, part, first, last, text, 1]
            else:
                held[-1] = int(held[-1]) + 1  # type: ignore[call-overload]
        order: dict[str, int] = {}
        for doc_id, *_ in kept:
            order.setdefault(doc_id, len(order))
        rows = sorted(kept.values(), key=lambda row: order[str(row[0])])
        columns = list(zip(*rows, strict=True)) or [()] * len(mention_schema())
        arrays = [pa.array(c, type=f.type) for c, f in zip(columns, mention_schema(), strict=True)]
        return pa.Table.from_arrays(arrays, schema=mention_schema())
