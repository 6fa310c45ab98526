"""From records of JSON to batches of the lake: a few thousand at a time, or fewer where they are large."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes
from tmescope.ingest.json_fields import Fields
from tmescope.ingest.json_items import DEFAULT_JSON_LIMITS, JsonItem, JsonLimits, parse_json, read_items
from tmescope.store.lake_schemas import LakeBatch, document_schema, trial_schema

__all__ = ["Row", "Rows", "read_batches"]

Row = dict[str, Any]
"""Values of one row by their columns; what is left out is missing."""

Rows = tuple[Row, Row | None]
"""Row of the document, and of the trial where it is one."""

_RECORDS = 2000
_BYTES = 32 << 20


def read_batches(
    path: Path,
    lists: tuple[tuple[str, ...], ...],
    make: Callable[[Fields, JsonItem], Rows],
    *,
    limits: Limits = DEFAULT_LIMITS,
    record_limits: JsonLimits = DEFAULT_JSON_LIMITS,
) -> Iterator[LakeBatch]:
    """Read a file of JSON records, plain or gzip-compressed.

    Parameters
    ----------
    path : Path
        The file; it is not held whole.
    lists : tuple of tuple of str
        Where its records may stand, as for `tmescope.ingest.json_items.read_items`.
    make : callable
        Makes the rows of one record from its parts and its text.
    limits : Limits
        Of the file.
    record_limits : JsonLimits
        Of one record.

    Yields
    ------
    LakeBatch
        At most 2,000 records or about 32 MiB; none where the file holds no record.

    Raises
    ------
    FileFormatError
        The file is no such JSON, is truncated, or a record of it is wrong; the message names its number.
    """
    documents: list[Row] = []
    trials: list[Row] = []
    size = 0
    with open_bytes(path, limits=limits) as handle:
        for item in read_items(handle, lists, where=str(path), limits=record_limits):
            where = f"{path}, record {item.number:,}"
            document, trial = make(_fields(item, where, record_limits), item)
            documents.append(document)
            trials += [] if trial is None else [trial]
            size += len(item.text)
            if len(documents) >= _RECORDS or size >= _BYTES:
                yield _batch(documents, trials)
                documents, trials, size = [], [], 0
    if documents:
        yield _batch(documents, trials)


def _fields(item: JsonItem, where: str, limits: JsonLimits) -> Fields:
    record = parse_json(item.text, where=where, limits=limits)
    fields = Fields({"record": record}, where).part("record")
    if fields is None:
        raise Fields({}, where).wrong("record", None, "an object")
    return Fields(fields.value, where)


def _batch(documents: list[Row], trials: list[Row]) -> LakeBatch:
    return LakeBatch(
        pa.Table.from_pylist(documents, schema=document_schema()), pa.Table.from_pylist(trials, schema=trial_schema())
    )
