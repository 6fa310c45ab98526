"""A cohort from a matrix that is no file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tmescope.foundation.errors import ManyProblems, SampleError
from tmescope.ingest.cohort import read_cohort
from tmescope.ingest.expression import ExpressionTable
from tmescope.ingest.given_matrix import GivenMatrix
from tmescope.ingest.options import CohortOptions

OPTIONS = CohortOptions("c", "counts")


def test_it_is_read_like_a_file():
    table = ExpressionTable(np.array([[3.0, 0.0], [1.0, 5.0]]), ("CD8A", "GZMB"), ("a", "b"))
    found = read_cohort(GivenMatrix(Path("atlas.zarr"), lambda: table), options=OPTIONS)
    assert found.adata.X.tolist() == [[3.0, 0.0], [1.0, 5.0]]
    assert str(GivenMatrix(Path("atlas.zarr"), lambda: table)) == "atlas.zarr"


def test_its_problem_is_told_with_those_of_the_sample_table(tmp_path):
    def read() -> ExpressionTable:
        raise SampleError("no label")

    with pytest.raises(ManyProblems) as error:
        read_cohort(GivenMatrix(Path("atlas.zarr"), read), tmp_path / "absent.csv", options=OPTIONS)
    assert len(error.value.problems) == 2
