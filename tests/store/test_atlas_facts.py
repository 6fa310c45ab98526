"""What is said of an atlas is what is in it."""

from __future__ import annotations

import pandas as pd
from tests.store.atlases import small_atlas, write_small

from tmescope.store.atlas_facts import describe_atlas
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_writing import create_atlas


def test_sizes_samples_columns_and_bytes(tmp_path):
    simulated = small_atlas()
    counts = write_small(tmp_path / "a.zarr", simulated)
    found = describe_atlas(open_atlas(tmp_path / "a.zarr"))
    assert (found.n_cells, found.n_genes, found.n_entries) == (*counts.shape, counts.nnz)
    assert [s.sample_id for s in found.samples] == list(simulated.samples.index)
    assert sum(s.n_entries for s in found.samples) == counts.nnz
    assert found.columns == {"cell_type": "category", "number": "float64", "sample_id": "category"}
    vectors = [p for v in ("data", "indices", "indptr") for p in (tmp_path / "a.zarr/X" / v / "c").iterdir()]
    assert found.bytes_of_counts == sum(p.stat().st_size for p in vectors)
    assert found.bytes_of_an_entry == found.bytes_of_counts / counts.nnz
    assert found.bytes_in_all > found.bytes_of_counts
    assert found.repeated_barcodes == largest_but_one(simulated)


def largest_but_one(simulated) -> int:
    """Return how many barcodes stand in two samples at least: they are numbered within each."""
    seen = pd.Series([b for block in simulated.blocks() for b in block.barcodes]).value_counts()
    return int((seen > 1).sum())


def test_an_empty_one(tmp_path):
    create_atlas(tmp_path / "a.zarr", pd.DataFrame(index=["g"]))
    found = describe_atlas(open_atlas(tmp_path / "a.zarr"))
    assert (found.n_cells, found.samples, found.bytes_of_an_entry) == (0, (), 0.0)
