"""Who gives numbers that are no counts is told which, where, and what speaks for which scale."""

from __future__ import annotations

import numpy as np
import pytest

from tmescope.ingest.no_counts import Suspects, no_counts

COUNTS = np.array([[4.0, 1.0, 5.0], [2.0, 2.0, 6.0]])


def told(values: np.ndarray, **more) -> str:
    ends = np.arange(0, values.size + 1, values.shape[1])
    genes = np.tile(np.arange(values.shape[1]), len(values))
    found = Suspects(ends, genes, values.ravel(), ("c1", "c2"), ("A", "B", "C"), **more)
    return str(no_counts(found, where="x.h5ad, X"))


@pytest.mark.parametrize(
    "values, evidence",
    [
        (np.log1p(COUNTS * 1000), "exp(x) - 1 of each cell adds up to 10,000"),
        (np.log2(COUNTS * 1000 + 1), "2^x - 1 of each cell adds up to 10,000"),
        (np.log1p(COUNTS), "exp(x) - 1 of each cell adds up to 10:"),
        (np.log1p(COUNTS) * [[1.1, 1, 1], [1, 1, 1]], "logarithms, by their size"),
        (COUNTS * 100.5, "each cell adds up to 1,005"),
        (COUNTS * [[100.25, 33, 1], [8, 1, 1]], "linear by their size"),
        (COUNTS - 3, "scaled or centred"),
    ],
)
def test_evidence_says_which_scale(values, evidence):
    assert evidence in told(values)


def test_shares_places_and_other_matrices_are_said():
    values = COUNTS.copy()
    values[1] = [0.5, np.nan, -3.0]
    said = told(values, elsewhere=("layers/counts",))
    assert "1 (16.7%) are no whole numbers" in said
    assert "1 (16.7%) are negative" in said
    assert "1 (16.7%) are no finite numbers" in said
    assert "0.5 in cell 'c2', gene 'A'" in said
    assert "layers/counts" in said
    assert "a cohort of a study" in told(values)
