"""Results are kept whole in their atlas, where AnnData finds them, until the atlas has other cells."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from tests.store.atlases import small_atlas, write_small

from tmescope.foundation.errors import FileFormatError, SampleError, StoreError
from tmescope.store import atlas_results
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_results import AtlasResult, read_result, result_names, write_result
from tmescope.store.result_commands import command_of


@pytest.fixture(scope="module")
def simulated():
    return small_atlas()


@pytest.fixture
def path(tmp_path, simulated):
    write_small(tmp_path / "a.zarr", simulated, samples=slice(0, 2))
    return tmp_path / "a.zarr"


def _result(path, *, shift: float = 0.0, name: str = "pca") -> AtlasResult:
    atlas = open_atlas(path)
    n, m = atlas.layout.n_cells, atlas.layout.n_genes
    rng = np.random.default_rng(3)
    near = sparse.random(n, n, density=0.01, format="csr", random_state=4)
    return AtlasResult(
        name=name,
        obs=pd.DataFrame({"leiden": pd.Categorical([str(i % 3) for i in range(n)]), "depth": np.arange(n) + shift}),
        var=pd.DataFrame({"highly_variable": np.arange(m) % 2 == 0}),
        obsm={"X_pca": rng.normal(size=(n, 4)).astype(np.float32) + shift},
        varm={"PCs": rng.normal(size=(m, 4))},
        obsp={"connectivities": near},
        tables={"variances": pd.DataFrame({"component": [1, 2], "variance": [2.5, 1.5 + shift]})},
        provenance={"seed": 1, "shift": shift},
    )


def test_anndata_and_the_reader_find_every_part(path):
    before = anndata.read_zarr(path)
    given = _result(path)
    write_result(path, given)
    adata = anndata.read_zarr(path)
    assert (before.X != adata.X).nnz == 0
    assert list(adata.obs["leiden"]) == list(given.obs["leiden"])
    assert list(adata.obs.columns) == [*before.obs.columns, "leiden", "depth"]
    assert list(adata.var.columns) == [*before.var.columns, "highly_variable"]
    np.testing.assert_array_equal(adata.obsm["X_pca"], given.obsm["X_pca"])
    np.testing.assert_array_equal(adata.varm["PCs"], given.varm["PCs"])
    assert (adata.obsp["connectivities"] != given.obsp["connectivities"]).nnz == 0
    atlas = open_atlas(path)
    assert result_names(atlas) == ("pca",)
    found = read_result(atlas, "pca")
    pd.testing.assert_frame_equal(found.obs, given.obs, check_categorical=False)
    assert list(found.var["highly_variable"]) == list(given.var["highly_variable"])
    np.testing.assert_array_equal(found.obsm["X_pca"], given.obsm["X_pca"])
    assert list(found.tables["variances"]["variance"]) == [2.5, 1.5]
    assert found.provenance == {"seed": 1, "shift": 0.0}
    assert list(atlas.verify()) == []


def test_another_of_the_same_name_takes_its_place(path):
    write_result(path, _result(path))
    write_result(path, _result(path, shift=1.0))
    adata = anndata.read_zarr(path)
    assert list(adata.obs.columns).count("depth") == 1
    assert adata.obs["depth"].iloc[0] == 1.0
    assert read_result(open_atlas(path), "pca").provenance["shift"] == 1.0
    assert list(open_atlas(path).verify()) == []


def test_a_kill_between_files_leaves_none_rather_than_a_mixed_one(path, monkeypatch):
    write_result(path, _result(path))
    taken = []

    def killed(staged, final):
        if taken:
            raise KeyboardInterrupt
        taken.append(final)
        atlas_results.shutil.rmtree(final)
        staged.rename(final)

    with monkeypatch.context() as patch:
        patch.setattr(atlas_results, "_take", killed)
        with pytest.raises(KeyboardInterrupt):
            write_result(path, _result(path, shift=1.0))
    assert result_names(open_atlas(path)) == ()
    adata = anndata.read_zarr(path)
    assert "depth" not in adata.obs
    assert "X_pca" not in adata.obsm
    assert not list((path / ".atlas/results").glob("*.part"))
    write_result(path, _result(path, shift=2.0))
    assert anndata.read_zarr(path).obs["depth"].iloc[0] == 2.0


def test_cells_that_are_added_make_results_go(path, simulated):
    write_result(path, _result(path))
    write_small(path, simulated, samples=slice(2, 3))
    adata = anndata.read_zarr(path)
    assert "leiden" not in adata.obs
    assert "highly_variable" not in adata.var
    assert not adata.obsm
    with pytest.raises(StoreError, match=r"holds no result 'pca'(.|\n)*tmescope atlas pca"):
        read_result(open_atlas(path), "pca")
    with pytest.raises(StoreError, match=r"has 30\d rows|has \d+ rows"):
        write_result(path, AtlasResult(name="qc", obs=pd.DataFrame({"a": np.zeros(3)})))
    write_result(path, _result(path))
    assert "leiden" in anndata.read_zarr(path).obs


def test_a_result_of_the_cells_before_is_refused(path, simulated):
    before = open_atlas(path).layout
    write_result(path, AtlasResult(name="qc", tables={"t": pd.DataFrame({"a": [1]})}), of=before)
    write_small(path, simulated, samples=slice(2, 3))
    with pytest.raises(StoreError, match=r"samples were added while the result 'pseudobulk' was made"):
        write_result(path, AtlasResult(name="pseudobulk", tables={"t": pd.DataFrame({"a": [1]})}), of=before)
    assert result_names(open_atlas(path)) == ()


def test_a_damaged_file_of_a_result_is_named(path):
    write_result(path, _result(path))
    target = next(p for p in sorted((path / "obsm/X_pca").rglob("*")) if p.is_file() and p.name != "zarr.json")
    target.write_bytes(target.read_bytes()[:-1])
    assert [line.split(" ")[0] for line in open_atlas(path).verify()] == [target.relative_to(path).as_posix()]


def test_each_result_names_the_command_that_makes_it(path):
    made_by = {"harmony": "integrate", "leiden": "cluster", "scores": "score", "variable_genes": "variable-genes"}
    for name, command in (made_by | {"umap": "umap"}).items():
        assert command_of(name) == f"tmescope atlas {command}"
        with pytest.raises(StoreError, match=f"holds no result '{name}'") as caught:
            read_result(open_atlas(path), name)
        assert caught.value.next_step.endswith(command_of(name))


def test_names_that_something_else_has_are_refused(path):
    n = open_atlas(path).layout.n_cells
    with pytest.raises(StoreError, match="'obs/cell_type' already"):
        write_result(path, AtlasResult(name="qc", obs=pd.DataFrame({"cell_type": ["a"] * n})))
    write_result(path, _result(path))
    with pytest.raises(StoreError, match="'obs/depth' already"):
        write_result(path, AtlasResult(name="qc", obs=pd.DataFrame({"depth": np.zeros(n)})))
    atlas = open_atlas(path).layout
    other = {"obsm": {"X_pca": np.zeros((n, 2))}, "var": pd.DataFrame({"highly_variable": [True] * atlas.n_genes})}
    for part, value in other.items():
        with pytest.raises(StoreError, match=f"'{part}/.*' already"):
            write_result(path, AtlasResult(name="qc", **{part: value}))
    for name in ("../x", "", "a/b"):
        with pytest.raises(StoreError, match="is no name"):
            write_result(path, AtlasResult(name=name))
    with pytest.raises(SampleError, match="no column 'nothing'"):
        open_atlas(path).cells(("nothing",))


def test_places_outside_are_refused(path):
    write_result(path, _result(path))
    root = path / "zarr.json"
    root.write_text(root.read_text().replace('"obsm/X_pca"', '"obsm/../../x"'))
    with pytest.raises(FileFormatError, match="is no place in it"):
        open_atlas(path)
