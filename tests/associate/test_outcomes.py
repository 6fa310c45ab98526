from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.associate.cut_cohorts import response_cohort, survival_cohort

from tmescope.associate.outcomes import read_outcome
from tmescope.foundation.errors import EndpointError, SampleError


def test_survival_and_response_are_sorted_and_counted() -> None:
    _, outcome = survival_cohort(20)
    outcome.iloc[3, 0] = np.nan
    known = read_outcome(outcome.iloc[::-1], where="c: OS")
    assert list(known.sample_ids) == sorted(known.sample_ids)
    assert (len(known.sample_ids), known.n_without, known.ratio) == (19, 1, "hazard_ratio")
    _, response = response_cohort(20)
    response.iloc[[1, 2]] = None
    told = read_outcome(response, where="c: r")
    assert (len(told.sample_ids), told.n_without, told.ratio) == (18, 2, "odds_ratio")
    assert told.happened.sum() == (response == "responder").sum()


def test_a_given_cut_is_compared_on_those_with_a_value() -> None:
    feature, outcome = survival_cohort(200)
    known = read_outcome(outcome, where="c: OS")
    values = feature.values.reindex(known.sample_ids).to_numpy().copy()
    values[:10] = np.nan
    found = known.compare(values, 0.3)
    assert found["n"] == 190
    assert found["ci_low"] < np.exp(1.2) < found["ci_high"]
    assert known.compare(values, 99.0)["reason"] == "one_group"


def test_what_it_does_not_know_is_refused() -> None:
    _, outcome = survival_cohort(20)
    with pytest.raises(EndpointError, match="neither late entry nor competing"):
        read_outcome(outcome.assign(entry_months=0.0), where="c: OS")
    with pytest.raises(EndpointError, match="neither late entry nor competing"):
        read_outcome(outcome.assign(event=2), where="c: OS")
    _, response = response_cohort(10)
    with pytest.raises(SampleError, match="10 samples have two outcomes"):
        read_outcome(pd.concat([response, response]), where="c: r")
