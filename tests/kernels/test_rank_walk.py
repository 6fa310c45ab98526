from __future__ import annotations

import numpy as np
import pytest

from tmescope.kernels.rank_walk import rank_walk_scores


def _scores(values, members, exponent=0.25):
    out = np.empty((len(values), 1))
    rank_walk_scores(
        np.array(values, dtype=float),
        np.array([0, len(members)], dtype=np.int32),
        np.array(members, dtype=np.int32),
        exponent,
        True,
        out,
    )
    return out[:, 0]


def test_ties_share_a_cut_average_rank_and_keep_the_column_order():
    # all equal: the set in the first columns stands first and scores higher
    first, last = _scores([[1, 1, 1, 1]], [0, 1])[0], _scores([[1, 1, 1, 1]], [2, 3])[0]
    assert first == pytest.approx(2.0)
    assert last == pytest.approx(-2.0)


def test_missing_genes_take_no_part():
    np.testing.assert_allclose(_scores([[3, np.nan, 2, 1, 0]], [0, 1]), _scores([[3, 2, 1, 0]], [0]))


def test_undefined_scores_are_missing():
    assert np.isnan(_scores([[1, 2]], [])).all()
    assert np.isnan(_scores([[1, 2]], [0, 1])).all()
    assert np.isnan(_scores([[np.nan, 2]], [0])).all()
