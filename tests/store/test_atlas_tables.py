"""The tables of an atlas say what the store says, after a writer that died too."""

from __future__ import annotations

import pandas as pd
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from tests.store.atlases import small_atlas, write_small

from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_tables import CELLS, GENES, as_table, check_tables, update_tables


@pytest.fixture
def path(tmp_path):
    write_small(tmp_path / "a.zarr", small_atlas(), samples=slice(0, 3))
    return tmp_path / "a.zarr"


def test_tables_agree_with_the_store(path):
    atlas = open_atlas(path)
    found = ds.dataset(path / CELLS, format="parquet").to_table().to_pandas()
    assert found["cell"].tolist() == list(atlas.barcodes())
    for name, column in atlas.cells().items():
        assert found[name].tolist() == column.astype(found[name].dtype).tolist()
    assert pq.read_table(path / GENES)["gene"].to_pylist() == list(atlas.genes().index)
    assert list(check_tables(path)) == []


def test_what_a_writer_that_died_left_is_put_right(path):
    parts = sorted((path / CELLS).iterdir())
    whole = {p: p.read_bytes() for p in parts}
    parts[1].unlink()
    (path / CELLS / "000000009999.parquet").write_bytes(whole[parts[0]])
    said = list(check_tables(path))
    assert any("is no part" in s for s in said)
    assert any("lacks" in s for s in said)
    update_tables(path)
    assert list(check_tables(path)) == []
    assert len(ds.dataset(path / CELLS, format="parquet").to_table()) == open_atlas(path).layout.n_cells


def test_damage_is_named(path):
    part = sorted((path / CELLS).iterdir())[0]
    table = pq.read_table(part)
    pq.write_table(
        table.set_column(0, "cell", table["cell"].combine_chunks().slice(0).take(list(range(len(table)))[::-1])), part
    )
    assert f"{CELLS}/{part.name} says otherwise than the store" in list(check_tables(path))
    (path / GENES).write_bytes(b"PAR1")
    assert f"{GENES} cannot be read" in list(check_tables(path))


def test_categories_become_text():
    frame = pd.DataFrame({"t": pd.Categorical(["a", None], categories=["a", "never"])}, index=["x", "y"])
    assert as_table(frame, "cell").to_pydict() == {"cell": ["x", "y"], "t": ["a", None]}
