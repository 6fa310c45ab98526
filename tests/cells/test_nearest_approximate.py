"""The approximate search finds most neighbours. Compiling pynndescent takes half a minute, so it is run on request."""

from __future__ import annotations

import os

import numpy as np
import pytest

from tmescope.cells.nearest import approximate_nearest, exact_nearest
from tmescope.foundation.progress import SILENT

pytestmark = pytest.mark.skipif(
    not os.environ.get("TMESCOPE_SLOW_TESTS"), reason="takes half a minute: set TMESCOPE_SLOW_TESTS to run it"
)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_most_neighbours_are_found_and_the_seed_decides(metric):
    rng = np.random.default_rng(0)
    points = (rng.normal(0, 2, (9, 20))[rng.integers(0, 9, 4000)] + rng.normal(size=(4000, 20))).astype(np.float32)
    options = {"metric": metric, "progress": SILENT}
    cells, distances = exact_nearest(points, 14, threads=1, **options)
    near, apart = approximate_nearest(points, 14, seed=5, **options)
    assert np.mean([len(set(a) & set(b)) / 14 for a, b in zip(cells, near, strict=True)]) > 0.95
    assert (near != np.arange(4000)[:, None]).all()
    same = cells == near
    np.testing.assert_allclose(apart[same], distances[same], rtol=1e-3, atol=1e-5)
    again, _ = approximate_nearest(points, 14, seed=5, **options)
    np.testing.assert_array_equal(near, again)
