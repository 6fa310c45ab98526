from __future__ import annotations

import numpy as np

from tmescope.kernels.cox_columns import MONOTONE
from tmescope.kernels.logistic_columns import logistic_columns


def test_separation_is_seen_before_the_fit_and_disturbs_no_neighbour():
    rng = np.random.default_rng(1)
    y = np.repeat([0.0, 1.0], 20)
    z = np.column_stack([rng.normal(size=40), np.arange(40.0) / 10 - 2, rng.normal(size=40)])
    out, alone = np.empty((3, 6)), np.empty((1, 6))
    logistic_columns(z, y, True, out)
    assert out[:, 5].tolist() == [0.0, MONOTONE, 0.0]
    for j in (0, 2):
        logistic_columns(np.ascontiguousarray(z[:, [j]]), y, True, alone)
        np.testing.assert_array_equal(out[j], alone[0])
