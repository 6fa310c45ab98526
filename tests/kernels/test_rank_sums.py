from __future__ import annotations

import numpy as np
import pytest

from tmescope.kernels.rank_sums import rank_summaries


def _summaries(row, members, spreads=True):
    out = np.empty((1, 1, 5))
    starts = np.array([0, len(members)], dtype=np.int32)
    rank_summaries(np.array([row], dtype=float), starts, np.array(members, dtype=np.int32), spreads, out)
    return out[0, 0].tolist()


def test_ranks_by_hand():
    # ascending ranks: 10 -> 1, 20 and 20 -> 2 (mean 2.5), 40 -> 4
    assert _summaries([20, 10, 40, 20], [0, 2, 3]) == [3, 4, pytest.approx(8 / 3), 3.0, 0.0]
    assert _summaries([5, 1, 3, 2], [0, 1, 3]) == [3, 4, pytest.approx(7 / 3), pytest.approx(7 / 3), 1.0]


def test_a_sample_without_the_genes():
    found = _summaries([np.nan, 1], [0])
    assert found[:2] == [0, 1]
    assert np.isnan(found[2:]).all()


def test_the_spread_is_left_out_where_it_is_not_wanted():
    assert _summaries([5, 1, 3, 2], [0, 1, 3], spreads=False)[4] == 0.0
