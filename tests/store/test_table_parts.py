"""A table that is made part by part is the table that is made at once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tmescope.store.table_parts import TableParts, write_parts
from tmescope.store.tables import read_table, write_table

GENES = pd.Index([f"G{i}" for i in range(50)])
WHOLE = pd.DataFrame(
    {
        "gene_symbol": pd.Categorical.from_codes(np.arange(90, dtype=np.int8) % 50, categories=GENES),
        "name": [f"n{i % 7}" for i in range(90)],
        "count": np.arange(90),
    }
)


def _parts():
    yield WHOLE[:0]
    yield WHOLE[:40]
    yield WHOLE[40:]


def test_it_reads_as_a_table_that_was_written_at_once(tmp_path):
    table = TableParts(_parts)
    write_parts(table, tmp_path / "a.parquet")
    write_parts(table, tmp_path / "b.parquet")
    write_table(WHOLE, tmp_path / "c.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    pd.testing.assert_frame_equal(read_table(tmp_path / "a.parquet"), read_table(tmp_path / "c.parquet"))
    pd.testing.assert_frame_equal(table.whole(), WHOLE)


def test_a_part_without_rows_is_a_table(tmp_path):
    write_parts(TableParts(lambda: iter([WHOLE[:0]])), tmp_path / "a.parquet")
    found = read_table(tmp_path / "a.parquet")
    assert list(found.columns) == list(WHOLE.columns)
    assert found.empty
