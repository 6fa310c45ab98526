"""What is damaged in an atlas beside its vectors is named with its file, and is no traceback of a library."""

from __future__ import annotations

import json
import shutil

import anndata
import numpy as np
import pandas as pd
import pytest
import zarr
from scipy import sparse
from tests.store.atlases import small_atlas, write_small

from tmescope.foundation.errors import InputError, StoreError
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_results import AtlasResult, read_result, write_result
from tmescope.store.damage import explain_damage


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("atlas") / "a.zarr"
    write_small(path, small_atlas(), samples=slice(0, 2))
    return path


@pytest.fixture
def atlas(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "a.zarr")
    return tmp_path / "a.zarr"


READ = {
    "var/_index": lambda atlas: atlas.genes(),
    "obs/_index": lambda atlas: atlas.barcodes(),
    "obs/cell_type/categories": lambda atlas: atlas.cells(("cell_type",)),
}


@pytest.mark.parametrize("how", ["cut", "junk"])
@pytest.mark.parametrize("place", list(READ))
def test_what_is_damaged_is_named(atlas, place, how):
    file = atlas / place / "c/0"
    file.write_bytes(file.read_bytes()[:20] if how == "cut" else b"\xff" * 200)
    with pytest.raises(StoreError, match=place.split("/")[0]) as caught:
        READ[place](open_atlas(atlas))
    assert place.split("/")[0] in caught.value.where
    assert "atlas verify" in caught.value.next_step
    assert any(place.split("/")[0] in line for line in open_atlas(atlas).verify())


def test_genes_of_other_names_are_told(atlas):
    array = zarr.open_array(atlas / "var/_index", mode="r+")
    array[3] = "ANOTHER"
    with pytest.raises(StoreError, match="var/_index holds other names than were written"):
        open_atlas(atlas).genes()


def test_a_result_that_is_damaged_is_told(atlas):
    n = open_atlas(atlas).layout.n_cells
    write_result(atlas, AtlasResult(name="pca", obsm={"X_pca": np.ones((n, 2))}))
    place = atlas / "obsm/X_pca/c/0/0"
    place.write_bytes(place.read_bytes()[:10])
    with pytest.raises(StoreError, match="obsm/X_pca cannot be read"):
        read_result(open_atlas(atlas), "pca")


def flip(file):
    body = bytearray(file.read_bytes())
    body[len(body) // 2] ^= 1
    file.write_bytes(body)


@pytest.mark.parametrize("place", list(READ))
def test_a_flipped_bit_is_noticed(atlas, place):
    flip(atlas / place / "c/0")
    with pytest.raises(StoreError, match="checksum"):
        READ[place](open_atlas(atlas))


def test_a_flipped_bit_in_any_array_of_a_result_is_noticed(atlas):
    n = open_atlas(atlas).layout.n_cells
    obs = pd.DataFrame({"leiden": pd.Categorical(["0", "1"] * (n // 2) + ["0"] * (n % 2)), "score": np.ones(n)})
    weights = sparse.eye_array(n, format="csr")
    result = AtlasResult(name="x", obs=obs, obsm={"X_pca": np.ones((n, 2))}, obsp={"connectivities": weights})
    write_result(atlas, result)
    files = [f for f in open_atlas(atlas).layout.results["x"].files if "/c/" in f]
    assert len(files) >= 7  # codes and categories, score, X_pca, data, indices and indptr
    for file in files:
        whole = (atlas / file).read_bytes()
        flip(atlas / file)
        with pytest.raises(StoreError, match="checksum"):
            read_result(open_atlas(atlas), "x")
        (atlas / file).write_bytes(whole)
    pd.testing.assert_frame_equal(read_result(open_atlas(atlas), "x").obs, obs)
    assert anndata.read_zarr(atlas).obsp["connectivities"].nnz == n


def test_names_that_are_fewer_than_the_cells_are_told(atlas):
    place = atlas / "obs/_index/zarr.json"
    said = json.loads(place.read_text())
    said["shape"] = [5]
    place.write_text(json.dumps(said))
    with pytest.raises(StoreError, match="obs/_index ends before cell"):
        open_atlas(atlas).barcodes()


def test_names_that_are_gone_or_not_declared_are_told(atlas):
    (atlas / "obs/_index/zarr.json").write_bytes(b"{")
    with pytest.raises(StoreError, match="obs/_index cannot be read"):
        open_atlas(atlas).barcodes()
    shutil.rmtree(atlas / "obs/_index")
    with pytest.raises(StoreError, match="obs/_index cannot be read"):
        open_atlas(atlas).barcodes()


def test_categories_that_are_too_few_are_told(atlas):
    place = atlas / "zarr.json"  # where the declarations stand that readers look at
    said = json.loads(place.read_text())
    said["consolidated_metadata"]["metadata"]["obs/cell_type/categories"]["shape"] = [1]
    place.write_text(json.dumps(said))
    with pytest.raises(StoreError, match="obs/cell_type cannot be read"):
        open_atlas(atlas).cells(("cell_type",))


def test_errors_that_say_what_is_wrong_stay(tmp_path):
    with pytest.raises(InputError, match="as it was"), explain_damage(tmp_path, "var"):
        raise InputError("as it was", where="here", expected="this")
