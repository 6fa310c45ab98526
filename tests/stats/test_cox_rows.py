from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import EndpointError, InputError
from tmescope.stats.cox_rows import CoxDesign, read_rows


def test_complete_rows_of_positive_weight_are_kept() -> None:
    x = pd.DataFrame({"a": [1.0, np.nan, 3.0, 4.0, 5.0], "b": [0.0, 1.0, 1.0, 0.0, 1.0]})
    design = CoxDesign(strata=[0, 0, -1, 0, 0], weights=[1, 1, 1, 0, 2])
    found = read_rows(x, time=[1.0, 2, 3, 4, 5], event=[1, 1, 1, 1, 0], design=design, names=())
    np.testing.assert_array_equal(found.kept, [True, False, False, False, True])
    assert found.n_missing == 2
    assert found.names == ("x1", "x2")
    np.testing.assert_array_equal(found.weights, [1.0, 2.0])
    np.testing.assert_array_equal(found.entry, [-np.inf, -np.inf])


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"design": CoxDesign(entry=[0.0, 2.0])}, EndpointError, "1 rows end at or before they enter"),
        ({"design": CoxDesign(entry=[0.0, -2.0])}, EndpointError, "negative"),
        ({"design": CoxDesign(weights=[-1.0, 1.0])}, InputError, "1 weights are negative"),
        ({"design": CoxDesign(strata=[0.5, 1.0])}, InputError, "no group code"),
        ({"design": CoxDesign(clusters=[1])}, InputError, "differ in length"),
        ({"names": ("a", "b")}, InputError, "2 names for 1 covariates"),
        ({"x": np.zeros((2, 0))}, InputError, "shape"),
        ({"x": [1.0, np.inf]}, InputError, "infinite"),
    ],
)
def test_what_makes_no_sense_is_refused(changed, error, words: str) -> None:
    arguments = {"x": [1.0, 2.0], "time": [1.0, 2.0], "event": [1, 0], "design": None, "names": (), **changed}
    with pytest.raises(error, match=words):
        read_rows(arguments.pop("x"), **arguments)
