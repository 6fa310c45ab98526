from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.confounders import encode_confounders, find_determined
from tmescope.foundation.errors import InputError

IDS = [f"s{i}" for i in range(12)]


def test_levels_become_columns_against_the_most_common_and_what_is_left_out_is_said() -> None:
    frame = pd.DataFrame(
        {
            "age": np.arange(12.0),
            "months": np.arange(12.0) * 12,
            "site": pd.Categorical(["skin"] * 6 + ["node"] * 4 + ["lung"] * 2, ["skin", "node", "lung", "brain"]),
            "library": ["polyA"] * 12,
            "batch": [1.0] * 12,
        },
        index=IDS,
    )
    found = encode_confounders(frame)
    assert list(found.columns.columns) == ["age", "site=lung", "site=node"]
    assert found.columns["site=node"].sum() == 4
    assert any("no sample has brain" in note for note in found.notes)
    assert any("months" in note and "collinear" in note for note in found.notes)
    assert any("batch" in note and "constant" in note for note in found.notes)


def test_identifiers_missing_values_and_doubled_names_are_refused() -> None:
    with pytest.raises(InputError, match="12 levels in 12 samples"):
        encode_confounders(pd.DataFrame({"id": IDS}, index=IDS))
    with pytest.raises(InputError, match="missing"):
        encode_confounders(pd.DataFrame({"a": [1.0, np.nan]}))
    with pytest.raises(InputError, match="twice"):
        encode_confounders(pd.DataFrame([[1.0, 2.0]], columns=["a", "a"]))
    with pytest.raises(InputError, match="infinite"):
        encode_confounders(pd.DataFrame({"a": [1.0, np.inf]}))


def test_confounders_that_tell_the_outcome_are_named() -> None:
    codes = np.repeat([0.0, 1.0], 6)
    frame = pd.DataFrame(
        {
            "batch": ["a"] * 6 + ["b"] * 6,
            "dose": np.arange(12.0),
            "site": ["x", "y"] * 6,
            "age": [5.0, 1, 4, 2, 3, 6] * 2,
        },
        index=IDS,
    )
    assert find_determined(frame, codes) == ("batch", "dose")
    assert find_determined(frame[["site"]], np.array([0.0] * 12)) == ()
