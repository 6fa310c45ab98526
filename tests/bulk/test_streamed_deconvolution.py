"""Composition of a store is that of the matrix in memory, whatever the threads."""

from __future__ import annotations

import json
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from tests.facts.references import made

from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve
from tmescope.bulk.streamed_deconvolution import DeconvolveStream, deconvolve_store
from tmescope.facts.installed import install
from tmescope.facts.loading import load_reference
from tmescope.facts.signatures import load_collection
from tmescope.facts.trust import Origin
from tmescope.foundation.errors import ExpressionError, MethodError, ScaleError
from tmescope.foundation.provenance import hash_file
from tmescope.store.tables import read_table

pytestmark = pytest.mark.filterwarnings("ignore:.*(onsolidated|zarr v2):UserWarning")  # anndata's own
N = 150


@pytest.fixture
def home(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.mkdir()
    made.registered("quantiseq", source)
    install("quantiseq", source, home=tmp_path / "facts", origin=Origin("made"))
    return tmp_path / "facts"


def cohort(home: Path, *, missing: bool = False) -> ad.AnnData:
    named = [*load_reference("quantiseq", home=home).signature.rows]
    named += [g for s in load_collection("mcp_counter") for g in s.genes]
    genes = [*dict.fromkeys(named), *(f"BG{i:03d}" for i in range(40))]
    values = np.random.default_rng(4).gamma(0.7, 90.0, size=(N, len(genes))).round(2).astype(np.float32)
    values[7, :-40] = 0.0  # expresses nothing that is looked for
    values[64:128, :-40] = 0.0  # all that are estimated together
    if missing:
        values[5, 3] = np.nan
    return ad.AnnData(values, obs=pd.DataFrame(index=[f"S{i:03d}" for i in range(N)]), var=pd.DataFrame(index=genes))


def write(adata: ad.AnnData, path: Path) -> Path:
    with ad.settings.override(zarr_write_format=3):
        adata.write_zarr(path, chunks=(16, adata.n_vars))
    return path


def options(home: Path, *, threads: int = 1, **parameters: object) -> DeconvolveStream:
    small = 64 * 8 * 6 * 300 + 4 * 2 * 4 * 300 * 40
    return DeconvolveStream(small, threads, deconvolve=DeconvolveOptions(facts_home=home, parameters=parameters))


@pytest.mark.parametrize("method", ["quantiseq", "mcp_counter"])
@pytest.mark.parametrize("missing", [False, True])
def test_a_stream_estimates_as_the_matrix_in_memory(home: Path, tmp_path: Path, method: str, *, missing: bool) -> None:
    adata = cohort(home, missing=missing)
    store, out = write(adata, tmp_path / "many.zarr"), tmp_path / "out.parquet"
    stored = deconvolve_store(store, method=method, scale="tpm", output=out, options=options(home))
    adata.uns["tmescope"] = {"scale": "tpm", "cohort_id": "many"}
    expected = deconvolve(adata, method=method, options=options(home).deconvolve)
    found = read_table(out)
    pd.testing.assert_frame_equal(found, expected.table, rtol=1e-12, atol=1e-14)
    assert {(w.code, w.count) for w in stored.warnings} == {(w.code, w.count) for w in expected.warnings}
    told = [w for w in stored.warnings if w.code == "deconvolution.empty_sample"]
    assert [(w.count, w.examples) for w in told] == [(65, ("S007", "S064", "S065"))]
    assert found.loc[found["sample_id"] == "S007", "value"].isna().all()
    kept = json.loads(pq.ParquetFile(out).metadata.metadata[b"tmescope.provenance"])
    assert kept == json.loads(json.dumps(stored.provenance.as_dict()))
    assert kept["facts"] == dict(expected.provenance.facts)


def test_no_byte_depends_on_the_threads(home: Path, tmp_path: Path) -> None:
    store = write(cohort(home, missing=True), tmp_path / "many.zarr")
    hashes = set()
    for threads in (1, 2, 5):
        out = tmp_path / f"{threads}.parquet"
        given = options(home, threads=threads, treg_rule="corrected")
        deconvolve_store(store, method="quantiseq", scale="tpm", output=out, options=given)
        hashes.add(hash_file(out))
    assert len(hashes) == 1


def test_what_cannot_be_streamed_is_refused_and_nothing_written(home: Path, tmp_path: Path) -> None:
    adata = cohort(home)
    store, out = write(adata, tmp_path / "many.zarr"), tmp_path / "out.parquet"
    for method, scale, error, text in (
        ("xcell", "tpm", MethodError, "looks at the whole cohort and cannot be streamed"),
        ("quantiseq", "cpm", ScaleError, "quantiseq does not take cpm"),
        ("nnls", "tpm", MethodError, "needs profiles of cell types"),
    ):
        with pytest.raises(error, match=text):
            deconvolve_store(store, method=method, scale=scale, output=out, options=options(home))
    few = write(adata[:, -40:].copy(), tmp_path / "few.zarr")
    with pytest.raises(MethodError, match="were not measured"):
        deconvolve_store(few, method="quantiseq", scale="tpm", output=out, options=options(home))
    adata.X[100, 2] = np.inf
    with pytest.raises(ExpressionError, match="infinite"):
        deconvolve_store(
            write(adata, tmp_path / "inf.zarr"), method="quantiseq", scale="tpm", output=out, options=options(home)
        )
    assert not out.exists()
