"""Sums over cells reach a method in a scale that it takes."""

from __future__ import annotations

import numpy as np
import pytest
from anndata import AnnData

from tmescope.bulk.scoring import list_methods
from tmescope.foundation.scale import Scale
from tmescope.study.cell_scales import scaled_for, taken_scale, usable_scale
from tmescope.study.schema import Cohort

SPECS = {m.spec.name: m.spec for m in list_methods()[0]}
CELLS = Cohort.model_validate({"id": "a", "kind": "cells", "atlas": "a.zarr"})
BULK = Cohort.model_validate({"id": "a", "expression": "m.tsv", "scale": "counts"})


def counts() -> AnnData:
    return AnnData(X=np.array([[1.0, 3.0], [0.0, 0.0]]), uns={"tmescope": {"scale": "counts"}})


def test_counts_become_counts_per_million_where_a_method_takes_no_counts():
    found = scaled_for(SPECS["mean"], counts(), CELLS)
    np.testing.assert_array_equal(found.X, [[250_000.0, 750_000.0], [np.nan, np.nan]])
    assert found.uns["tmescope"]["scale"] == "cpm"


@pytest.mark.parametrize(("method", "cohort"), [("gsva_poisson", CELLS), ("mean", BULK)])
def test_they_stay_where_it_takes_them_and_where_they_are_reads(method, cohort):
    adata = counts()
    assert scaled_for(SPECS[method], adata, cohort) is adata


def test_the_scale_is_told():
    assert usable_scale(SPECS["mean"], Scale("counts"), of_cells=False) == Scale("counts")
    assert str(taken_scale(SPECS["mean"], Scale("counts"))) == "log2(cpm+1)"
    assert str(taken_scale(SPECS["mean"], Scale("tpm"))) == "log2(tpm+1)"
