from __future__ import annotations

import numpy as np
import pytest

from tmescope.foundation.errors import InputError
from tmescope.stats.size_factors import median_ratios


def test_factors_are_the_depths_whatever_a_few_genes_do() -> None:
    rng = np.random.default_rng(1)
    base, depth = rng.uniform(50, 5000, 300), np.array([0.5, 1.0, 2.0, 1.5])
    counts = base * depth[:, None]
    counts[2, :40] *= 50.0  # genes that differ, by which the sums of counts would be misled
    found = median_ratios(counts)
    assert found is not None
    assert found / found[1] == pytest.approx(depth, rel=1e-12)


def test_genes_with_a_zero_do_not_count_and_too_few_genes_give_none() -> None:
    counts = np.tile([[10.0], [20.0]], (1, 12))
    counts[0, :2] = 0.0
    assert median_ratios(counts) == pytest.approx([2**-0.5, 2**0.5], rel=1e-12)
    counts[0, :3] = 0.0
    assert median_ratios(counts) is None


@pytest.mark.parametrize("wrong", [-1.0, np.nan])
def test_what_is_no_count_is_refused(wrong: float) -> None:
    with pytest.raises(InputError, match="negative or missing"):
        median_ratios([[1.0, wrong], [1.0, 2.0]])
