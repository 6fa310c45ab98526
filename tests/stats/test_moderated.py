from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from tmescope.foundation.errors import InputError
from tmescope.stats import moderated
from tmescope.stats.moderated import fit_genes, moderate


@pytest.fixture
def cohort(shared_data):
    folder = shared_data / "stats" / "limma_combat"
    data = pd.read_csv(folder / "data.tsv", sep="\t", index_col=0)
    samples = pd.read_csv(folder / "samples.tsv", sep="\t", index_col=0).loc[data.columns]
    return folder, data.T.to_numpy(), np.column_stack([np.ones(len(samples)), samples[["case", "male"]]])


@pytest.mark.parametrize(("trend", "name"), [(False, "limma_case"), (True, "limma_trend_case")])
def test_limma_agrees_on_real_data(cohort, trend: bool, name: str) -> None:
    folder, y, design = cohort
    expected = pd.read_csv(folder / f"expected_{name}.tsv", sep="\t", index_col=0)
    found = moderate(fit_genes(y, design), [0, 1, 0], trend=trend)
    for ours, theirs in (
        (found.effects, "logFC"),
        (found.averages, "AveExpr"),
        (found.t, "t"),
        (found.p_values, "P.Value"),
        (found.q_values, "adj.P.Val"),
        (found.log_odds, "B"),
    ):
        np.testing.assert_allclose(ours, expected[theirs], rtol=1e-8, atol=1e-9)


def test_limmas_prior_agrees_on_real_data(cohort) -> None:
    folder, y, design = cohort
    expected = pd.read_csv(folder / "expected_limma_hyper.tsv", sep="\t").iloc[0]
    found = moderate(fit_genes(y, design), [0, 1, 0])
    assert found.prior_df == pytest.approx(expected["df_prior"], rel=1e-8)
    assert found.prior_variance[0] == pytest.approx(expected["s2_prior"], rel=1e-8)


@pytest.mark.parametrize(("case", "trend"), [("plain", False), ("plain", True), ("holes", False), ("equal", False)])
def test_golden_numbers_of_limma(golden, case: str, trend: bool) -> None:
    y = golden(f"stats_moderated/{case}.tsv").set_index("gene").T.to_numpy()
    expected = golden(f"stats_moderated/{case}_{'trend' if trend else 'flat'}.tsv")
    design = np.column_stack([np.ones(10), np.repeat([0.0, 1.0], 5), np.arange(10.0) % 2])
    found = moderate(fit_genes(y, design), [0, 1, 0], trend=trend)
    np.testing.assert_allclose(found.t, expected["t"], rtol=1e-8)
    np.testing.assert_allclose(found.p_values, expected["p"], rtol=1e-8)
    np.testing.assert_allclose(found.log_odds, expected["B"], rtol=1e-8)
    np.testing.assert_allclose(found.total_df, expected["df_total"], rtol=1e-8)


def _planted(seed: int = 0, genes: int = 200, n: int = 12):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(n, genes)) * np.sqrt(1 / rng.gamma(4, 1 / 4, genes)) + 6
    return y, np.column_stack([np.ones(n), np.repeat([0.0, 1.0], n // 2)])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_the_contrast_does_not_depend_on_the_coding_of_the_design(seed: int) -> None:
    y, design = _planted(seed, genes=30)
    means = np.column_stack([1 - design[:, 1], design[:, 1]])
    one, two = moderate(fit_genes(y, design), [0, 1]), moderate(fit_genes(y, means), [-1, 1])
    np.testing.assert_allclose(one.t, two.t, rtol=1e-9, atol=1e-11)
    three = moderate(fit_genes(y[:, ::-1], design), [0, 2])
    np.testing.assert_allclose(three.p_values[::-1], one.p_values, rtol=1e-9)
    np.testing.assert_allclose(three.effects[::-1], 2 * one.effects, rtol=1e-9)


def test_equal_weights_change_nothing_and_a_missing_value_is_a_sample_less() -> None:
    y, design = _planted()
    plain, weighted = fit_genes(y, design), fit_genes(y, design, weights=np.full(y.shape, 3.0))
    np.testing.assert_allclose(weighted.coefficients, plain.coefficients, rtol=1e-9)
    np.testing.assert_allclose(moderate(weighted, [0, 1]).t, moderate(plain, [0, 1]).t, rtol=1e-9)
    holes = y.copy()
    holes[3, 0] = np.nan
    found, rest = fit_genes(holes, design), fit_genes(np.delete(y, 3, axis=0)[:, :2], np.delete(design, 3, axis=0))
    np.testing.assert_allclose(found.coefficients[0], rest.coefficients[0], rtol=1e-10)
    assert found.variances[0] == pytest.approx(rest.variances[0])
    holes[:6, 1] = np.nan  # a gene that one group lacks has no contrast
    assert np.isnan(moderate(fit_genes(holes, design), [0, 1]).t[1])


def test_weights_are_those_of_weighted_least_squares() -> None:
    y, design = _planted(3)
    w = np.random.default_rng(1).gamma(2, size=y.shape)
    found = fit_genes(y, design, weights=w)
    root = np.sqrt(w[:, 7])
    slopes, squares, *_ = np.linalg.lstsq(design * root[:, None], y[:, 7] * root, rcond=None)
    np.testing.assert_allclose(found.coefficients[7], slopes, rtol=1e-10)
    assert found.variances[7] == pytest.approx(squares[0] / 10, rel=1e-9)


def test_the_prior_is_the_planted_one() -> None:
    rng = np.random.default_rng(5)
    sigma2 = 2.0 * 6 / rng.chisquare(6, 20_000)  # prior degrees of freedom 6, variance 2
    y = rng.normal(size=(8, 20_000)) * np.sqrt(sigma2)
    found = moderate(fit_genes(y, np.ones((8, 1))), [1])
    assert found.prior_df == pytest.approx(6, rel=0.1)
    assert found.prior_variance[0] == pytest.approx(2, rel=0.05)
    assert stats.kstest(found.p_values, "uniform").pvalue > 0.001
    same = moderate(fit_genes(rng.normal(size=(8, 50)), np.ones((8, 1))), [1])
    assert same.prior_df > 20


@settings(max_examples=50, deadline=None)
@given(st.floats(1e-5, 1e6))
def test_trigamma_is_inverted(value: float) -> None:
    assert special.polygamma(1, moderated._inverse_trigamma(value)) == pytest.approx(value, rel=1e-10)


def test_senseless_designs_are_refused() -> None:
    y, design = _planted()
    with pytest.raises(InputError, match="rank 2"):
        fit_genes(y, np.column_stack([design, 1 - design[:, 1]]))
    with pytest.raises(InputError, match="no residual"):
        fit_genes(y[:2], np.eye(2))
    with pytest.raises(InputError, match="12 samples"):
        fit_genes(y, design[:5])
    with pytest.raises(InputError, match="missing"):
        fit_genes(y, np.where(design == 0, np.nan, design))
    with pytest.raises(InputError, match="above zero"):
        fit_genes(y, design, weights=np.zeros(y.shape))
    with pytest.raises(InputError, match="contrast"):
        moderate(fit_genes(y, design), [0, 0])
    with pytest.raises(InputError, match="1 genes"):
        moderate(fit_genes(y[:, :1], design), [0, 1])
