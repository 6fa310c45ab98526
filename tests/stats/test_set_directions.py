from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.moderated import fit_genes, moderate
from tmescope.stats.set_directions import compare_set

GOLDEN = Path(__file__).parents[1] / "golden" / "stats_camera"
SETS = {"a": slice(0, 20), "b": slice(20, 35), "c": slice(35, 60)}


def _fitted(y: np.ndarray, design: np.ndarray, *, trend: bool = False):
    fits = fit_genes(y, design)
    contrast = np.zeros(design.shape[1])
    contrast[-1] = 1.0
    return moderate(fits, contrast, trend=trend), y - design @ fits.coefficients.T


def _compare(y: np.ndarray, design: np.ndarray, chosen: np.ndarray, *, trend: bool = False):
    test, left = _fitted(y, design, trend=trend)
    df = float(len(y) - design.shape[1])
    return compare_set(test.t, chosen, residuals=left[:, chosen], residual_df=df, total_df=test.total_df)


@pytest.mark.parametrize("name", SETS)
def test_numbers_are_those_of_camera(name: str) -> None:
    y = pd.read_csv(GOLDEN / "expression.csv", index_col=0).to_numpy().T
    given = pd.read_csv(GOLDEN / "design.csv", index_col=0)
    design = np.column_stack([np.ones(len(y)), given["cov"], given["grp"]])
    expected = pd.read_csv(GOLDEN / "expected_camera.csv", index_col=0).loc[name]
    chosen = np.zeros(y.shape[1], dtype=bool)
    chosen[SETS[name]] = True
    found = _compare(y, design, chosen, trend=True)
    assert found.n == expected["NGenes"]
    assert found.correlation == pytest.approx(expected["Correlation"], abs=1e-8)
    assert found.p_value == pytest.approx(expected["PValue"], rel=1e-5)  # limma's z of t is an approximation
    assert ("Up" if found.effect > 0 else "Down") == expected["Direction"].strip()


def _null(seed: int, *, correlation: float) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    n, genes, m = 16, 120, 30
    shared = rng.normal(size=(n, 1))
    y = rng.normal(size=(n, genes))
    y[:, :m] = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * y[:, :m]
    design = np.column_stack([np.ones(n), np.repeat([0.0, 1.0], n // 2)])
    chosen = np.arange(genes) < m
    test, _ = _fitted(y, design)
    naive = stats.mannwhitneyu(test.t[chosen], test.t[~chosen]).pvalue
    return _compare(y, design, chosen).p_value, float(naive)


def test_a_set_of_correlated_genes_is_not_called_where_a_rank_sum_calls_it() -> None:
    found = np.array([_null(seed, correlation=0.3) for seed in range(500)])
    size, naive = (found < 0.05).mean(axis=0)
    assert stats.binom.ppf(0.0005, 500, 0.05) / 500 <= size <= stats.binom.ppf(0.9995, 500, 0.05) / 500
    assert naive > 0.3  # what is avoided


def test_a_set_that_moves_is_found_with_its_direction() -> None:
    rng = np.random.default_rng(2)
    y = rng.normal(size=(20, 200))
    group = np.repeat([0.0, 1.0], 10)
    y[:, :15] -= 1.2 * group[:, None]
    found = _compare(y, np.column_stack([np.ones(20), group]), np.arange(200) < 15)
    assert found.effect < 0
    assert found.p_value < 1e-6
    assert found.inflation >= 1.0


def test_huge_statistics_stay_finite_and_few_genes_have_a_reason() -> None:
    t = np.array([400.0, -300.0, 1.0, 0.5, 0.0, -1.0])
    left = np.random.default_rng(0).normal(size=(8, 2))
    chosen = np.arange(6) < 2
    found = compare_set(t, chosen, residuals=left, residual_df=6.0, total_df=np.full(6, np.inf))
    assert np.isfinite([found.effect, found.t, found.p_value]).all()
    one = compare_set(t, np.arange(6) < 1, residuals=left[:, :1], residual_df=6.0, total_df=np.full(6, 9.0))
    assert one.reason == "few_genes"
    assert np.isnan(one.p_value)


def test_shapes_that_do_not_agree_are_refused() -> None:
    with pytest.raises(InputError, match="do not agree"):
        compare_set([1.0, 2.0], [True, False], residuals=np.ones((4, 2)), residual_df=3.0, total_df=[3.0, 3.0])
