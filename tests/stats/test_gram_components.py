"""Components from products are those of the rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import InputError
from tmescope.stats.components import principal_components
from tmescope.stats.gram_components import components_of_products, fix_signs


def of(rows, **more):
    return components_of_products(np.triu(rows.T @ rows), rows.sum(axis=0), len(rows), n_components=50, **more)


@given(st.integers(2, 12), st.integers(1, 6), st.integers(0, 10**6))
@settings(max_examples=50, deadline=None)
def test_agrees_with_components_of_the_rows(n, p, seed):
    rows = np.random.default_rng(seed).normal(3.0, 1.0, size=(n, p)) * np.arange(1, p + 1) ** 2
    found, expected = of(rows), principal_components(rows, n_components=50)
    k = min(n - 1, p)
    assert found.loadings.shape == expected.loadings.shape == (p, k)
    np.testing.assert_allclose(found.shares, expected.shares, rtol=1e-6, atol=1e-9)
    variances = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)[:k] ** 2 / (n - 1)
    np.testing.assert_allclose(found.variances, variances, rtol=1e-6, atol=1e-9 * variances[0])
    np.testing.assert_allclose(found.loadings.T @ found.loadings, np.eye(k), atol=1e-9)
    np.testing.assert_allclose(
        (rows @ found.loadings - found.centre @ found.loadings).mean(axis=0), 0, atol=1e-9 * p**2
    )


def test_many_columns_agree_with_lapack_and_twice_with_themselves():
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(900, 8)) @ rng.normal(size=(8, 400)) + 0.3 * rng.normal(size=(900, 400)) + 2.0
    products, sums = rows.T @ rows, rows.sum(axis=0)
    one, two = (components_of_products(products, sums, 900, n_components=12) for _ in range(2))
    values, vectors = np.linalg.eigh(np.cov(rows.T))
    np.testing.assert_allclose(one.variances, values[::-1][:12], rtol=1e-9)
    np.testing.assert_allclose(one.loadings, fix_signs(vectors[:, ::-1][:, :12]), atol=1e-7)
    assert one.loadings.tobytes() == two.loadings.tobytes()


def test_scale_divides_the_columns():
    rows = np.random.default_rng(2).normal(size=(40, 5)) * [1, 10, 100, 2, 3] + 7
    scale = rows.std(axis=0, ddof=1)
    found, expected = of(rows, scale=scale), of(rows / scale)
    np.testing.assert_allclose(found.variances, expected.variances)
    np.testing.assert_allclose(found.loadings, expected.loadings, atol=1e-8)
    np.testing.assert_allclose(found.centre, rows.mean(axis=0) / scale)
    np.testing.assert_allclose(found.shares.sum(), 1)


@pytest.mark.parametrize("rows", [np.ones((1, 3)), np.full((9, 3), 0.1), np.zeros((4, 2)), np.zeros((3, 0))])
def test_nothing_that_varies_has_no_component(rows):
    assert of(rows).loadings.shape == (rows.shape[1], 0)


def test_signs_follow_the_largest_entry_and_the_first_of_equal_ones():
    found = fix_signs(np.array([[0.6, -0.5], [-0.8, 0.5 * (1 + 1e-12)]]))
    np.testing.assert_allclose(found, [[-0.6, 0.5], [0.8, -0.5]])


def test_what_is_not_finite_is_refused():
    with pytest.raises(InputError, match="not finite"):
        components_of_products(np.full((2, 2), np.nan), np.zeros(2), 5, n_components=1)
    with pytest.raises(InputError, match="3 sums"):
        components_of_products(np.eye(2), np.zeros(3), 5, n_components=1)
