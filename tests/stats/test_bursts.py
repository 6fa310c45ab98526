from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.bursts import find_bursts


def _cost(path: tuple[int, ...], row: np.ndarray, corpus: np.ndarray, lift: float, cost: float) -> float:
    usual = row.sum() / corpus.sum()
    shares = np.minimum(usual * np.where(np.array(path) == 1, lift, 1.0), 0.9999)
    entered = np.diff([0, *path]) > 0
    return float(cost * np.log(len(row)) * entered.sum() - stats.binom.logpmf(row, corpus, shares).sum())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=6, max_size=6), st.floats(1.2, 4), st.floats(0, 2))
def test_no_other_path_costs_less(row: list[int], lift: float, cost: float) -> None:
    counts, corpus = np.array(row), np.array([100, 120, 90, 100, 140, 100])
    found = find_bursts([counts], corpus, lift=lift, cost=cost)[0]
    ours = _cost(tuple(found.astype(int)), counts, corpus, lift, cost)
    best = min(_cost(path, counts, corpus, lift, cost) for path in product((0, 1), repeat=6))
    assert ours == pytest.approx(best, abs=1e-7)


def test_a_burst_is_found_where_it_is_and_growth_of_the_corpus_is_none() -> None:
    corpus = np.linspace(1000, 4000, 12)
    steady = (corpus / 100).round()
    burst = steady.copy()
    burst[6:9] *= 4
    found = find_bursts([steady, burst, np.zeros(12)], corpus)
    assert not found[0].any() and not found[2].any()
    assert np.flatnonzero(found[1]).tolist() == [6, 7, 8]


@pytest.mark.parametrize(
    ("counts", "corpus", "options"),
    [([[1, 2]], [1, 1], {}), ([[1]], [1, 1], {}), ([[1]], [2], {"lift": 1.0}), ([[1]], [2], {"cost": -1.0})],
)
def test_what_makes_no_sense_is_refused(counts, corpus, options) -> None:
    with pytest.raises(InputError):
        find_bursts(counts, corpus, **options)
