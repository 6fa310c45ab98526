from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.covariates import encode_covariates, find_determined
from tmescope.foundation.errors import InputError, SampleError

IDS = pd.Index([f"s{i}" for i in range(6)])


def test_numbers_stay_and_categories_become_levels() -> None:
    table = pd.DataFrame(
        {
            "age": [60, 61, 62, 63, 64, 65],
            "site": ["skin", "node", "skin", None, "lung", "skin"],
            "male": [True, False, True, True, False, False],
        },
        index=IDS,
    )
    found = encode_covariates(table, sample_ids=IDS[::-1], where="c")
    assert list(found.matrix.columns) == ["age", "site=lung", "site=node", "male"]
    assert list(found.matrix.index) == list(IDS[::-1])
    np.testing.assert_array_equal(found.matrix["site=node"], [0, 0, np.nan, 0, 1, 0])
    np.testing.assert_array_equal(found.matrix["male"], [0, 0, 1, 1, 0, 1])
    assert found.adjusted_for == "age, site, male"
    assert found.warnings == ()
    assert found.n_incomplete == 1


def test_what_cannot_be_adjusted_for_is_told() -> None:
    table = pd.DataFrame(
        {
            "flat": 1.0,
            "none": [None] * 6,
            "stage": pd.Categorical(["I", "II", "I", "I", "II", "I"], categories=["I", "II", "III"]),
        },
        index=IDS,
    )
    found = encode_covariates(table, sample_ids=IDS, where="c: os")
    assert [w.code for w in found.warnings] == [
        "covariates.constant",
        "covariates.constant",
        "covariates.empty_level",
    ]
    assert found.warnings[2].examples == ("III",)
    assert found.names == ("stage",)
    assert (
        found.adjusted_for == "flat, stage"
    )  # with one value everybody is alike in it; what nobody has is no adjustment
    assert found.checks == "flat: one value here or no more to say than the others, so nothing to adjust for"
    ids = pd.Index([f"p{i}" for i in range(30)])
    many = encode_covariates(pd.DataFrame({"id": ids}, index=ids), sample_ids=ids, where="c")
    assert (many.names, many.stated, many.warnings[0].code) == ((), (), "covariates.many_levels")


def test_nothing_is_nothing_and_two_rows_are_refused() -> None:
    assert encode_covariates(None, sample_ids=IDS, where="c").matrix.shape == (6, 0)
    assert encode_covariates(pd.DataFrame(index=IDS), sample_ids=IDS, where="c").adjusted_for == ""
    table = pd.DataFrame({"age": [1.0, 2.0]}, index=["s1", "s1"])
    with pytest.raises(SampleError, match="1 samples have two rows"):
        encode_covariates(table, sample_ids=IDS, where="c")


def test_a_sample_without_row_has_missing_values() -> None:
    found = encode_covariates(pd.DataFrame({"age": [1.0, 2.0]}, index=["s1", "s2"]), sample_ids=IDS, where="c")
    assert found.matrix["age"].notna().sum() == 2


def test_constant_and_collinear_columns_go_and_are_told_apart_by_complete_samples() -> None:
    ids = pd.Index([f"s{i}" for i in range(12)])
    table = pd.DataFrame(
        {
            "age": np.arange(12.0),
            "months": [*(np.arange(11.0) * 12), np.nan],
            "site": pd.Categorical(["skin"] * 6 + ["node"] * 4 + ["lung"] * 2, ["skin", "node", "lung", "brain"]),
            "batch": [1.0] * 12,
        },
        index=ids,
    )
    found = encode_covariates(table, sample_ids=ids, where="c")
    assert list(found.matrix.columns) == ["age", "site=lung", "site=node"]
    assert found.names == ("age", "site")
    assert found.adjusted_for == "age, months, site, batch"
    assert found.checks.startswith("months, batch: ")
    told = {w.code: w.message for w in found.warnings}
    assert "no sample has brain" in told["covariates.empty_level"]
    assert "months" in told["covariates.collinear"]
    assert "batch" in told["covariates.constant"]


def test_identifiers_are_left_out_and_infinite_or_doubled_columns_refused() -> None:
    found = encode_covariates(pd.DataFrame({"id": list("abcdef")}, index=IDS), sample_ids=IDS, where="c")
    assert found.adjusted_for == ""
    assert "6 levels in 6 samples" in found.warnings[0].message
    with pytest.raises(InputError, match="infinite"):
        encode_covariates(pd.DataFrame({"a": [1.0, np.inf]}, index=IDS[:2]), sample_ids=IDS, where="c")
    with pytest.raises(InputError, match="twice"):
        encode_covariates(pd.DataFrame([[1.0, 2.0]], columns=["a", "a"]), sample_ids=IDS, where="c")


def test_covariates_that_tell_the_outcome_are_named() -> None:
    codes = np.repeat([0.0, 1.0], 6)
    frame = pd.DataFrame(
        {
            "batch": ["a"] * 6 + ["b"] * 6,
            "dose": np.arange(12.0),
            "site": ["x", "y"] * 6,
            "age": [5.0, 1, 4, 2, 3, 6] * 2,
        },
        index=[f"s{i}" for i in range(12)],
    )
    assert find_determined(frame, codes) == ("batch", "dose")
    assert find_determined(frame[["site"]], np.array([0.0] * 12)) == ()


def test_a_sample_without_a_covariate_of_one_value_is_not_complete() -> None:
    table = pd.DataFrame({"age": np.arange(6.0), "sex": ["F", "F", "F", "F", "F", None]}, index=IDS)
    found = encode_covariates(table, sample_ids=IDS, where="c")
    assert found.adjusted_for == "age, sex"
    assert list(found.matrix.columns) == ["age"]
    assert found.complete.tolist() == [True] * 5 + [False]
    assert found.n_incomplete == 1
