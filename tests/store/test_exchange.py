from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tmescope.foundation.errors import StoreError, UnknownNameError
from tmescope.store.exchange import as_anndata_writes, exchange_kind, write_exchange


@pytest.fixture
def adata() -> ad.AnnData:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(4, 6))
    values[1, 2] = np.nan
    obs = pd.DataFrame({"arm": pd.Categorical(["a", None, "b", "a"]), "age_years": [1.5, np.nan, 3, 4]},
                       index=[f"S{i}" for i in range(4)])  # fmt: skip
    about = {"format": 1, "cohort_id": "c", "scale": "log2(tpm+1)", "identifiers": "symbol", "warnings": ["x: y"]}
    return ad.AnnData(values, obs=obs, var=pd.DataFrame(index=[f"G{i}" for i in range(6)]), uns={"tmescope": about})


def _files(path: Path) -> dict[str, str]:
    found = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    return {p.relative_to(path.parent).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in found}


@pytest.mark.parametrize("ending", [".h5ad", ".zarr"])
def test_anndata_reads_all_of_it_back(tmp_path: Path, adata: ad.AnnData, ending: str) -> None:
    path = tmp_path / f"c{ending}"
    write_exchange(adata, path)
    back = ad.read_h5ad(path) if ending == ".h5ad" else ad.read_zarr(path)
    assert np.asarray(back.X).tobytes() == np.asarray(adata.X).tobytes()
    pd.testing.assert_frame_equal(back.obs, adata.obs)
    assert list(back.var_names) == list(adata.var_names)
    assert back.uns["tmescope"]["scale"] == "log2(tpm+1)"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_zarr_is_of_version_3_and_quiet(tmp_path: Path, adata: ad.AnnData) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*future.infer_string")  # between anndata and pandas 3
        write_exchange(adata, tmp_path / "c.zarr")
    assert (tmp_path / "c.zarr" / "zarr.json").is_file()
    assert not list((tmp_path / "c.zarr").rglob(".zarray"))


def test_parquet_holds_genes_in_rows_and_says_its_scale(tmp_path: Path, adata: ad.AnnData) -> None:
    write_exchange(adata, tmp_path / "c.parquet")
    table = pq.read_table(tmp_path / "c.parquet")
    assert table.column_names == ["gene_symbol", "S0", "S1", "S2", "S3"]
    assert table.column("gene_symbol").to_pylist() == list(adata.var_names)
    np.testing.assert_array_equal(np.array([table.column(i + 1).to_numpy() for i in range(4)]), adata.X)
    assert table.column("S1").null_count == 0
    assert table.schema.metadata[b"tmescope.scale"] == b"log2(tpm+1)"
    assert table.schema.metadata[b"tmescope.cohort_id"] == b"c"
    assert pq.ParquetFile(tmp_path / "c.parquet").metadata.row_group(0).column(1).compression == "ZSTD"


@pytest.mark.parametrize("ending", [".zarr", ".parquet"])
def test_the_same_cohort_gives_the_same_bytes(tmp_path: Path, adata: ad.AnnData, ending: str) -> None:
    path = tmp_path / f"c{ending}"
    write_exchange(adata, path)
    first = _files(path)
    write_exchange(adata.copy(), path, force=True)
    assert _files(path) == first


@pytest.mark.parametrize("ending", [".h5ad", ".zarr", ".parquet"])
def test_nothing_is_replaced_unasked_and_a_failed_write_leaves_the_old(
    tmp_path: Path, adata: ad.AnnData, ending: str
) -> None:
    path = tmp_path / f"c{ending}"
    write_exchange(adata, path)
    before = _files(path)
    with pytest.raises(StoreError, match="exists already"):
        write_exchange(adata, path)
    broken = adata.copy()
    broken.uns["tmescope"]["scale"] = object()
    with pytest.raises(Exception, match=r"object|write"):
        write_exchange(broken, path, force=True)
    assert _files(path) == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_folder_that_is_no_store_is_never_replaced(tmp_path: Path) -> None:
    for name in ("a.zarr", "a.h5ad"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.docx").write_text("years")
        with pytest.raises(StoreError, match="a folder has this name"):
            exchange_kind(tmp_path / name, force=True)
    (tmp_path / "b.zarr").write_text("x")
    with pytest.raises(StoreError, match="a file has this name"):
        exchange_kind(tmp_path / "b.zarr", force=True)
    (tmp_path / "empty.zarr").mkdir()
    assert exchange_kind(tmp_path / "empty.zarr", force=False) == ".zarr"


def test_an_ending_that_says_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="ending") as caught:
        exchange_kind(tmp_path / "c.h5da", force=False)
    assert "'.h5ad'" in (caught.value.next_step or "")
    with pytest.raises(UnknownNameError):
        exchange_kind(tmp_path / "c", force=False)


def test_tables_get_types_that_every_reader_knows() -> None:
    table = pd.DataFrame(
        {
            "text": pd.array(["a", "b"], dtype="string"),
            "gaps": pd.array(["a", None], dtype="string"),
            "whole": pd.array([1, 2], dtype="Int64"),
            "whole_gaps": pd.array([1, None], dtype="Int64"),
            "yes": pd.array([True, False], dtype="boolean"),
        },
        index=pd.Index(["x", "y"], dtype="string"),
    )
    shaped = as_anndata_writes(table)
    assert [str(d) for d in shaped.dtypes] == ["object", "category", "int64", "Int64", "bool"]
    assert shaped.index.dtype == object
    assert shaped["gaps"].tolist()[0] == "a"
    assert shaped["gaps"].isna().tolist() == [False, True]
    assert str(table["text"].dtype) == "string", "the table itself is not changed"
