from __future__ import annotations

import numpy as np
import pytest

from tmescope.stats.penalised_losses import LogisticLoss, cox_loss


def example(seed: int, n: int = 30):
    rng = np.random.default_rng(seed)
    time, event = np.ceil(rng.exponential(size=n) * 5), (rng.uniform(size=n) < 0.7).astype(float)
    return rng.normal(size=(n, 3)), time, event, rng.integers(0, 2, size=n).astype(float)


def losses():
    _, time, event, strata = example(1)
    return [LogisticLoss(event), cox_loss(time, event, strata, efron=True), cox_loss(time, event, strata, efron=False)]


@pytest.mark.parametrize("loss", losses())
def test_derivatives_are_those_of_the_value(loss):
    x, _, _, _ = example(1)
    b = np.array([0.3, -0.5, 0.1])
    step = 1e-5
    _, by_row = loss.measure(x @ b)
    bend = loss.bend(x @ b, x)
    for j in range(3):
        e = np.eye(3)[j] * step
        up, down = loss.measure(x @ (b + e)), loss.measure(x @ (b - e))
        np.testing.assert_allclose(x[:, j] @ by_row, (up[0] - down[0]) / (2 * step), atol=1e-9)
        np.testing.assert_allclose(bend[:, j], x.T @ (up[1] - down[1]) / (2 * step), atol=1e-9)


def test_risks_that_floating_point_cannot_hold_have_no_value():
    _, time, event, strata = example(2)
    loss = cox_loss(time, event, strata, efron=False)
    assert loss.measure(-10.0 * time)[0] > 0.0
    assert np.isnan(loss.measure(-1e4 * time)[0])


def test_an_order_that_events_follow_has_no_maximum():
    time, event = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 1.0, 0.0, 1.0])
    loss = cox_loss(time, event, np.zeros(4), efron=True)
    assert loss.never_falls(-time)
    assert not loss.never_falls(np.array([0.0, 1.0, 2.0, 1.5]))
