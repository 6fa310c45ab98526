from __future__ import annotations

import numpy as np
import pytest

from tmescope.report.arrangement import describe_order, order_rows


@pytest.mark.parametrize("metric", ["correlation", "euclidean"])
def test_similar_rows_lie_together_in_spite_of_missing_values(metric: str) -> None:
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(3, 40)) * 4
    label = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2])
    values = centres[label] + rng.normal(size=(9, 40))
    values[2, :7] = np.nan
    order = order_rows(values, metric=metric)  # type: ignore[arg-type]
    assert sorted(order) == list(range(9))
    assert np.count_nonzero(np.diff(label[order])) == 2


def test_nothing_to_arrange_keeps_its_order() -> None:
    assert order_rows(np.ones((1, 4)), metric="euclidean").tolist() == [0]
    assert order_rows(np.ones((3, 0)), metric="euclidean").tolist() == [0, 1, 2]


def test_the_order_is_told_in_words() -> None:
    assert describe_order(30, metric="euclidean") == "average linkage, Euclidean distance, optimal leaf order"
    assert describe_order(5000, metric="correlation").endswith("leaf order of the tree")
