"""Cut-points of simulated cohorts, compared with maxstat.

maxstat's Monte-Carlo p counts random orders with a larger maximum; ours counts those with one at least as large, which
a valid test must. With few distinct maxima (two classes, a tied feature) they differ; each is compared with its share.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tmescope.stats.cutpoints import CutPoint, cut_for_classes, cut_for_ranks, cut_for_survival, log_rank_scores

FOLDER = Path(__file__).parent / "stats_maxstat"
PERMUTATIONS_OF_R = 9_999
ORDERS = 20_000


def _cut(data: pd.DataFrame, outcome: str) -> CutPoint:
    if outcome == "survival":
        return cut_for_survival(data["x"], data["time"], data["event"])
    if outcome == "response":
        return cut_for_classes(data["x"], data["response"])
    return cut_for_ranks(data["x"], data["number"])


def _shares(data: pd.DataFrame, outcome: str, statistic: float) -> tuple[float, float]:
    """Return how often shuffled scores have a larger maximum, and one at least as large: plain NumPy, no kernel."""
    scores = {
        "survival": lambda: log_rank_scores(data["time"], data["event"]),
        "number": lambda: stats.rankdata(data["number"]),
        "response": lambda: data["response"].to_numpy(dtype=float),
    }[outcome]()
    n, ranked = len(data), np.sort(data["x"].to_numpy())
    low = np.flatnonzero(ranked[1:] > ranked[:-1]) + 1
    low = low[(low >= int(0.1 * n)) & (low <= int(0.9 * n))]
    centred = scores - scores.mean()
    error = np.sqrt(low * (n - low) * (centred**2).sum() / (n * (n - 1)))
    orders = np.random.default_rng(7).permuted(np.tile(centred, (ORDERS, 1)), axis=1)
    maxima = np.abs(np.cumsum(orders, axis=1)[:, low - 1] / error).max(axis=1)
    return float((maxima > statistic + 1e-9).mean()), float((maxima > statistic - 1e-9).mean())


def _error(share: float, runs: int) -> float:
    return float(np.sqrt(share * (1.0 - share) * (1.0 / runs + 1.0 / ORDERS)))


@pytest.mark.parametrize("case", ["step", "nothing", "ties", "small"])
@pytest.mark.parametrize("outcome", ["survival", "number", "response"])
def test_statistic_cut_and_each_correction(case: str, outcome: str) -> None:
    data = pd.read_csv(FOLDER / "input.tsv", sep="\t")[lambda d: d["case"] == case]
    table = pd.read_csv(FOLDER / "expected.tsv", sep="\t")
    expected = table[(table["case"] == case) & (table["outcome"] == outcome)].set_index("pmethod")
    assert len(expected) == 4
    found = _cut(data, outcome)
    assert found.statistic == pytest.approx(expected.loc["Lau92", "statistic"], rel=1e-12)
    assert found.cut == pytest.approx(expected.loc["Lau92", "cut"], rel=1e-12, abs=1e-12)
    assert found.p_lau92 == pytest.approx(expected.loc["Lau92", "p_value"], abs=1e-8)
    assert found.p_lau94 == pytest.approx(min(expected.loc["Lau94", "p_value"], 1.0), abs=1e-8)
    assert found.p_exact_gauss == pytest.approx(expected.loc["exactGauss", "p_value"], abs=1e-2)
    larger, at_least = _shares(data, outcome, found.statistic)
    r_error, error = _error(larger, PERMUTATIONS_OF_R), _error(at_least, found.n_permutations)
    assert expected.loc["condMC", "p_value"] == pytest.approx(larger, abs=4.0 * r_error)
    assert found.p_permutation == pytest.approx(at_least, abs=4.0 * error)
    assert found.p_naive < min(found.p_permutation, found.p_exact_gauss)
