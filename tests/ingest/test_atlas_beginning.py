"""An atlas without cells has its genes, goes only while it has none, and is not taken from who has filled it."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tmescope.foundation.errors import StoreError
from tmescope.ingest.atlas_beginning import make_empty, refuse_if_made, remove_empty
from tmescope.ingest.atlas_settings import MadeWith
from tmescope.store.atlas_layout import read_layout
from tmescope.store.atlas_writing import AtlasWriter

MADE = MadeWith(count_dtype="uint32", gene_name="gene_id", columns=("a",))


@pytest.mark.parametrize(("ids", "columns"), [(("", ""), []), (("E1", ""), ["gene_ids"])])
def test_genes_and_options_are_there(tmp_path, ids, columns):
    path = tmp_path / "a.zarr"
    make_empty(path, dict(zip(("g1", "g2"), ids, strict=True)), made=MADE)
    var = anndata.read_zarr(path).var
    assert (list(var.index), list(var.columns)) == (["g1", "g2"], columns)
    assert not columns or var["gene_ids"].tolist() == list(ids)
    layout = read_layout(path)
    assert (layout.count_dtype, dict(layout.made_with)) == ("uint32", {"gene_name": "gene_id", "columns": ["a"]})


def test_it_goes_while_it_is_empty_and_stays_once_it_is_filled(tmp_path):
    path = tmp_path / "a.zarr"
    refuse_if_made(path)
    remove_empty(path)  # nothing is there
    make_empty(path, {"g1": ""}, made=MADE)
    refuse_if_made(path)
    remove_empty(path)
    assert not path.exists()
    make_empty(path, {"g1": ""}, made=MADE)
    writer = AtlasWriter(path)
    writer.add_sample("s", [(sparse.csr_matrix(np.ones((2, 1))), pd.DataFrame(index=["c1", "c2"]))])
    writer.commit()
    remove_empty(path)
    assert read_layout(path).n_cells == 2
    with pytest.raises(StoreError, match="another process made this atlas meanwhile"):
        refuse_if_made(path)
