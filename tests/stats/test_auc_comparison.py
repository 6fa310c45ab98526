from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.auc_comparison import bootstrap_auc, compare_aucs
from tmescope.stats.roc import auc


def _data(seed: int, n: int = 80):
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.4
    a = rng.normal(size=n) + y
    return a, np.round(a * 0.7 + rng.normal(size=n), 1), y


def test_the_interval_is_near_delongs_and_the_seed_decides_it() -> None:
    a, _, y = _data(0)
    one = bootstrap_auc(a, y, rng=np.random.default_rng(1))
    again = bootstrap_auc(a, y, rng=np.random.default_rng(1))
    delong = auc(a, y)
    assert one == again
    assert one.auc == pytest.approx(delong.auc)
    assert one.std_error == pytest.approx(delong.std_error, rel=0.12)
    assert (one.ci_low, one.ci_high) == pytest.approx((delong.ci_low, delong.ci_high), abs=0.03)
    assert bootstrap_auc(-a, y, rng=np.random.default_rng(1)).auc == pytest.approx(1 - one.auc)


def test_draws_within_classes_give_the_plain_loop() -> None:
    a, _, y = _data(3, n=15)
    found = bootstrap_auc(a, y, rng=np.random.default_rng(2), n_resamples=4000)
    rng = np.random.default_rng(9)
    areas = []
    for _ in range(4000):
        up, down = rng.choice(a[y], y.sum()), rng.choice(a[~y], (~y).sum())
        areas.append(np.mean((up[:, None] > down) + 0.5 * (up[:, None] == down)))
    assert found.std_error == pytest.approx(np.std(areas), rel=0.08)
    assert found.ci_low == pytest.approx(np.quantile(areas, 0.025), abs=0.04)


def test_the_paired_test_is_that_of_delongs_covariance() -> None:
    a, b, y = _data(4)
    found = compare_aucs(a, b, y)

    def placements(v):  # by midranks, as DeLong's paper has the two components
        m, n = y.sum(), (~y).sum()
        joint = stats.rankdata(np.concatenate([v[y], v[~y]]))
        return (joint[:m] - stats.rankdata(v[y])) / n, 1 - (joint[m:] - stats.rankdata(v[~y])) / m

    (up_a, down_a), (up_b, down_b) = placements(a), placements(b)
    s = np.cov(up_a, up_b) / y.sum() + np.cov(down_a, down_b) / (~y).sum()
    error = np.sqrt(s[0, 0] + s[1, 1] - 2 * s[0, 1])
    assert found.std_error == pytest.approx(error, rel=1e-10)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(found.difference) / error), rel=1e-10)
    assert (found.first, found.second) == pytest.approx((auc(a, y).auc, auc(b, y).auc))
    assert compare_aucs(b, a, y).difference == -found.difference


@pytest.mark.parametrize(
    ("scores", "positive", "reason"),
    [
        ([], [], "empty"),
        ([1.0, 2], [1, 1], "one_class"),
        ([1.0, 2, 3], [1, 0, 0], "one_sample_in_a_class"),
        ([1.0, 1, 1, 1], [1, 1, 0, 0], "constant"),
        ([1.0, 2, 3, 4], [0, 0, 1, 1], "perfect_separation"),
    ],
)
def test_what_cannot_be_estimated_is_missing_with_the_reason(scores, positive, reason: str) -> None:
    found = bootstrap_auc(scores, positive, rng=np.random.default_rng(0))
    assert (found.reason, found.method) == (reason, "not estimated")
    assert np.isnan([found.ci_low, found.ci_high]).all()


def test_equal_ranks_have_no_error_and_few_resamples_are_refused() -> None:
    a, _, y = _data(5)
    found = compare_aucs(a, np.exp(a), y)
    assert (found.reason, found.difference) == ("no_difference_in_ranks", 0.0)
    assert np.isnan(found.p_value)
    with pytest.raises(InputError, match="too few"):
        bootstrap_auc(a, y, rng=np.random.default_rng(0), n_resamples=10)
