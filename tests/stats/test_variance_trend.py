"""The expected variance follows the variances of genes with like means."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from tmescope.foundation.errors import InputError, MissingDependencyError
from tmescope.stats.variance_trend import expected_variance


def test_a_quadratic_on_the_logarithms_is_met():
    mean = np.logspace(-2, 2, 400)
    variance = 10 ** (0.3 + 1.2 * np.log10(mean) + 0.1 * np.log10(mean) ** 2)
    np.testing.assert_allclose(expected_variance(mean, variance), variance, rtol=1e-3)


def test_order_does_not_matter_and_genes_that_do_not_vary_have_no_say():
    rng = np.random.default_rng(0)
    mean = np.exp(rng.normal(size=300))
    variance = mean * np.exp(0.2 * rng.normal(size=300))
    expected = expected_variance(mean, variance)
    order = rng.permutation(300)
    np.testing.assert_allclose(expected_variance(mean[order], variance[order]), expected[order], rtol=1e-9)
    with_more = expected_variance(np.append(mean, [0.0, 5.0]), np.append(variance, [0.0, 0.0]))
    np.testing.assert_allclose(with_more, np.append(expected, [1.0, 1.0]), rtol=1e-12)


def test_too_few_genes_and_means_that_are_one_are_refused():
    with pytest.raises(InputError, match="5 genes vary"):
        expected_variance(np.ones(50), np.r_[np.ones(5), np.zeros(45)])
    with pytest.raises(InputError, match="no curve fits"):
        expected_variance(np.ones(50), np.linspace(1, 2, 50))


def test_without_scikit_misc_the_message_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "skmisc.loess", None)
    with pytest.raises(MissingDependencyError, match=r"tmescope\[cells\]"):
        expected_variance(np.ones(50), np.ones(50))
