"""Tables that do not hold what the header says are refused, whatever wrote them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tmescope.foundation.errors import InputError, StoreError
from tmescope.store.compact_layout import CELLS, GENES, read_compact
from tmescope.store.compact_tables import read_cells, read_genes

RUNS = (("s1", 2), ("s3", 2))


@pytest.fixture
def rich():
    return Path(__file__).parent / "compact_version_1"


def _cells(path, rich, runs=RUNS, memory=1 << 20):
    return list(read_cells(path, read_compact(rich).atlas, runs, memory=memory))


def test_cells_come_in_runs(rich):
    first, last = _cells(rich, rich)
    assert (list(first.index), list(last.index)) == (["b", "c"], ["b", "d:e"])
    assert list(first.columns) == ["kind", "number", "n", "good", "sample_id", "late"]
    one, *others = _cells(rich, rich, (("s1", 1), ("s1", 1), ("s3", 1), ("s3", 1)))
    assert (list(one.index), len(others)) == (["b"], 3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.slice(0, 3), "3 rows instead of 4"),
        (lambda t: t.drop_columns(["late"]), "other columns"),
        (lambda t: t.set_column(0, "_index", pa.array(["s1:b", "s2:c", "s3:b", "s3:d"])), "another sample"),
        (lambda t: t.set_column(3, "n", pa.array([1, None, 2, 3])), "lacks a name or a number"),
    ],
)
def test_other_cells(rich, tmp_path, change, said):
    pq.write_table(change(pq.read_table(rich / CELLS)), tmp_path / CELLS)
    with pytest.raises(StoreError, match=said):
        _cells(tmp_path, rich)


def test_other_genes_and_no_tables(rich, tmp_path):
    layout = read_compact(rich).atlas
    assert list(read_genes(rich, layout, memory=1 << 20)["length"]) == list(range(7))
    genes = pq.read_table(rich / GENES).to_pandas()
    genes.index = [*genes.index[:-1], "other"]
    genes.to_parquet(tmp_path / GENES)
    with pytest.raises(StoreError, match="other genes"):
        read_genes(tmp_path, layout, memory=1 << 20)
    with pytest.raises(InputError, match="bytes"):
        read_genes(rich, layout, memory=10)
    for name in (GENES, CELLS):
        (tmp_path / name).write_bytes(b"PAR1 no table PAR1")
    with pytest.raises(StoreError, match="cannot be read"):
        read_genes(tmp_path, layout, memory=1 << 20)
    with pytest.raises(StoreError, match="cannot be read"):
        _cells(tmp_path, rich)
