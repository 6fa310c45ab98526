"""Batches of cells are coded, checked, and compared with what is to be kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import homogeneity_score

from tmescope.cells.batches import batches_of, told_share, warn_of_batches
from tmescope.foundation.errors import InputError, UnknownNameError

TWO = ["a"] * 60 + ["b"] * 40


def test_levels_and_combinations():
    other = pd.Series(pd.Categorical([2, 1] * 50))
    found = batches_of({"lab": TWO, "chip": other}, 100)
    assert found.level_names == (("a", "b"), ("1", "2"))
    np.testing.assert_allclose(found.shares, [0.6, 0.4, 0.5, 0.5])
    assert found.levels.shape == (4, 4)
    np.testing.assert_array_equal(found.levels[:2, found.kinds].argmax(0), found.codes[0])
    np.testing.assert_array_equal(found.levels[2:, found.kinds].argmax(0), found.codes[1])
    np.testing.assert_array_equal(found.of_levels({"lab": 2.0, "chip": 1.0}, name="theta"), [2, 2, 1, 1])


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ({}, "no batch variable"),
        ({"lab": ["a"] * 100}, "all cells are of the batch 'a'"),
        ({"lab": TWO[:-1]}, "99 batches for 100 cells"),
        ({"lab": [None, *TWO[1:]]}, "1 cells have no batch, for example cells 0"),
        ({"lab": [float("nan"), *TWO[1:]]}, "1 cells have no batch"),
        ({"lab": list(range(100))}, "100 batches for 100 cells"),
    ],
)
def test_what_is_no_batch_variable_is_refused(batches, message):
    with pytest.raises(InputError, match=message):
        batches_of(batches, 100)


def test_numbers_are_given_for_all_variables_or_each():
    found = batches_of({"lab": TWO, "chip": ["x", "y"] * 50}, 100)
    with pytest.raises(UnknownNameError, match="chp"):
        found.of_levels({"lab": 1.0, "chp": 2.0}, name="theta")
    with pytest.raises(InputError, match="no number for 'chip'"):
        found.of_levels({"lab": 1.0}, name="theta")


def test_the_share_told_is_that_of_entropy():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 4, 500)
    b = np.where(rng.random(500) < 0.5, a % 2, rng.integers(0, 2, 500))
    assert told_share(a, b) == pytest.approx(homogeneity_score(b, a))
    assert np.isnan(told_share(a, np.zeros(500, dtype=int)))
    assert told_share(np.append(a, -1), np.append(b, 1)) == pytest.approx(told_share(a, b))


@pytest.mark.parametrize(
    ("kept", "text"),
    [
        ([{"a": "yes", "b": "no"}[v] for v in TWO], "one and the same"),
        (["yes"] * 58 + ["no"] * 42, "tells 8"),
    ],
)
def test_batches_that_tell_what_is_kept_are_warned_of(kept, text):
    (warning,) = warn_of_batches(batches_of({"lab": TWO}, 100), {"response": kept})
    assert warning.code == "integration.confounded"
    assert text in warning.message


def test_samples_of_patients_with_one_outcome_each_are_warned_of_and_mixed_types_are_not():
    samples = np.repeat(["s1", "s2", "s3", "s4"], 40)
    outcome = np.repeat(["yes", "no", "yes", None], 40)
    types = np.tile(["T", "B"], 80)
    (warning,) = warn_of_batches(batches_of({"sample": samples}, 160), {"response": outcome, "type": types})
    assert "no two values of response share a batch" in warning.message


def test_small_batches_are_warned_of():
    (warning,) = warn_of_batches(batches_of({"lab": ["a"] * 80 + ["b"] * 20}, 100), {})
    assert (warning.code, warning.examples) == ("integration.few_cells", ("b",))
    with pytest.raises(InputError, match="3 values for 100 cells"):
        warn_of_batches(batches_of({"lab": TWO}, 100), {"x": [1, 2, 3]})


def test_shares_of_variance_between_batches():
    values = np.array([[0.0], [0.0], [1.0], [1.0]] * 10, dtype=np.float32)
    found = batches_of({"same": ["a", "a", "b", "b"] * 10, "across": ["a", "b", "a", "b"] * 10}, 40)
    shares = found.shares_between(values)
    assert shares["same"] == pytest.approx(1.0)
    assert shares["across"] == pytest.approx(0.0, abs=1e-12)
