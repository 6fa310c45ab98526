from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import InputError
from tmescope.stats.censoring_weights import uncensored_before
from tmescope.stats.horizon_ranking import auc_at, uno_concordance
from tmescope.stats.ranking import survival_concordance
from tmescope.stats.roc import auc


def test_golden_numbers_of_riskregression_and_survival(golden):
    data, expected = golden("stats_prediction/input.tsv"), golden("stats_prediction/expected_errors.tsv")
    for row in expected.itertuples():
        found = auc_at(data["risk"], data["time"], data["event"], horizon=row.horizon)
        np.testing.assert_allclose(found.auc, row.auc, rtol=1e-10)
        np.testing.assert_allclose(found.std_error, row.auc_se, rtol=0.01)
        # R takes events at the horizon in, Uno does not
        uno = uno_concordance(data["risk"], data["time"], data["event"], horizon=np.nextafter(row.horizon, 9.0))
        np.testing.assert_allclose([uno.concordance, uno.std_error], [row.uno, row.uno_se], rtol=1e-10)


def test_without_censoring_it_is_the_area_of_the_binary_outcome_and_harrells_concordance():
    rng = np.random.default_rng(0)
    marker, time = rng.normal(size=90).round(1), rng.exponential(size=90)
    found = auc_at(marker, time, np.ones(90), horizon=0.7)
    other = auc(marker, time <= 0.7)
    np.testing.assert_allclose(found.auc, other.auc, rtol=1e-12)
    np.testing.assert_allclose(found.std_error, other.std_error, rtol=0.03)
    uno, harrell = uno_concordance(marker, time, np.ones(90)), survival_concordance(marker, time, np.ones(90))
    np.testing.assert_allclose([uno.concordance, uno.std_error], [harrell.concordance, harrell.std_error], rtol=1e-12)


rows = st.lists(st.tuples(st.integers(1, 9), st.booleans(), st.integers(-3, 3)), min_size=1, max_size=25)


@given(rows, st.integers(1, 9))
@settings(max_examples=80, deadline=None)
def test_written_out_pair_by_pair(drawn, horizon):
    time, event, marker = (np.array([float(v) for v in column]) for column in zip(*drawn, strict=True))
    g = uncensored_before(time, event, time)
    top = bottom = upper = lower = 0.0
    for i in range(time.size):
        for j in range(time.size):
            gain = (marker[i] > marker[j]) + 0.5 * (marker[i] == marker[j])
            if event[i] and time[i] <= horizon and (time[j] > horizon or (time[j] == horizon and not event[j])):
                top, bottom = top + gain / g[i], bottom + 1 / g[i]
            later = time[j] > time[i] or (time[j] == time[i] and not event[j])
            if event[i] and time[i] < horizon and later:
                upper, lower = upper + gain / g[i] ** 2, lower + 1 / g[i] ** 2
    found = auc_at(marker, time, event, horizon=float(horizon))
    if bottom and horizon <= time.max():
        np.testing.assert_allclose(found.auc, top / bottom, atol=1e-12)
    else:
        assert found.reason and np.isnan(found.auc)
    uno = uno_concordance(marker, time, event, horizon=float(horizon))
    if lower:
        np.testing.assert_allclose(uno.concordance, upper / lower, atol=1e-12)
    else:
        assert uno.reason == "no_comparable_pairs"


def test_what_cannot_be_estimated_says_why():
    assert auc_at([np.nan], [1.0], [1], horizon=1.0).reason == "empty"
    assert auc_at([1.0, 2.0], [1.0, 2.0], [0, 0], horizon=1.5).reason == "no_cases"
    assert auc_at([1.0, 2.0], [1.0, 2.0], [1, 1], horizon=2.0).reason == "no_controls"
    assert auc_at([1.0, 2.0], [1.0, 2.0], [1, 1], horizon=3.0).reason == "beyond_follow_up"
    assert uno_concordance([np.nan], [1.0], [1]).reason == "empty"
    with pytest.raises(InputError, match="horizon"):
        auc_at([1.0], [1.0], [1], horizon=-1.0)
