from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.retrieval import precision_at


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_first_k_are_counted_with_exact_limits() -> None:
    score = [5.0, np.nan, 4.0, 3.0, 4.0, 1.0]
    found = precision_at(3, score, [1, 1, 0, 1, 1, 0], rng=_rng())
    assert (found.n_hits, found.n_hits_total, found.n, found.k) == (2, 4, 6, 3)
    exact = stats.binomtest(2, 3).proportion_ci(method="exact")
    assert (found.ci_low, found.ci_high) == pytest.approx((exact.low, exact.high))
    assert found.enrichment == pytest.approx((2 / 3) / (4 / 6))
    assert found.p_value == pytest.approx(stats.hypergeom.sf(1, 6, 4, 3))


def test_all_and_none_have_limits_at_the_ends() -> None:
    assert precision_at(4, range(4), [0] * 4, rng=_rng()).ci_low == 0.0
    assert np.isnan(precision_at(4, range(4), [0] * 4, rng=_rng()).enrichment)
    assert precision_at(9, range(4), [1] * 4, rng=_rng()).ci_high == 1.0


def test_limits_of_the_enrichment_hold_the_truth() -> None:
    rng, held = np.random.default_rng(4), 0
    for _ in range(60):
        hit = rng.random(400) < 0.1
        score = rng.normal(1.5 * hit, 1.0)
        found = precision_at(40, score, hit, rng=rng, resamples=200)
        held += found.enrichment_low <= 4.35 <= found.enrichment_high
    assert held >= 48


def test_a_resample_counts_an_item_as_often_as_it_was_drawn() -> None:
    score, hit = np.arange(30.0)[::-1], np.arange(30) % 3 == 0
    found = precision_at(10, score, hit, rng=_rng(), resamples=400)
    rng, ratios = _rng(), []
    for _ in range(400):
        drawn = np.sort(rng.integers(0, 30, 30))
        if hit[drawn].any():
            ratios.append(hit[drawn][:10].mean() / hit[drawn].mean())
    assert (found.enrichment_low, found.enrichment_high) == pytest.approx(tuple(np.quantile(ratios, [0.025, 0.975])))


@pytest.mark.parametrize(
    ("k", "score", "hit"), [(0, [1.0], [1]), (1, [], []), (1, [1.0], [np.nan]), (1, [1.0], [1, 0])]
)
def test_what_makes_no_sense_is_refused(k, score, hit) -> None:
    with pytest.raises(InputError):
        precision_at(k, score, hit, rng=_rng())
