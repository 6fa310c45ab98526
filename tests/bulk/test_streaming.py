from __future__ import annotations

import json
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tmescope.bulk.frozen import apply_scores, fit_scores
from tmescope.bulk.scoring import score
from tmescope.bulk.streaming import StreamOptions, plan_blocks, score_store
from tmescope.foundation.errors import ExpressionError, MethodError, ScaleError
from tmescope.ingest.zarr_rows import ZarrRows
from tmescope.store.tables import read_table

pytestmark = pytest.mark.filterwarnings("ignore:.*(onsolidated|zarr v2):UserWarning")  # anndata's own

GENES = ["CTGF", *(f"BG{i:03d}" for i in range(79))]
SETS = {"a": ["CCN2", *GENES[1:6]], "b": GENES[10:18], "half": ["BG001", "NOPE"]}
SMALL = StreamOptions(memory=400_000)


def cohort(n: int = 150, seed: int = 0) -> ad.AnnData:
    values = np.random.default_rng(seed).gamma(0.7, 90.0, size=(n, len(GENES))).round(2).astype(np.float32)
    values[values < 5] = 0
    values[0, 0] = 30_000
    return ad.AnnData(values, obs=pd.DataFrame(index=[f"S{i:03d}" for i in range(n)]), var=pd.DataFrame(index=GENES))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with ad.settings.override(zarr_write_format=3):
        cohort().write_zarr(tmp_path / "many.zarr", chunks=(16, len(GENES)))
    return tmp_path / "many.zarr"


def renamed() -> ad.AnnData:
    adata = cohort()
    adata.var_names = ["CCN2", *GENES[1:]]
    adata.uns["tmescope"] = {"scale": "tpm", "cohort_id": "many"}
    return adata


@pytest.mark.parametrize("method", ["singscore", "ssgsea_raw", "mean", "rank_auc"])
def test_a_stream_scores_as_the_matrix_in_memory(store: Path, method: str) -> None:
    out = store.parent / "out.parquet"
    stored = score_store(store, SETS, method=method, scale="tpm", output=out, options=SMALL)
    expected = score(renamed(), SETS, method=method)
    found = read_table(out)
    pd.testing.assert_frame_equal(found, expected.table, check_exact=True)
    assert stored.warnings == expected.warnings
    assert (stored.n_samples, stored.n_features) == (150, 3)
    assert pq.ParquetFile(out).num_row_groups > 2
    kept = json.loads(pq.ParquetFile(out).metadata.metadata[b"tmescope.provenance"])
    assert kept == json.loads(json.dumps(stored.provenance.as_dict()))
    assert kept["inputs"]["scale"] == "tpm"


@pytest.mark.parametrize("method", ["zscore", "gsva"])
def test_a_model_is_streamed(store: Path, method: str) -> None:
    adata = renamed()
    model = fit_scores(adata[:40].copy(), SETS, method=method)
    out = store.parent / "out.parquet"
    stored = score_store(store, method=model, scale="tpm", output=out, options=SMALL)
    pd.testing.assert_frame_equal(read_table(out), apply_scores(model, adata).table, check_exact=True)
    assert stored.provenance.method == f"{method}_frozen"
    assert "model" in stored.provenance.inputs


def test_no_byte_depends_on_threads_and_no_score_on_memory(store: Path) -> None:
    files = []
    for threads, memory in ((1, 1_600_000), (2, 1_600_000), (3, 1_600_000), (2, 400_000)):
        out = store.parent / f"{threads}_{memory}.parquet"
        score_store(store, SETS, scale="tpm", output=out, options=StreamOptions(memory=memory, threads=threads))
        files.append(out)
    assert len({f.read_bytes() for f in files[:3]}) == 1
    pd.testing.assert_frame_equal(read_table(files[3]), read_table(files[0]), check_exact=True)


def rows(n: int, n_genes: int, chunk: int, item: int = 4) -> ZarrRows:
    names = tuple(map(str, range(n)))
    return ZarrRows(names, tuple(map(str, range(n_genes))), chunk, item, "here", None)


def test_blocks_are_whole_chunks_within_the_memory() -> None:
    for chunk in (1, 100, 256, 700):
        size, threads = plan_blocks(rows(5_000, 20_000, chunk), memory=1 << 30, threads=2)
        assert size % chunk == 0
        assert threads == 2
        per_block = size * 2 * 20_000 * 4 + 64 * 20_000 * 8 * 6
        assert threads * per_block <= 1 << 30
        assert plan_blocks(rows(5_000, 20_000, chunk), memory=1 << 30, threads=1)[0] == size
    large, alone = plan_blocks(rows(9_000, 20_000, 6_000), memory=1 << 30, threads=8)
    assert alone * (large * 2 * 20_000 * 4 + 64 * 20_000 * 8 * 6) <= 1 << 30
    with pytest.raises(MethodError, match="do not hold a block"):
        plan_blocks(rows(500, 20_000, 1), memory=1 << 20, threads=1)


def test_what_cannot_be_streamed_leaves_nothing(store: Path) -> None:
    out = store.parent / "out.parquet"
    with pytest.raises(MethodError, match="looks at the whole cohort"):
        score_store(store, SETS, method="gsva", scale="tpm", output=out)
    with pytest.raises(ScaleError, match="contradict the declared scale"):
        score_store(store, SETS, method="mean", scale="log2(tpm+1)", output=out)
    adata = cohort()
    adata.X[149, 3] = np.inf
    with ad.settings.override(zarr_write_format=3):
        adata.write_zarr(store.parent / "bad.zarr")
    with pytest.raises(ExpressionError, match="1 values are infinite"):
        score_store(store.parent / "bad.zarr", SETS, method="mean", scale="tpm", output=out, options=SMALL)
    assert sorted(p.name for p in store.parent.iterdir()) == ["bad.zarr", "many.zarr"]
