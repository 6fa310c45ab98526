from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from tmescope.bulk.gene_sets import index_sets
from tmescope.bulk.methods.singscore import rank_auc, singscore, singscore_dispersion

GENES = [f"G{i}" for i in range(10)]
ONE = {"threads": 1}


def _index(weights):
    return index_sets({"s": tuple(weights)}, GENES, weights={"s": weights})


def test_up_genes_by_hand():
    values = np.arange(10.0)[None, :]  # ranks 1 to 10 in the order of the genes
    top = singscore(values, _index({"G8": 1.0, "G9": 1.0}), ONE)[0, 0]
    bottom = singscore(values, _index({"G0": 1.0, "G1": 1.0}), ONE)[0, 0]
    middle = singscore(values, _index({"G4": 1.0, "G5": 1.0}), ONE)[0, 0]
    assert (top, bottom, middle) == (0.5, -0.5, pytest.approx(0.0))


def test_down_genes_count_from_the_other_end_and_are_added():
    values = np.arange(10.0)[None, :]
    both = singscore(values, _index({"G8": 1.0, "G9": 1.0, "G0": -1.0, "G1": -1.0}), ONE)[0, 0]
    down = singscore(values, _index({"G0": -1.0, "G1": -1.0}), ONE)[0, 0]
    assert (both, down) == (1.0, 0.5)


def test_the_dispersion_is_the_spread_of_the_ranks():
    values = np.arange(10.0)[None, :]
    found = singscore_dispersion(values, _index({"G0": 1.0, "G4": 1.0, "G9": 1.0}), ONE)[0, 0]
    assert found == pytest.approx(1.4826 * 4)  # ranks 1, 5, 10: deviations 4, 0, 5
    assert singscore_dispersion(values, _index({"G0": 1.0, "G9": -1.0}), ONE)[0, 0] == 0.0


def test_the_auc_is_that_of_mann_and_whitney():
    values = np.random.default_rng(0).poisson(3.0, size=(6, 10)).astype(float)
    members = [1, 4, 7]
    found = rank_auc(values, index_sets({"s": [GENES[i] for i in members]}, GENES), ONE)[:, 0]
    others = [i for i in range(10) if i not in members]
    expected = [mannwhitneyu(row[members], row[others]).statistic / (3 * 7) for row in values]
    np.testing.assert_allclose(found, expected)


def test_samples_without_the_genes_are_missing():
    values = np.array([[np.nan, *range(9)], [0.0, *range(1, 10)]])
    index = _index({"G0": 1.0})
    assert np.isnan([f(values, index, ONE)[0, 0] for f in (singscore, singscore_dispersion, rank_auc)]).all()
    assert singscore(values, index, ONE)[1, 0] == -0.5
