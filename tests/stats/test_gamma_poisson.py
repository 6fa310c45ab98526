from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from tmescope.foundation.errors import InputError
from tmescope.stats import gamma_poisson
from tmescope.stats.gamma_poisson import GammaMixture, fit_gamma_mixture, shrink_ratios

PUBLISHED = GammaMixture(shape_1=3.25379064, rate_1=0.39988801, shape_2=2.02613219, rate_2=1.90808279, share=0.06534557)
"""Estimates that the vignette of the R package openEBGM (2018-03-09) prints for its example data."""


def test_scores_are_those_that_the_vignette_of_openebgm_prints() -> None:
    expected = [0.0360548272, 0.0038736591, 0.0002979738, 0.0765792610, 0.0527413588, 0.40643623, 0.89690107]
    expected += [0.07866508, 0.30482718, 0.56317044]
    found = shrink_ratios([1, 1, 1, 1, 1, 16, 19, 6, 8, 11], expected, PUBLISHED)
    printed = [
        (2.23, 0.49, 13.85), (2.58, 0.52, 15.78), (2.63, 0.52, 16.02), (1.92, 0.47, 11.77), (2.09, 0.48, 12.95),
        (23.26, 15.68, 33.48), (16.78, 11.65, 23.55), (18.28, 10.16, 30.83), (15.25, 9.00, 24.52),
        (14.28, 8.98, 21.78),
    ]  # fmt: skip
    np.testing.assert_allclose(found.ratio, [row[0] for row in printed], atol=0.0051)
    # that package stops halving a little below the limit
    limits = np.column_stack([found.ratio_low, found.ratio_high])
    np.testing.assert_allclose(limits, [row[1:] for row in printed], atol=0.0075)
    np.testing.assert_allclose(found.first[:3], [0.2819736, 0.3409652, 0.3482316], atol=5e-8)


@pytest.mark.parametrize(("n", "e"), [(0, 0.4), (3, 0.2), (40, 11.0), (500, 430.0)])
def test_the_posterior_is_that_of_numerical_integration(n: int, e: float) -> None:
    prior = PUBLISHED

    def density(x: float) -> float:
        first = stats.gamma.pdf(x, prior.shape_1, scale=1 / prior.rate_1)
        second = stats.gamma.pdf(x, prior.shape_2, scale=1 / prior.rate_2)
        return float((prior.share * first + (1 - prior.share) * second) * stats.poisson.pmf(n, x * e))

    found = shrink_ratios([n], [e], prior)
    top = 60.0
    middle = [float(found.ratio[0]), float(found.ratio_high[0])]

    def area(f, high: float = top) -> float:
        return float(integrate.quad(f, 0, high, points=[p for p in middle if p < high] or None, limit=400)[0])

    whole = area(density)
    assert area(density, float(found.ratio_low[0])) / whole == pytest.approx(0.05, abs=1e-6)
    assert area(density, float(found.ratio_high[0])) / whole == pytest.approx(0.95, abs=1e-6)
    mean_log = area(lambda x: np.log(x) * density(x)) / whole
    assert found.ratio[0] == pytest.approx(np.exp(mean_log), rel=1e-5)


@pytest.fixture(scope="module")
def cells():
    rng = np.random.default_rng(2)
    e = rng.lognormal(0.0, 1.0, 6000)
    ratio = np.where(rng.random(6000) < 0.1, rng.gamma(4.0, 1 / 0.5, 6000), rng.gamma(8.0, 1 / 8.0, 6000))
    return rng.poisson(ratio * e), e, ratio


@pytest.mark.parametrize("least", [0, 1])
def test_the_prior_is_found_with_and_without_the_cells_that_nobody_saw(cells, least: int) -> None:
    n, e, _ = cells
    found = fit_gamma_mixture(n, e, least=least)
    assert found.converged
    parts = sorted([(found.shape_1 / found.rate_1, found.share), (found.shape_2 / found.rate_2, 1 - found.share)])
    assert parts[0][0] == pytest.approx(1.0, abs=0.1)
    assert parts[1][0] == pytest.approx(8.0, rel=0.15)
    assert parts[1][1] == pytest.approx(0.1, abs=0.03)


def test_the_likelihood_is_that_of_a_mixture_of_negative_binomials(cells) -> None:
    n, e, _ = cells
    found = fit_gamma_mixture(n, e)
    pmf = [
        stats.nbinom.pmf(np.array([n, 0 * n]), shape, rate / (rate + e))
        for shape, rate in ((found.shape_1, found.rate_1), (found.shape_2, found.rate_2))
    ]
    seen, nothing = found.share * pmf[0] + (1 - found.share) * pmf[1]
    is_seen = n >= 1
    expected = np.log(seen[is_seen] / (1 - nothing[is_seen])).sum()
    assert found.log_likelihood == pytest.approx(expected, rel=1e-9)


def test_no_other_prior_nearby_is_likelier(cells) -> None:
    n, e, _ = cells
    n, e = n[:800], e[:800]
    found = fit_gamma_mixture(n, e)

    def likelihood(a1, b1, a2, b2, p) -> float:
        pmf = [stats.nbinom.pmf(np.array([n, 0 * n]), a, b / (b + e)) for a, b in ((a1, b1), (a2, b2))]
        seen, nothing = p * pmf[0] + (1 - p) * pmf[1]
        return float(np.log(seen[n > 0] / (1 - nothing[n > 0])).sum())

    best = np.array([found.shape_1, found.rate_1, found.shape_2, found.rate_2, found.share])
    for i in range(5):
        for factor in (0.97, 1.03):
            other = best.copy()
            other[i] *= factor
            assert likelihood(*other) <= found.log_likelihood + 1e-6


def test_one_chance_meeting_of_two_rare_things_is_not_believed(cells) -> None:
    prior = fit_gamma_mixture(cells[0], cells[1])
    found = shrink_ratios([1, 30], [0.02, 3.0], prior)
    assert found.ratio_low[0] < 2.0 < found.ratio_low[1]


def test_limits_hold_the_truth_as_often_as_they_say(cells) -> None:
    n, e, ratio = cells
    found = shrink_ratios(n, e, fit_gamma_mixture(n, e, least=0))
    assert (ratio < found.ratio_low).mean() == pytest.approx(0.05, abs=0.015)
    assert (ratio > found.ratio_high).mean() == pytest.approx(0.05, abs=0.015)


@pytest.mark.parametrize(
    ("n", "e"), [([1, 2], [1.0]), ([-1], [1.0]), ([0.5], [1.0]), ([1], [0.0]), ([1] * 9, [1.0] * 9)]
)
def test_what_makes_no_sense_is_refused(n, e) -> None:
    with pytest.raises(InputError):
        fit_gamma_mixture(n, e)


@pytest.mark.parametrize("least", [0, 1, 3])
def test_the_gradient_is_that_of_differences(cells, least: int) -> None:
    from scipy import optimize

    n, e = cells[0].astype(float), cells[1]
    n, e = n[n >= least][:300], e[n >= least][:300]
    problem = gamma_poisson._Problem(n, e, least)
    theta = np.array([-0.3, -1.0, 1.2, 0.9, -1.1])
    numeric = optimize.approx_fprime(theta, lambda t: problem.loss(t)[0], 1e-6)
    np.testing.assert_allclose(problem.loss(theta)[1], numeric, rtol=2e-4, atol=1e-3)
