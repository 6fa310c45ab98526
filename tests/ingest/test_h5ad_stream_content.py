"""Cells of an h5ad file come sample by sample, wherever they lie, with their columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.ingest.cells_made import GENES, barcodes_of, counts_of, dense, write_cells

from tmescope.foundation.errors import FileFormatError, SampleError, ScaleError, UnknownNameError
from tmescope.ingest.cell_streams import CELL_LIMITS, _run_of, head_of
from tmescope.ingest.h5ad_stream_content import stream_content

VALUES = counts_of(40)
SAMPLES = np.array(["s2"] * 10 + ["s1", "s3"] * 10 + ["s1"] * 10)
ASKED = {"layer": None, "sample_column": None, "columns": None, "skipped": [], "memory": 1 << 26}


def read(path, **asked):
    parcels = stream_content(path, limits=CELL_LIMITS, **{**ASKED, **asked})
    head = head_of(next(parcels).about)
    return head, [_run_of(p, head) for p in parcels]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    obs = {"sample": SAMPLES, "type": pd.Categorical(["T", "B"] * 20), "n": np.arange(40)}
    layers = {"counts": VALUES.astype(np.int64), "log": np.log1p(VALUES)}
    return write_cells(tmp_path_factory.mktemp("h") / "a.h5ad", VALUES, obs=obs, layers=layers)


def test_a_file_of_one_sample(path):
    head, runs = read(path)
    assert head.genes == GENES
    assert head.samples == (("", 40),)
    assert {k: c.form for k, c in head.columns.items()} == {"sample": "category", "type": "category", "n": "int64"}
    np.testing.assert_array_equal(dense(runs, 5), VALUES)
    assert [b for r in runs for b in r.barcodes] == barcodes_of(40)


@pytest.mark.parametrize("memory", [1 << 26, 3000])
def test_samples_come_whole_however_their_cells_lie(path, memory):
    head, runs = read(path, sample_column="sample", memory=memory)
    assert head.samples == (("s2", 10), ("s1", 20), ("s3", 10))
    assert "sample" not in head.columns
    for name, _ in head.samples:
        own = [r for r in runs if r.sample == name]
        np.testing.assert_array_equal(dense(own, 5), VALUES[name == SAMPLES])
        np.testing.assert_array_equal(np.concatenate([r.columns["n"] for r in own]), np.flatnonzero(name == SAMPLES))
    order = [r.sample for r in runs]
    assert [s for i, s in enumerate(order) if s not in order[:i]] == list(dict.fromkeys(order))


def test_skipped_samples_are_not_read(path):
    _, runs = read(path, sample_column="sample", skipped=["s1"])
    assert {r.sample for r in runs} == {"s2", "s3"}


def test_a_sample_that_lies_apart_and_does_not_fit_says_what_it_needs(path):
    with pytest.raises(SampleError, match="lie apart") as caught:
        read(path, sample_column="sample", memory=100)
    assert "--memory" in caught.value.expected


def test_layers_and_raw_are_read_and_named_where_x_is_no_counts(path, tmp_path):
    _, runs = read(path, layer="counts")
    np.testing.assert_array_equal(dense(runs, 5), VALUES)
    with pytest.raises(ScaleError) as caught:
        read(path, layer="log")
    assert "X, layers/counts" in caught.value.next_step
    import anndata

    adata = anndata.read_h5ad(path)
    adata.raw = adata
    adata = adata[:, :3].copy()
    adata.X = adata.X * 0.5
    adata.write_h5ad(tmp_path / "raw.h5ad")
    head, runs = read(tmp_path / "raw.h5ad", layer="raw")
    assert head.genes == GENES
    np.testing.assert_array_equal(dense(runs, 5), VALUES)
    with pytest.raises(ScaleError, match="raw/X"):
        read(tmp_path / "raw.h5ad")


def test_absent_names_are_told(path):
    for asked in ({"layer": "count"}, {"layer": "raw"}, {"sample_column": "sampel"}, {"columns": ["typ"]}):
        with pytest.raises(UnknownNameError):
            read(path, **asked)
    with pytest.raises(SampleError, match="named by float64"):
        read(write_cells(path.parent / "f.h5ad", VALUES, obs={"x": np.ones(40)}), sample_column="x")
    with pytest.raises(SampleError, match="1 of 40 cells have no sample"):
        bad = pd.Categorical(["a"] * 39 + [None])
        read(write_cells(path.parent / "g.h5ad", VALUES, obs={"x": bad}), sample_column="x")


def test_a_damaged_file_is_an_error_of_ours(path, tmp_path):
    body = bytearray(path.read_bytes())
    for i in range(0, len(body), 97):
        body[i] ^= 0x5A
    (tmp_path / "bad.h5ad").write_bytes(body)
    with pytest.raises(FileFormatError):
        read(tmp_path / "bad.h5ad")
