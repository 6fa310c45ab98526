from __future__ import annotations

from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pytest

from tmescope.foundation.errors import ScaleError
from tmescope.ingest.endpoints import ResponseRule, TimeToEventRule
from tmescope.ingest.options import CohortOptions
from tmescope.ingest.reading import read_cohort

if TYPE_CHECKING:
    from conftest import Files


def test_one_call_gives_an_anndata(files: Files) -> None:
    matrix, samples = files.write()
    rule = ResponseRule("recist", ("CR", "PR"), ("SD", "PD"))
    adata = read_cohort(str(matrix), str(samples), scale="log2(tpm+1)", endpoints={"orr": rule})
    assert adata.shape == (8, 60)
    assert adata.obs["orr"].notna().sum() == 7
    assert adata.uns["tmescope"]["warnings"] == ["endpoint.missing: 1 of 8 samples have no orr"]


def test_the_result_can_be_written(files: Files) -> None:
    files.samples.loc[3, "sex"] = "NA"
    rules = {
        "orr": ResponseRule("recist", ("CR", "PR"), ("SD", "PD")),
        "os": TimeToEventRule("os_days", "os_event", "days", ("1",), ("0",)),
    }
    adata = read_cohort(*files.write(), scale="log2(tpm+1)", endpoints=rules)
    adata.write_h5ad(files.folder / "out.h5ad")
    again = ad.read_h5ad(files.folder / "out.h5ad")
    np.testing.assert_array_equal(again.X, adata.X)
    for name in ("orr", "sex", "os_event", "treatment"):
        assert again.obs[name].isna().tolist() == adata.obs[name].isna().tolist(), name
    assert again.obs["orr"].dropna().tolist() == adata.obs["orr"].dropna().tolist()
    assert again.uns["tmescope"]["scale"] == "log2(tpm+1)"
    assert len(again.uns["tmescope"]["warnings"]) == 2


def test_the_scale_is_checked(files: Files) -> None:
    matrix, samples = files.write()
    with pytest.raises(ScaleError):
        read_cohort(matrix, samples, scale="counts")


def test_options_hold_the_rest(files: Files) -> None:
    files.expression = files.expression.T
    files.samples = files.samples.rename(columns={"sample_id": "id"})
    matrix, samples = files.write()
    options = CohortOptions("mine", "tpm", orientation="samples_by_genes", columns={"sample_id": "id"})
    adata = read_cohort(matrix, samples, scale="log2(tpm+1)", options=options)
    assert adata.shape == (8, 60)
    assert adata.uns["tmescope"]["cohort_id"] == "mine"
    assert adata.uns["tmescope"]["scale"] == "log2(tpm+1)"


def test_columns_of_the_call_win(files: Files) -> None:
    files.samples = files.samples.rename(columns={"sample_id": "id"})
    matrix, samples = files.write()
    options = CohortOptions("mine", "tpm", columns={"sample_id": "sex"})
    assert read_cohort(matrix, samples, scale="log2(tpm+1)", columns={"sample_id": "id"}, options=options).n_obs == 8
