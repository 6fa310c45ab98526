from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tmescope.stats.abundance import counts_to_tpm, rates_to_tpm


def test_the_equation_by_hand() -> None:
    # 10/2 + 20/4 + 0 = 10 reads per base in the first sample, 30/2 + 0 + 5/1 = 20 in the second
    counts = np.array([[10.0, 20.0, 0.0], [30.0, 0.0, 5.0]])
    tpm = counts_to_tpm(counts, np.array([2.0, 4.0, 1.0]))
    np.testing.assert_allclose(tpm, [[5e5, 5e5, 0], [7.5e5, 0, 2.5e5]], rtol=1e-15)


def test_fpkm_and_counts_agree_and_depth_and_unit_cancel() -> None:
    rng = np.random.default_rng(3)
    counts, bases = rng.poisson(40, (4, 9)).astype(float), rng.integers(200, 9000, 9).astype(float)
    fpkm = counts * 1e9 / bases / counts.sum(axis=1, keepdims=True)
    expected = counts_to_tpm(counts, bases)
    np.testing.assert_allclose(rates_to_tpm(fpkm), expected, rtol=1e-12)
    np.testing.assert_allclose(counts_to_tpm(counts * 7, bases / 1000), expected, rtol=1e-12)


def test_missing_counts_stay_missing_and_a_sample_without_reads_has_no_tpm() -> None:
    tpm = counts_to_tpm(np.array([[np.nan, 1.0, 3.0], [0.0, 0.0, 0.0]]), np.ones(3))
    np.testing.assert_allclose(tpm[0, 1:], [2.5e5, 7.5e5])
    assert np.isnan(tpm[0, 0])
    assert np.isnan(tpm[1]).all()


@given(arrays(float, (3, 5), elements=st.floats(0.01, 1e6)), arrays(float, 5, elements=st.floats(1, 1e5)))
def test_samples_sum_to_a_million_and_ratios_are_those_of_reads_per_base(counts: object, lengths: object) -> None:
    c, bases = np.asarray(counts), np.asarray(lengths)
    before = c.copy()
    tpm = counts_to_tpm(c, bases)
    np.testing.assert_allclose(tpm.sum(axis=1), 1e6)
    np.testing.assert_allclose(tpm[:, 0] / tpm[:, 1], (c[:, 0] / bases[0]) / (c[:, 1] / bases[1]))
    assert (c == before).all()
