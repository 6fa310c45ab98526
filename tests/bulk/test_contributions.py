from __future__ import annotations

import numpy as np
import pytest

from tmescope.bulk.contributions import lead_of_sum, lead_of_walk, order_of_ranks
from tmescope.bulk.gene_sets import index_sets


def test_terms_that_push_where_the_score_points_lead():
    sets = index_sets({"up": ["a", "b", "c"], "down": ["d", "e"]}, list("abcde"))
    terms = np.array([[3.0, -1.0, 0.5, -2.0, 1.0], [np.nan, 2.0, 1.0, np.nan, np.nan]])
    lead = lead_of_sum(terms, sets)
    np.testing.assert_array_equal(lead.leads, [[1, 0, 1, 1, 0], [0, 1, 1, 0, 0]])
    assert np.argsort(lead.place[0, :3]).tolist() == [0, 2, 1]
    assert np.argsort(lead.place[0, 3:]).tolist() == [0, 1]
    around = lead_of_sum(np.array([[0.1, 0.2, 0.3, 0.2, 0.1]]), sets, centre=0.5)
    np.testing.assert_array_equal(around.leads, [[0, 1, 1, 1, 1]])


def test_ranks_of_equal_and_missing_values():
    place, smallest, mean = order_of_ranks(np.array([2.0, np.nan, 5.0, 2.0, 7.0]))
    assert place.tolist() == [2, -1, 1, 3, 0]
    np.testing.assert_array_equal(smallest[[0, 2, 3, 4]], [1, 3, 1, 4])
    np.testing.assert_array_equal(mean[[0, 2, 3, 4]], [1.5, 3, 1.5, 4])


@pytest.mark.parametrize("seed", range(6))
def test_genes_before_the_turn_of_the_walk_lead(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(1, 30)) + (np.arange(30) < 6) * rng.choice([-1.5, 1.5])
    genes = [f"g{i}" for i in range(30)]
    sets = index_sets({"s": genes[:6]}, genes)
    scores = np.array([[1.0 if seed % 2 else -1.0]])
    lead = lead_of_walk(values, sets, rise=lambda places, ranks, n: ranks**0.5, scores=scores)
    ordered = np.argsort(-values[0])
    weights = {g: float(np.sum(values[0] <= values[0, g])) ** 0.5 for g in range(6)}
    height, walked = 0.0, []
    for gene in ordered:  # gene by gene, as the definition says
        height += weights[gene] / sum(weights.values()) if gene < 6 else -1 / 24
        walked.append(height)
    turn = int(np.argmax(walked)) if seed % 2 else int(np.argmin(walked))
    carried = set(ordered[: turn + 1] if seed % 2 else ordered[turn + 1 :]) & set(range(6))
    assert set(np.flatnonzero(lead.leads[0])) == carried
    by_place = sorted(range(6), key=lambda g: lead.place[0, g])
    assert by_place == [g for g in (ordered if seed % 2 else ordered[::-1]) if g < 6]
    assert lead.contribution[0].sum() == pytest.approx(1)
