from __future__ import annotations

import numpy as np
import pytest

from tmescope.stats.penalised_descent import largest_strength, minimise, prepare_columns
from tmescope.stats.penalised_losses import LogisticLoss


def example(seed: int, n: int, p: int):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)) * 3 + 5
    return x, LogisticLoss((rng.uniform(size=n) < 0.4).astype(float))


@pytest.mark.parametrize("p", [3, 40])
def test_the_way_back_gives_the_same_predictor(p):
    x, _ = example(0, 20, p)
    free = np.arange(p) < 2
    for pure_ridge in (True, False):
        columns = prepare_columns(x, free, intercept=True, pure_ridge=pure_ridge)
        assert columns.z.shape[1] == (1 + 2 + 20 if pure_ridge and p == 40 else 1 + p)
        own = np.random.default_rng(1).normal(size=columns.z.shape[1])
        level, b = columns.give_back(own)
        np.testing.assert_allclose(level + x @ b, columns.z @ own, atol=1e-10)


def test_the_largest_strength_is_the_least_without_a_coefficient():
    x, loss = example(2, 50, 6)
    columns = prepare_columns(x, np.zeros(6, dtype=bool), intercept=True, pure_ridge=False)
    nothing = np.zeros(7)
    out = np.append(0.0, np.full(6, np.inf))
    null = minimise(loss, columns, nothing, lasso=out, ridge=nothing)
    assert null.converged and (null.found[1:] == 0).all()
    np.testing.assert_allclose(
        null.loss, -(np.log(loss.y.mean()) * loss.y.mean()) - np.log1p(-loss.y.mean()) * (1 - loss.y.mean())
    )
    most = largest_strength(loss, columns, null.found, l1_ratio=1.0)
    for share, n_columns in ((1.0001, 0), (0.999, 1)):
        lasso = np.append(0.0, np.full(6, share * most)) / columns.scale
        assert np.count_nonzero(minimise(loss, columns, nothing, lasso=lasso, ridge=nothing).found[1:]) == n_columns


def test_what_does_not_settle_says_so():
    x = np.arange(10.0)[:, None]
    loss = LogisticLoss((x[:, 0] > 4).astype(float))
    columns = prepare_columns(x, np.ones(1, dtype=bool), intercept=True, pure_ridge=True)
    found = minimise(loss, columns, np.zeros(2), lasso=np.zeros(2), ridge=np.zeros(2))
    assert not found.converged or np.abs(found.found).max() > 15
