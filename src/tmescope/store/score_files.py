"""The table of scores as Parquet that grows by row groups, for more scores than memory holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tmescope.store.tables import FORMAT_VERSION, SCHEMAS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ScoreWriter", "score_rows"]

_TYPES = {"str": pa.string(), "float": pa.float64()}
_SCHEMA = pa.schema([pa.field(name, _TYPES[kind]) for name, kind in SCHEMAS["scores"].columns.items()])


def score_rows(
    sample_ids: Sequence[str],
    features: Sequence[str],
    same: Mapping[str, str],
    *,
    values: NDArray[np.float64],
    coverage: NDArray[np.float64],
) -> pa.Table:
    """Return one row for each sample and feature: samples in order, then features.

    Parameters
    ----------
    sample_ids, features : sequence of str
        Names of the rows and columns of `values`.
    same : mapping of str to str
        Columns that hold one text: cohort_id, method and unit.
    values, coverage : array of float64, n_samples x n_features
        The scores (NaN where missing) and what they stand on.
    """
    n_samples, n_features = values.shape
    n_rows = n_samples * n_features
    columns = {name: pa.repeat(text, n_rows) for name, text in same.items()}
    samples = np.repeat(np.arange(n_samples, dtype=np.int32), n_features)
    named = np.tile(np.arange(n_features, dtype=np.int32), n_samples)
    columns["sample_id"] = pa.array(list(sample_ids), pa.string()).take(pa.array(samples))
    columns["feature"] = pa.array(list(features), pa.string()).take(pa.array(named))
    columns["value"] = pa.array(values.ravel(), pa.float64(), from_pandas=True)
    columns["coverage"] = pa.array(coverage.ravel(), pa.float64())
    return pa.table([columns[name] for name in _SCHEMA.names], schema=_SCHEMA)


class ScoreWriter:
    """Writes blocks of scores into one file that `tmescope.store.tables.read_table` reads.

    Parameters
    ----------
    path : pathlib.Path
        A staged file, see `tmescope.store.atomic.staged_file`.
    """

    def __init__(self, path: Path) -> None:
        marks = {b"tmescope.format": b"table", b"tmescope.version": str(FORMAT_VERSION).encode()}
        schema = _SCHEMA.with_metadata(marks)
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", version="2.6")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def write(self, table: pa.Table) -> None:
        """Write a block as one row group.

        Parameters
        ----------
        table : pyarrow.Table
            From `score_rows`.
        """
        self._writer.write_table(table, row_group_size=max(len(table), 1))

    def describe(self, notes: Mapping[str, str]) -> None:
        """Keep texts in the file's metadata.

        Parameters
        ----------
        notes : mapping of str to str
            Key to text.
        """
        self._writer.add_key_value_metadata(dict(notes))
