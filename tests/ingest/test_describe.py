from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pytest

from tmescope.foundation.errors import MissingFileError
from tmescope.ingest.describe import describe_cohort

if TYPE_CHECKING:
    from conftest import Files


def test_a_matrix_and_its_table_are_described(files: Files) -> None:
    found = describe_cohort(*files.write())
    e = found.expression
    assert (e.format, e.n_rows, e.n_columns) == ("tsv", 60, 8)
    assert e.columns == ("P01", "P02", "P03")
    assert e.orientation[0].value == "genes_by_samples"
    assert "60 row names are genes" in e.orientation[0].evidence
    assert "8 column names are identifiers of the sample table" in e.orientation[0].evidence
    assert e.identifiers[0].value == "symbol"
    assert e.scales[0].value == "log2(tpm+1)"
    assert "at its floor 0" in e.scales[0].evidence
    assert e.maximum == files.expression.to_numpy().max()
    assert found.samples is not None
    assert found.samples.sample_id[0].value == "sample_id"


def test_the_other_orientation(files: Files) -> None:
    files.expression = files.expression.T
    found = describe_cohort(*files.write())
    assert [c.value for c in found.expression.orientation] == ["samples_by_genes"]


@pytest.mark.parametrize(("ids", "kind"), [("ENSG{:011d}.3", "ensembl"), ("{}", "entrez")])
def test_kinds_of_identifiers(files: Files, ids: str, kind: str) -> None:
    files.expression.index = [ids.format(i + 1) for i in range(60)]  # type: ignore[assignment]
    matrix, _ = files.write()
    assert describe_cohort(matrix).expression.identifiers[0].value == kind


@pytest.mark.parametrize("truth", ["counts", "tpm", "log2(tpm+0.001)"])
def test_scales_are_suggested_with_evidence_and_never_decided(files: Files, truth: str) -> None:
    rng = np.random.default_rng(0)
    tpm = rng.gamma(0.3, 1, size=(60, 8))
    tpm[::6] = 0
    tpm *= 6e5 / tpm.sum(axis=0)
    values = {"counts": np.round(tpm * 20), "tpm": tpm, "log2(tpm+0.001)": np.log2(tpm + 0.001)}
    files.expression.iloc[:] = values[truth]
    found = describe_cohort(files.write()[0]).expression
    assert found.scales[0].value == truth
    assert found.scales[0].evidence
    assert (found.integer_share == 1) == (truth == "counts")


def test_h5ad_files_hold_samples_in_rows(files: Files) -> None:
    path = files.folder / "m.h5ad"
    ad.AnnData(files.expression.T.to_numpy()).write_h5ad(path)
    found = describe_cohort(path).expression
    assert found.orientation[0].value == "samples_by_genes"
    assert found.format == "h5ad"


def test_missing_values_are_counted_and_infinite_ones_no_crash(files: Files) -> None:
    files.expression.iloc[0, 0] = np.nan
    assert describe_cohort(files.write()[0]).expression.n_missing == 1
    files.expression.iloc[1, 1] = np.inf
    assert describe_cohort(files.write()[0]).expression.scales == ()


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        describe_cohort(tmp_path / "absent.tsv")


def test_a_published_cohort(shared_data: Path) -> None:
    folder = shared_data / "cohorts" / "liu2019_melanoma_pd1"
    found = describe_cohort(folder / "expression.parquet", folder / "samples.tsv")
    assert found.expression.scales[0].value == "log2(tpm+0.001)"
    assert found.expression.orientation[0].value == "genes_by_samples"
    samples = found.samples
    assert samples is not None
    assert samples.sample_id[0].value == "sample_id"
    assert samples.patient_id[0].value == "patient_id"
    assert [c.value for c in samples.timepoint] == ["timepoint"]
    assert {"response_recist", "response_source"} <= {c.name for c in samples.response}
    pairs = {(p.time, p.event): p for p in samples.times}
    assert pairs["os_time", "os_event"].unit == "months"
    assert ("pfs_time", "pfs_event") in pairs
    assert ("os_time", "pfs_event") not in pairs
    assert dict(pairs["os_time", "os_event"].event_values) == {"1": 62, "0": 59}
