"""Constrained least squares: the conditions of Karush, Kuhn and Tucker hold on anything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from tmescope.foundation.errors import InputError
from tmescope.stats.least_squares import constrained_least_squares

KKT = 1e-10
TOTALS = ("any", "at most one", "one")


def violation(a, b, x, total):
    """Return by how much, of its scale, the worst condition is missed."""
    gradient, lengths, size = a.T @ (a @ x - b), np.linalg.norm(a, axis=0), np.linalg.norm(b)
    binds = total == "one" or (total == "at most one" and x.sum() > 1 - 1e-12)
    scale = lengths * (size + lengths @ x)
    multiplier = 0.0
    if binds:
        scale = np.full(len(x), max(lengths.max(), size) * (size + lengths @ x))
        multiplier = -(gradient @ x) / x.sum()
    scale = np.maximum(scale, 1e-300)
    reduced = (gradient + multiplier) / scale
    parts = [-x.min(), (-reduced).max(), np.abs(reduced[x > 0]).max(initial=0.0)]
    if total == "one":
        parts.append(abs(x.sum() - 1))
    if total == "at most one":
        parts += [x.sum() - 1 - 1e-14, -multiplier / scale.max()]
    return max(parts)


@st.composite
def problems(draw):
    """Designs of any shape, with columns that are equal, nearly so, sums of others, zero, or of very different size."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, k = draw(st.integers(1, 60)), draw(st.integers(1, 24))
    a = rng.normal(size=(n, k))
    if draw(st.booleans()):
        a = np.abs(a)
    a = a * 10.0 ** rng.uniform(-3, 3, size=k) if draw(st.booleans()) else a
    kind = draw(st.sampled_from(["plain", "equal", "nearly", "sum", "zero", "low rank"]))
    if kind == "equal":
        a[:, -1] = a[:, 0]
    elif kind == "nearly":
        a[:, -1] = a[:, 0] * (1 + 10.0 ** rng.uniform(-17, -3) * rng.normal(size=n))
    elif kind == "sum":
        a[:, -1] = a[:, : max(1, k // 2)].sum(axis=1)
    elif kind == "zero":
        a[:, 0] = 0
    elif kind == "low rank":
        a = rng.normal(size=(n, 2)) @ rng.normal(size=(2, k))
    truth = np.maximum(rng.normal(size=(3, k)), 0) * 10.0 ** draw(st.integers(-4, 3))
    noise = rng.normal(size=(3, n)) * 10.0 ** draw(st.integers(-12, 3))
    return a, np.vstack([truth @ a.T + noise, np.zeros(n)])


@given(problems(), st.sampled_from(TOTALS))
@settings(max_examples=400, deadline=None)
def test_the_conditions_hold(problem, total):
    a, b = problem
    found = constrained_least_squares(a, b, total=total)
    assert found.is_solved.all()
    assert found.values.shape == (4, a.shape[1])
    for one, x in zip(b, found.values, strict=True):
        assert violation(a, one, x, total) <= KKT


@given(problems(), st.sampled_from(TOTALS), st.booleans())
@settings(max_examples=100, deadline=None)
def test_the_conditions_hold_with_weights(problem, total, of_each_sample):
    a, b = problem
    rng = np.random.default_rng(a.shape[0] * 100 + a.shape[1])
    weights = rng.gamma(0.5, size=b.shape if of_each_sample else b.shape[1:])
    found = constrained_least_squares(a, b, total=total, weights=weights)
    for i, x in enumerate(found.values):
        root = np.sqrt(weights[i] if of_each_sample else weights)
        assert violation(a * root[:, None], b[i] * root, x, total) <= KKT


def test_it_is_what_another_library_finds():
    rng = np.random.default_rng(0)
    a, b = np.abs(rng.normal(size=(50, 8))), rng.normal(size=(20, 50)) + 1
    found = constrained_least_squares(a, b).values
    np.testing.assert_allclose(found, [nnls(a, one)[0] for one in b], atol=1e-12)


def test_planted_fractions_are_found_again():
    rng = np.random.default_rng(1)
    a = rng.gamma(0.5, size=(200, 12))
    truth = rng.dirichlet(np.full(12, 0.3), size=40)
    truth[truth < 0.01] = 0
    np.testing.assert_allclose(constrained_least_squares(a, truth @ a.T).values, truth, atol=1e-13)
    part = truth * rng.uniform(0.1, 0.9, size=(40, 1))
    np.testing.assert_allclose(constrained_least_squares(a, part @ a.T, total="at most one").values, part, atol=1e-13)
    whole = truth / truth.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(constrained_least_squares(a, whole @ a.T, total="one").values, whole, atol=1e-13)


@pytest.mark.parametrize("total", TOTALS)
def test_a_sample_does_not_depend_on_the_others(total):
    rng = np.random.default_rng(2)
    a, b = np.abs(rng.normal(size=(70, 9))), rng.normal(size=(30, 70)) + 2
    whole = constrained_least_squares(a, b, total=total).values
    np.testing.assert_array_equal(constrained_least_squares(a, b[11:12], total=total).values, whole[11:12])
    np.testing.assert_array_equal(constrained_least_squares(a, b[::-1], total=total).values, whole[::-1])
    before = a.copy()
    assert constrained_least_squares(a, b[:0], total=total).values.shape == (0, 9)
    np.testing.assert_array_equal(a, before)


def test_scales_at_the_ends_of_the_range():
    a, b = np.array([[1.0, 0.5], [0.25, 1.0]]), np.array([[3.0, 2.0]])
    for size in (1e-150, 1e150):
        np.testing.assert_allclose(
            constrained_least_squares(a * size, b * size).values, constrained_least_squares(a, b).values, rtol=1e-12
        )


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        ((np.ones((3, 2)), np.ones((1, 4))), {}, "shape (3, 2) and the observed values have shape (1, 4)"),
        ((np.ones((3, 0)), np.ones((1, 3))), {}, "at least one of each"),
        ((np.ones(3), np.ones((1, 3))), {}, "design has 1 dimensions"),
        ((np.full((2, 2), np.nan), np.ones((1, 2))), {}, "design has 4 values that are not finite"),
        ((np.ones((2, 2)), np.array([[1.0, np.inf]])), {}, "position (0, 1)"),
        ((np.ones((2, 2)), np.ones((1, 2))), {"total": "two"}, "the total is 'two'"),
        ((np.ones((2, 2)), np.ones((1, 2))), {"weights": [1.0]}, "weights have shape (1,)"),
        ((np.ones((2, 2)), np.ones((1, 2))), {"weights": [1.0, -2.0]}, "1 weights are negative, for example -2.0"),
        ((np.ones((2, 2)), np.ones((1, 2))), {"weights": [1.0, np.nan]}, "weights has 1 values that are not finite"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, options, says):
    with pytest.raises(InputError) as caught:
        constrained_least_squares(*arguments, **options)
    assert says in str(caught.value)
