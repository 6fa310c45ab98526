from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import InputError
from tmescope.stats.count_slopes import fit_count_slopes, pool_dispersion

TIME = np.arange(20) / 4.0
SIZE = 10_000 * 1.02 ** np.arange(20)


def _draw(n: int, *, dispersion: float, slope: float = 0.0, rate: float = 5.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mean = rate * rng.lognormal(0, 1, n)[:, None] * SIZE / SIZE[0] * np.exp(slope * TIME)
    return rng.poisson(mean * (rng.gamma(1 / dispersion, dispersion, mean.shape) if dispersion else 1.0))


@pytest.mark.parametrize("dispersion", [0.0, 0.08, 1.5])
def test_each_series_agrees_with_the_same_model_of_statsmodels(dispersion: float) -> None:
    counts = _draw(40, dispersion=max(dispersion, 0.05), slope=0.3, rate=1.0, seed=3)
    found = fit_count_slopes(counts, SIZE, TIME, dispersion=dispersion)
    design = np.column_stack([np.ones(20), TIME - TIME.mean()])
    family = sm.families.NegativeBinomial(alpha=dispersion) if dispersion else sm.families.Poisson()
    compared = 0
    for i, row in enumerate(counts):
        if found.reason[i]:
            continue
        model = sm.GLM(row, design, family=family, offset=np.log(SIZE)).fit(
            tol=1e-12, maxiter=500, tol_criterion="params"
        )
        assert found.slope[i] == pytest.approx(model.params[1], rel=1e-6, abs=1e-8)
        assert found.std_error[i] == pytest.approx(model.bse[1], rel=1e-6)
        assert found.level[i] == pytest.approx(model.params[0], rel=1e-6)
        assert found.p_value[i] == pytest.approx(model.pvalues[1], rel=1e-5)
        assert (found.ci_low[i], found.ci_high[i]) == pytest.approx(tuple(model.conf_int()[1]), rel=1e-6, abs=1e-6)
        assert found.pearson[i] == pytest.approx(model.pearson_chi2 / 18, rel=1e-6)
        compared += 1
    assert compared > 30


@pytest.mark.parametrize("dispersion", [0.05, 0.3])
def test_the_pooled_dispersion_is_found(dispersion: float) -> None:
    counts = _draw(1500, dispersion=dispersion, slope=0.2)
    assert pool_dispersion(counts, SIZE, TIME) == pytest.approx(dispersion, rel=0.1)


def test_counts_that_only_chance_moves_have_hardly_any_dispersion() -> None:
    assert pool_dispersion(_draw(800, dispersion=0.0), SIZE, TIME) < 0.005
    assert pool_dispersion(np.zeros((3, 20)), SIZE, TIME) == 0.0


def test_the_errors_are_right_where_nothing_rises() -> None:
    counts = _draw(3000, dispersion=0.1)
    found = fit_count_slopes(counts, SIZE, TIME, dispersion=0.1)
    p = found.p_value[~np.isnan(found.p_value)]
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.012)


def test_growth_of_the_whole_is_no_slope() -> None:
    whole = 1000 * 2.0 ** np.arange(8)
    found = fit_count_slopes([whole / 100 * 10, whole * np.arange(1, 9)], whole, np.arange(8.0), dispersion=0.1)
    assert found.slope[0] == pytest.approx(0.0, abs=1e-9)
    assert found.slope[1] > 0.1


def test_what_has_no_slope_says_why_and_leaves_the_others_alone() -> None:
    rows = np.zeros((4, 6))
    rows[1, -1], rows[2, 0], rows[3] = 7, 7, [1, 0, 2, 3, 2, 5]
    found = fit_count_slopes(rows, np.full(6, 100.0), np.arange(6.0), dispersion=0.1)
    assert found.reason == ("no_counts", "one_end", "one_end", "")
    assert np.isnan(found.slope[:3]).all()
    alone = fit_count_slopes(rows[3:], np.full(6, 100.0), np.arange(6.0), dispersion=0.1)
    assert found.slope[3] == pytest.approx(alone.slope[0], rel=1e-10)
    assert found.total.tolist() == [0, 7, 7, 13]


def test_a_period_without_exposure_is_left_out() -> None:
    counts, size = np.array([[1.0, 2, 0, 4, 7]]), np.array([10.0, 10, 0, 10, 10])
    kept = np.array([0, 1, 3, 4])
    whole = fit_count_slopes(counts, size, np.arange(5.0), dispersion=0.2)
    part = fit_count_slopes(counts[:, kept], size[kept], kept.astype(float), dispersion=0.2)
    assert whole.slope[0] == part.slope[0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2000), min_size=8, max_size=8), st.floats(0, 3))
def test_steep_series_converge_to_where_the_score_is_zero(row: list[int], dispersion: float) -> None:
    size, time = np.array([50.0, 80, 60, 90, 100, 95, 120, 130]), np.arange(8) / 4.0
    found = fit_count_slopes([row], size, time, dispersion=dispersion)
    if found.reason[0]:
        return
    t = time - time.mean()
    mean = size * np.exp(found.level[0] + found.slope[0] * t)
    rest = (np.array(row) - mean) / (1 + dispersion * mean)
    scale = max(np.abs(rest).sum(), 1e-9) + 1e-6
    assert abs(rest.sum()) / scale < 1e-5
    assert abs((rest * t).sum()) / scale < 1e-5


@pytest.mark.parametrize(
    ("counts", "size", "told"),
    [
        ([[1, -1, 2]], [1, 1, 1], "1 counts are no counts"),
        ([[1.5, 1, 2]], [1, 1, 1], "1 counts are no counts"),
        ([[1, 1, 2]], [1, 1, 0], "2 of 3 periods"),
        ([[1, 1, 2]], [1, 1], "shape"),
    ],
)
def test_what_makes_no_sense_is_refused(counts, size, told) -> None:
    with pytest.raises(InputError, match=told):
        fit_count_slopes(counts, size, np.arange(len(size)), dispersion=0.1)


def test_a_negative_dispersion_is_refused() -> None:
    with pytest.raises(InputError, match="dispersion"):
        fit_count_slopes([[1, 2, 3]], [1, 1, 1], [0, 1, 2], dispersion=-1.0)
