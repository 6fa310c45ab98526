"""Tests of patients hold their level in atlases of cells; a test over cells does not (`bench.atlas_response`)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bench.atlas_response import NULL, auc_of, band, draw, judge, studies

PATIENTS, STUDIES, CELLS = 12, 25, 60


@pytest.fixture(scope="module")
def population():
    plan = replace(
        NULL,
        n_patients=PATIENTS * STUDIES,
        n_cells=PATIENTS * STUDIES * CELLS,
        n_genes=150,
        types=("macrophage", "CD8 T cell"),
    )
    return draw(plan, np.random.default_rng(7))


def test_without_an_effect_patients_hold_the_level_and_cells_do_not(population):
    found = {name: np.mean(k) for name, k in judge(population, PATIENTS, np.random.default_rng(8)).items()}
    low, high = band(0.05, STUDIES)
    assert low <= found["sums: test of patients rejects"] <= high
    assert low <= found["share: test of patients rejects"] <= high
    assert found["sums: test over cells rejects"] > high
    assert found["sums: AUC interval covers"] >= band(0.95, STUDIES)[0]


def test_no_patient_is_in_two_studies(population):
    drawn = np.concatenate(list(studies(population, PATIENTS, np.random.default_rng(0))))
    assert len(drawn) == len(set(drawn)) == PATIENTS * STUDIES
    assert 0.4 < auc_of(population, "sums") < 0.6
