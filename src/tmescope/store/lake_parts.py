"""How the records of one source file become a part of a lake, and are read back."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tmescope.foundation.errors import InputError, StoreError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.store.atomic import staged_file, staged_folder
from tmescope.store.lake_layout import LakeFile, LakePart, part_number
from tmescope.store.lake_schemas import LakeBatch, deletion_schema, document_schema, mention_schema, trial_schema

__all__ = ["PART", "ROW", "TASK", "checksum", "documents_to_tag", "stored_schema", "write_mentions", "write_part"]

PART = "lake_part"
ROW = "lake_row"
TASK = "documents"
"""Task of the progress that advances with each record."""
_ROW_GROUP = 8192
_BLOCK = 1 << 20
_SCHEMAS = {
    "documents": document_schema,
    "trials": trial_schema,
    "deletions": deletion_schema,
    "mentions": mention_schema,
}


def stored_schema(table: str) -> pa.Schema:
    """Return the columns of a table as it lies in a lake: those of its schema, and which part and row it is.

    Parameters
    ----------
    table : str
        ``documents``, ``trials``, ``deletions`` or ``mentions``. ``lake_row`` is the number of a document in its part;
        a trial carries that of its document; deletions and mentions have none.
    """
    schema = _SCHEMAS[table]().append(pa.field(PART, pa.int64(), nullable=False))
    return schema.append(pa.field(ROW, pa.int32(), nullable=False)) if table in ("documents", "trials") else schema


def write_part(
    final: Path, batches: Iterable[LakeBatch], part: LakePart, *, progress: Progress = SILENT
) -> tuple[dict[str, LakeFile], str]:
    """Write the tables of a part; they take their place when the last record was read, or not at all.

    Parameters
    ----------
    final : Path
        Folder of the part.
    batches : iterable of LakeBatch
        What a reader yields.
    part : LakePart
        Says the hash of the source.
    progress : Progress
        Its task `TASK` advances with each record.

    Returns
    -------
    tuple of dict and str
        Files by table, and the newest day of a document.

    Raises
    ------
    InputError
        If a reader gives other columns than the schemas say, or a trial without its document.
    """
    with staged_folder(final) as staged:
        writing = _PartWriting(staged, part_number(part.sha256))
        try:
            for batch in batches:
                writing.add(batch)
                progress.advance(TASK, batch.documents.num_rows)
        finally:
            writing.close()
        files = {table: _describe(staged / f"{table}.parquet", n) for table, n in writing.n_rows.items() if n}
    return files, writing.last_day


def write_mentions(path: Path, table: pa.Table, part: LakePart) -> LakeFile:
    """Write what was found in the documents of a part.

    Parameters
    ----------
    path : Path
        Name of the file.
    table : pyarrow.Table
        By `tmescope.store.lake_schemas.mention_schema`.
    part : LakePart
        Of the documents.
    """
    number = pa.array(np.full(table.num_rows, part.number, dtype=np.int64))
    whole = _shaped(table, "mentions").append_column(stored_schema("mentions").field(PART), number)
    with staged_file(path) as staged:
        pq.write_table(whole, staged, compression="zstd", write_page_checksum=True)
        return _describe(staged, table.num_rows)


def documents_to_tag(folder: Path, *, columns: tuple[str, ...] | None = None) -> Iterator[pa.Table]:
    """Yield the documents of a part in which entities are looked for: the last version of each that the part holds.

    Parameters
    ----------
    folder : Path
        Of the part.
    columns : tuple of str, optional
        Those that are wanted, beside ``doc_id``; all if omitted.

    Notes
    -----
    A file may hold two versions of a document. What is found belongs to the last one, which is the one that can be
    current.
    """
    path = folder / "documents.parquet"
    if not path.exists():
        return
    ids = pq.read_table(path, columns=["doc_id"]).column("doc_id").to_pandas()
    is_last = (~ids.duplicated(keep="last")).to_numpy()
    wanted = None if columns is None else list(dict.fromkeys(["doc_id", *columns]))
    first = 0
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=wanted)
            kept = is_last[first : first + table.num_rows]
            first += table.num_rows
            table = table if kept.all() else table.filter(pa.array(kept))
            yield table.drop_columns([c for c in (PART, ROW) if c in table.column_names])


def checksum(path: Path) -> int:
    """Return the CRC-32 of a file's bytes.

    Parameters
    ----------
    path : Path
        Of the file.
    """
    crc = 0
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            crc = zlib.crc32(block, crc)
    return crc


@dataclass
class _PartWriting:
    """Writes batches into the tables of a part, in row groups of a size that does not depend on the batches."""

    folder: Path
    number: int
    n_rows: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("documents", "trials", "deletions"), 0))
    last_day: str = ""
    _waiting: dict[str, list[pa.Table]] = field(default_factory=dict)
    _writers: dict[str, pq.ParquetWriter] = field(default_factory=dict)

    def add(self, batch: LakeBatch) -> None:
        documents = _shaped(batch.documents, "documents")
        trials = _shaped(batch.trials, "trials")
        rows = np.arange(documents.num_rows, dtype=np.int32) + self.n_rows["documents"]
        self._note_days(documents)
        self._take("documents", documents, rows)
        self._take("trials", trials, rows[_rows_of(trials, documents)])
        self._take("deletions", _shaped(batch.deletions, "deletions"), None)

    def close(self) -> None:
        for table in self.n_rows:
            self._write(table, least=1)
        for writer in self._writers.values():
            writer.close()

    def _note_days(self, documents: pa.Table) -> None:
        for column in ("entered_on", "revised_on"):
            day: date | None = pc.max(documents.column(column)).as_py()
            self.last_day = max(self.last_day, day.isoformat() if day else "")

    def _take(self, name: str, table: pa.Table, rows: Any) -> None:
        if not table.num_rows:
            return
        schema = stored_schema(name)
        columns = [*table.columns, pa.array(np.full(table.num_rows, self.number, dtype=np.int64))]
        columns += [] if rows is None else [pa.array(rows)]
        self._waiting.setdefault(name, []).append(pa.Table.from_arrays(columns, schema=schema))
        self.n_rows[name] += table.num_rows
        self._write(name, least=_ROW_GROUP)

    def _write(self, name: str, *, least: int) -> None:
        waiting = self._waiting.get(name, [])
        if sum(t.num_rows for t in waiting) < least:
            return
        whole = pa.concat_tables(waiting)
        if name not in self._writers:
            self._writers[name] = pq.ParquetWriter(
                self.folder / f"{name}.parquet", whole.schema, compression="zstd", write_page_checksum=True
            )
        n = whole.num_rows if least < _ROW_GROUP else whole.num_rows // _ROW_GROUP * _ROW_GROUP
        self._writers[name].write_table(whole.slice(0, n), row_group_size=_ROW_GROUP)
        self._waiting[name] = [whole.slice(n)] if n < whole.num_rows else []


def _rows_of(trials: pa.Table, documents: pa.Table) -> list[int]:
    """Return which row of the documents each trial belongs to: the k-th of an identifier to its k-th."""
    if not trials.num_rows:
        return []
    places: dict[str, list[int]] = {}
    for row, doc_id in enumerate(documents.column("doc_id").to_pylist()):
        places.setdefault(doc_id, []).append(row)
    found, missing = [], []
    for doc_id in trials.column("doc_id").to_pylist():
        rows = places.get(doc_id)
        if rows:
            found.append(rows.pop(0))
        else:
            missing.append(doc_id)
    if missing:
        raise InputError(
            f"{len(missing)} trials have no row among the documents, such as {missing[0]!r}",
            where="a batch of a reader",
            expected="a document of the same identifier beside each trial, in the same batch",
            next_step="give both with the same batch",
        )
    return found


def _shaped(table: pa.Table, name: str) -> pa.Table:
    """Return a table with the columns of its schema, in their order."""
    schema = _SCHEMAS[name]()
    if table.schema.equals(schema, check_metadata=False):
        return table
    if set(table.column_names) != set(schema.names):
        odd = sorted(set(table.column_names) ^ set(schema.names))
        raise InputError(
            f"a table of {name} has other columns than a lake keeps: {', '.join(odd[:3])}",
            where="a batch of a reader",
            expected=f"the columns of {name}, each once",
            next_step="build the table by the schema",
        )
    try:
        return table.select(schema.names).cast(schema)
    except (pa.ArrowInvalid, ValueError) as error:
        raise InputError(
            f"a table of {name} does not fit its schema ({error})",
            where="a batch of a reader",
            expected="values of the types of the schema, and identifiers in every row",
            next_step="build the table by the schema",
        ) from error


def _describe(path: Path, n_rows: int) -> LakeFile:
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
    n_bytes = path.stat().st_size
    if not n_bytes:
        raise StoreError("a table was written as an empty file", where=str(path), next_step="give the command again")
    return LakeFile(n_rows, n_bytes, checksum(path))
