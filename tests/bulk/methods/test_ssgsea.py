from __future__ import annotations

import numpy as np
import pytest

from tmescope.bulk.gene_sets import index_sets
from tmescope.bulk.methods.ssgsea import ssgsea, ssgsea_raw

GENES = [str(i) for i in range(30)]
PLAIN = {"alpha": 0.25, "threads": 1}


def test_top_genes_score_high_and_bottom_genes_low():
    values = np.arange(30.0)[None, :]
    sets = index_sets({"top": GENES[-5:], "bottom": GENES[:5], "all": GENES, "none": ["q"]}, GENES)
    out = ssgsea_raw(values, sets, PLAIN)[0]
    assert out[0] > 0 > out[1]
    assert np.isnan(out[2:]).all()


def test_by_hand_for_four_genes():
    # falling order d c b a; the set {d, b} has ascending ranks 4 and 2
    out = ssgsea_raw(
        np.array([[1.0, 2.0, 3.0, 4.0]]),
        index_sets({"s": ["b", "d"]}, ["a", "b", "c", "d"]),
        {"alpha": 1.0, "threads": 1},
    )
    hits, misses = np.array([4, 4, 6, 6]) / 6, np.array([0, 1, 1, 2]) / 2
    assert out[0, 0] == pytest.approx(np.sum(hits - misses))


def test_any_monotone_scale_gives_the_same():
    values = np.random.default_rng(0).gamma(1.0, 10.0, size=(5, 30))
    sets = index_sets({"s": GENES[3:9]}, GENES)
    np.testing.assert_allclose(
        ssgsea_raw(values, sets, PLAIN), ssgsea_raw(np.log2(values + 1), sets, PLAIN), rtol=1e-12
    )


def test_normalised_scores_span_one():
    values = np.random.default_rng(1).normal(size=(6, 30))
    sets = index_sets({"s": GENES[:6], "t": GENES[10:14]}, GENES)
    out = ssgsea(values, sets, PLAIN)
    assert np.ptp(out) == pytest.approx(1.0)
    np.testing.assert_allclose(out * np.ptp(ssgsea_raw(values, sets, PLAIN)), ssgsea_raw(values, sets, PLAIN))
    assert np.isnan(ssgsea(values[:1], index_sets({"s": GENES[:6]}, GENES), PLAIN)).all()
