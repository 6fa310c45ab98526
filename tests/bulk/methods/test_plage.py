from __future__ import annotations

import numpy as np
import pytest

from tmescope.bulk.gene_sets import index_sets
from tmescope.bulk.methods.plage import plage

GENES = [f"G{i}" for i in range(12)]


def _scores(values, members):
    return plage(values, index_sets({"s": [GENES[i] for i in members]}, GENES), {})[:, 0]


@pytest.mark.parametrize("n", [5, 40], ids=["more genes than samples", "more samples than genes"])
def test_it_is_the_first_singular_vector(n):
    values = np.random.default_rng(n).normal(size=(n, 12))
    z = (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)
    first = np.linalg.svd(z[:, :8], full_matrices=False)[0][:, 0]
    found = _scores(values, range(8))
    np.testing.assert_allclose(np.abs(found), np.abs(first), atol=1e-10)
    assert np.sum(found**2) == pytest.approx(1.0)


def test_the_sign_is_that_of_the_genes():
    rng = np.random.default_rng(1)
    programme = rng.normal(size=50)
    values = rng.normal(size=(50, 12)) * 0.3
    values[:, :6] += programme[:, None]
    assert np.corrcoef(_scores(values, range(6)), programme)[0, 1] > 0.9
    assert np.corrcoef(_scores(-values, range(6)), programme)[0, 1] < -0.9


def test_one_gene_and_no_gene():
    values = np.random.default_rng(2).normal(size=(6, 12))
    z = values[:, 3] - values[:, 3].mean()
    np.testing.assert_allclose(_scores(values, [3]), z / np.linalg.norm(z))
    assert np.isnan(_scores(values, [])).all()
