"""Blocks come back number for number, and no bytes of others are taken for one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from tmescope.store.compact_blocks import Rows, decode_block, encode_block
from tmescope.store.compact_layout import BlockForm


def _rows(n_cells, n_genes, *, dtype="uint16", seed=0):
    rng = np.random.default_rng(seed)
    matrix = sparse.random(n_cells, n_genes, density=0.1, format="csr", rng=rng)
    matrix.sort_indices()
    counts = rng.choice([1, 2, 255, 256, np.iinfo(dtype).max], size=matrix.nnz).astype(dtype)
    return Rows(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), counts)


@pytest.mark.parametrize(
    ("n_cells", "n_genes", "dtype"), [(0, 5, "uint16"), (3, 0, "uint16"), (40, 300, "uint16"), (4, 70_000, "uint32")]
)
def test_rows_come_back(n_cells, n_genes, dtype):
    rows, form = _rows(n_cells, n_genes, dtype=dtype), BlockForm(n_genes, dtype)
    again = decode_block(encode_block(rows, form), form, n_cells=n_cells, n_entries=rows.counts.size)
    for name in ("ends", "genes", "counts"):
        one, other = getattr(again, name), getattr(rows, name)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_rows_that_no_atlas_has_are_refused():
    ends, form = np.array([0, 2]), BlockForm(9, "uint16")
    with pytest.raises(ValueError, match="ascending"):
        encode_block(Rows(ends, np.array([3, 3], np.int32), np.ones(2, np.uint16)), form)
    with pytest.raises(ValueError, match="zero"):
        encode_block(Rows(ends, np.array([3, 4], np.int32), np.array([1, 0], np.uint16)), form)


def test_other_bytes_are_refused_or_are_rows():
    rows, form = _rows(20, 90), BlockForm(90, "uint16")
    n, body = rows.counts.size, encode_block(rows, form)
    for wrong in (b"", body[:40], body[:-1], body + b"x"):
        with pytest.raises(ValueError, match="sizes"):
            decode_block(wrong, form, n_cells=20, n_entries=n)
    for sizes in ({"n_cells": 21, "n_entries": n}, {"n_cells": 20, "n_entries": n + 1}):
        with pytest.raises(ValueError, match="another size"):
            decode_block(body, form, **sizes)
    with pytest.raises(ValueError, match="beyond the 89"):
        decode_block(encode_block(rows, form), BlockForm(int(rows.genes.max()), "uint16"), n_cells=20, n_entries=n)
    rng, n_refused = np.random.default_rng(1), 0
    for _ in range(300):
        changed = bytearray(body)
        changed[rng.integers(len(body))] = rng.integers(256)
        try:
            found = decode_block(bytes(changed), form, n_cells=20, n_entries=n)
        except ValueError:
            n_refused += 1
        else:
            assert 0 <= found.genes.min() <= found.genes.max() < 90
            assert found.counts.all()
    assert n_refused > 100
