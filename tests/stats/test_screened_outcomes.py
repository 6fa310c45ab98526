from __future__ import annotations

import numpy as np
import pytest

from tmescope.foundation.errors import EndpointError, InputError
from tmescope.stats.screened_outcomes import ScreenOptions, cox_outcome, logistic_outcome

TWICE = [[1.0, 2], [2, 4], [0, 0], [5, 10]]
"""Two covariates that say the same."""


def test_the_latest_times_come_first_and_events_before_censorings():
    model = cox_outcome([1.0, 3.0, 3.0, np.nan, 2.0], [1, 0, 1, 1, 0])
    assert model.rows.tolist() == [2, 1, 4, 0]
    assert model.starts.tolist() == [0, 2, 3, 4]
    assert model.deaths.tolist() == [1, 0, 1]
    assert model.n_left_out == 1


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (lambda: cox_outcome([], []), "empty"),
        (lambda: cox_outcome([1.0, 2], [0, 0]), "no_events"),
        (lambda: logistic_outcome([1, 1, np.nan]), "one_class"),
        (lambda: logistic_outcome([1, 0, 1], covariates=[[2.0], [2], [2]]), "covariates_collinear"),
        (
            lambda: logistic_outcome([1, 0, 1, 0], covariates=TWICE),
            "covariates_collinear",
        ),
        (lambda: logistic_outcome([1, 1, 0, 0], covariates=[5.0, 4, 2, 1]), "covariates_separate"),
    ],
)
def test_what_cannot_be_asked_has_a_reason(model, reason):
    assert model().reason == reason


def test_senseless_arguments_are_refused():
    with pytest.raises(EndpointError, match="negative"):
        cox_outcome([-1.0, 2], [1, 0])
    with pytest.raises(InputError, match="neither 0 nor 1"):
        logistic_outcome([1, 2])
    with pytest.raises(InputError, match="differ in length"):
        cox_outcome([1.0, 2], [1, 0], covariates=[1.0])
    with pytest.raises(InputError, match="ties"):
        ScreenOptions(ties="exact")
    with pytest.raises(InputError, match="confidence"):
        ScreenOptions(confidence=95)
