from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import InputError
from tmescope.report.sample_matrix import SampleMatrix

INDEX = pd.MultiIndex.from_tuples([("a", "s1"), ("a", "s2")], names=["cohort_id", "sample_id"])


def test_finite_values_by_cohort_and_sample_are_taken() -> None:
    made = SampleMatrix(pd.DataFrame({"CD8A": [1.0, 2.0]}, index=INDEX), 10, "log2(tpm + 1)")
    assert made.values.shape == (2, 1)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(InputError, match="1 values are not finite"):
        SampleMatrix(pd.DataFrame({"CD8A": [1.0, value]}, index=INDEX), 10, "tpm")


def test_another_index_is_refused() -> None:
    with pytest.raises(InputError, match="index levels"):
        SampleMatrix(pd.DataFrame({"CD8A": [1.0, 2.0]}), 10, "tpm")
