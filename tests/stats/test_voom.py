from __future__ import annotations

import numpy as np
import pytest
from statsmodels.nonparametric.smoothers_lowess import lowess as other_lowess

from tmescope.foundation.errors import InputError
from tmescope.stats.moderated import fit_genes, moderate
from tmescope.stats.voom import weigh_counts

DESIGN = np.column_stack([np.ones(8), np.repeat([0.0, 1.0], 4)])


def test_golden_numbers_of_limma(golden) -> None:
    def read(name):
        return golden(f"stats_voom/{name}.tsv").set_index("gene").T.to_numpy()

    found = weigh_counts(read("counts"), DESIGN)
    np.testing.assert_allclose(found.log_cpm, read("log_cpm"), rtol=1e-10)
    np.testing.assert_allclose(found.weights, read("weights"), rtol=1e-8)
    test = moderate(fit_genes(found.log_cpm, DESIGN, weights=found.weights), [0, 1])
    expected = golden("stats_voom/expected.tsv")
    np.testing.assert_allclose(test.t, expected["t"], rtol=1e-8)
    np.testing.assert_allclose(test.p_values, expected["p"], rtol=1e-8)
    np.testing.assert_allclose(test.log_odds, expected["B"], rtol=1e-8)


def test_another_smoother_and_plain_loops_give_the_same_weights() -> None:
    rng = np.random.default_rng(0)
    counts = rng.negative_binomial(4, 4 / (4 + np.exp(rng.uniform(1, 7, 60))), size=(8, 60)).astype(float)
    found = weigh_counts(counts, DESIGN)
    sizes = counts.sum(axis=1)
    log_cpm = np.log2((counts + 0.5) / (sizes[:, None] + 1) * 1e6)
    x, y, fitted = [], [], np.empty_like(counts)
    for gene in range(60):
        slopes, squares, *_ = np.linalg.lstsq(DESIGN, log_cpm[:, gene], rcond=None)
        x.append(log_cpm[:, gene].mean() + np.log2(sizes + 1).mean() - np.log2(1e6))
        y.append((squares[0] / 6) ** 0.25)
        fitted[:, gene] = DESIGN @ slopes + np.log2((sizes + 1) / 1e6)
    curve = other_lowess(y, x, frac=0.5, it=3, delta=0.01 * np.ptp(x))
    np.testing.assert_allclose(found.weights, np.interp(fitted, curve[:, 0], curve[:, 1]) ** -4.0, rtol=1e-8)


def test_wrong_counts_are_refused() -> None:
    with pytest.raises(InputError, match="not logarithms"):
        weigh_counts(-np.ones((8, 5)), DESIGN)
    with pytest.raises(InputError, match="library size"):
        weigh_counts(np.zeros((8, 5)), DESIGN)


def test_one_gene_is_too_few_for_a_trend() -> None:
    counts = np.column_stack([np.arange(1.0, 9.0), np.zeros(8)])
    with pytest.raises(InputError, match="1 genes have counts: too few for a trend") as caught:
        weigh_counts(counts, DESIGN)
    assert caught.value.next_step == "keep more genes: lower the filter of counts"
