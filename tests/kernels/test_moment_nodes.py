"""What nodes stand for: sums of polynomials exactly, of smooth functions nearly."""

from __future__ import annotations

import numpy as np
import pytest

from tmescope.kernels.moment_nodes import N_NODES, moment_nodes


@pytest.fixture
def values():
    return np.random.default_rng(2).normal(size=(300, 5))


def _nodes(values, first=0, width=5):
    reach = np.abs(values[:, first : first + width]).max(axis=0)
    nodes, weights = np.empty((N_NODES, width)), np.empty((N_NODES, width))
    moment_nodes(values, first, reach, nodes, weights)
    return nodes, weights


@pytest.mark.parametrize("power", range(13))
def test_powers_have_the_same_sums(values, power):
    nodes, weights = _nodes(values)
    scale = (np.abs(values) ** power).sum(axis=0)
    np.testing.assert_allclose(
        (weights * nodes**power).sum(axis=0) / scale, (values**power).sum(axis=0) / scale, atol=1e-12
    )


def test_the_logistic_function_near_its_middle(values):
    nodes, weights = _nodes(values)
    slope = 0.8 / np.abs(values).max(axis=0)
    for middle in (0.0, -1.5):
        found = (weights / (1 + np.exp(-middle - slope * nodes))).sum(axis=0)
        np.testing.assert_allclose(found, (1 / (1 + np.exp(-middle - slope * values))).sum(axis=0), rtol=3e-11)


def test_some_columns_only(values):
    whole, part = _nodes(values), _nodes(values, 2, 2)
    for a, b in zip(whole, part, strict=True):
        np.testing.assert_array_equal(a[:, 2:4], b)
