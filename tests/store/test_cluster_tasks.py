"""Work of a pass is divided, and its sums travel small."""

from __future__ import annotations

import numpy as np
import pytest

from tmescope.store.cluster_tasks import cut_runs, pack_sums


@pytest.mark.parametrize("largest", [0, 7, 40_000, 1 << 40, -(1 << 20)])
def test_sums_travel_narrow_and_arrive_whole(largest):
    sums = np.zeros((50, 3, 4), np.int64)
    sums[7], sums[31, 2, 3] = 5, largest
    for of in (sums, sums[:, 0, 0], sums[0]):
        packed = pack_sums(of)
        into = np.ones_like(of)
        into[packed.rows] += packed.values
        np.testing.assert_array_equal(into, of + 1)
    width = 2 if abs(largest) < 1 << 15 else 4 if largest < 1 << 31 else 8
    assert pack_sums(sums).values.nbytes <= 2 * 12 * width


@pytest.mark.parametrize("n", [1, 3, 8, 50])
def test_runs_hold_every_span_once_in_order(n):
    spans = tuple((i, i + 1) for i in range(20))
    runs = cut_runs(spans, n=n)
    assert [span for run in runs for span in run] == list(spans)
    assert len(runs) == min(n, 20)
    assert max(map(len, runs)) - min(map(len, runs)) <= 1
