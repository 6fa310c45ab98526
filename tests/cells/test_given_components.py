"""Components are numbers of enough cells."""

from __future__ import annotations

import numpy as np
import pytest

from tmescope.cells.given_components import checked_components, missing_extra, seed_from
from tmescope.foundation.errors import InputError


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros(5), "of shape"),
        (np.zeros((2, 3)), "of shape"),
        (np.zeros((5, 0)), "of shape"),
        (np.full((5, 2), "a"), "of shape"),
        (np.array([[0.0], [np.nan], [1.0], [np.inf]]), "2 cells .* cells 1, 3"),
        (np.array([[0.0], [1.0], [1e300]]), "1 cells"),
    ],
)
def test_what_is_no_matrix_of_numbers_is_refused(given, message):
    with pytest.raises(InputError, match=message):
        checked_components(given)


def test_components_become_float32_and_stay_what_they_are():
    given = np.arange(12.0).reshape(4, 3)
    found = checked_components(given)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, given)


def test_the_error_says_how_the_extra_is_installed():
    error = missing_extra("umap-learn", ImportError("no module"), where="UMAP")
    assert "pip install 'tmescope[cells]'" in str(error)
    assert "no module" in str(error)


def test_seeds_follow_the_generator():
    assert seed_from(np.random.default_rng(1)) == seed_from(np.random.default_rng(1))
    rng = np.random.default_rng(1)
    assert seed_from(rng) != seed_from(rng)
