from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmescope.stats.rank_scores import log_rank_scores
from tmescope.stats.survival import log_rank


@given(st.permutations(range(1, 13)), st.lists(st.booleans(), min_size=12, max_size=12))
def test_without_ties_they_sum_to_zero_and_over_a_group_to_the_log_rank_excess(times, events):
    time, event = np.array(times, dtype=float), np.array(events, dtype=float)
    scores = log_rank_scores(time, event)
    assert scores.sum() == pytest.approx(0.0, abs=1e-12)
    group = np.arange(12) % 2
    test = log_rank(time, event, group)
    if event.any():
        assert scores[group == 1].sum() == pytest.approx(test.observed[1] - test.expected[1], abs=1e-12)
    assert (scores <= 1.0).all()
