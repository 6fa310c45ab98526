from __future__ import annotations

import numpy as np
import pytest

from tmescope.bulk.gene_sets import index_sets
from tmescope.bulk.methods.estimate import METHOD, estimate
from tmescope.facts.signatures import load_collection


def test_sum_and_purity_follow_from_the_two_scores():
    values = np.random.default_rng(0).gamma(1.0, 10.0, size=(4, 30))
    genes = [f"G{i}" for i in range(30)]
    found = estimate(values, index_sets({"s": genes[:5], "i": genes[5:12]}, genes), {"threads": 1})
    np.testing.assert_allclose(found[:, 2], found[:, 0] + found[:, 1])
    np.testing.assert_allclose(found[:, 3], np.cos(0.6049872018 + 0.0001467884 * found[:, 2]))


def test_a_negative_purity_is_missing():
    values = np.arange(20_000.0)[None, ::-1]
    genes = [f"G{i}" for i in range(20_000)]
    top = index_sets({"s": genes[:5], "i": genes[5:10]}, genes)
    found = estimate(values, top, {"threads": 1})[0]
    assert found[2] == pytest.approx(19_990, abs=10)
    assert np.isnan(found[3])


def test_it_says_what_its_purity_is_not_for():
    assert "RNA-seq" in METHOD.spec.higher_means
    assert [s.name for s in load_collection("estimate")] == ["estimate_stromal", "estimate_immune"]
