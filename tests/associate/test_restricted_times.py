from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.features import Feature
from tmescope.associate.restricted_times import associate_restricted_time
from tmescope.foundation.errors import EndpointError
from tmescope.stats.restricted_means import compare_restricted_means

N = 120
IDS = pd.Index([f"s{i}" for i in range(N)])


def study():
    rng = np.random.default_rng(0)
    x = rng.normal(size=N)
    time = rng.exponential(12 * np.exp(0.8 * x))
    outcome = pd.DataFrame({"time_months": np.minimum(time, 40), "event": time < 40}, index=IDS)
    return Feature("f", "m", pd.Series(x, index=IDS)), outcome


def ask(feature, outcome, horizon=24.0):
    return associate_restricted_time([feature], outcome, cohort_id="c", endpoint="os", horizon_months=horizon)


def test_halves_are_compared_in_months_and_as_a_ratio() -> None:
    feature, outcome = study()
    outcome.iloc[0, 0] = np.nan
    feature.values.iloc[1] = np.nan
    found = ask(feature, outcome)
    rows = found.answers.set_index("effect_name")
    high = feature.values.iloc[2:] > np.median(feature.values.iloc[2:])
    direct = compare_restricted_means(outcome["time_months"].iloc[2:], outcome["event"].iloc[2:], high, horizon=24)
    assert rows.loc["restricted_mean_difference", "effect"] == pytest.approx(direct.difference)
    assert rows.loc["restricted_mean_ratio", "effect"] == pytest.approx(direct.ratio)
    assert rows.loc["restricted_mean_difference", "ci_low"] > 0
    assert rows.loc["restricted_mean_ratio", "left_out"] == "1 without endpoint; 1 without value"
    median = float(np.median(feature.values.iloc[2:]))
    assert rows["checks"].iloc[0] == f"59 against 59 patients; the median is {median:.4g}"
    assert rows["method"].iloc[0].endswith("in months; above the median against the others")


def test_groups_are_compared_with_the_rest() -> None:
    feature, outcome = study()
    group = Feature("g=1", "table", (feature.values > 1).astype(float), is_group=True)
    row = ask(group, outcome).answers.iloc[0]
    assert row["method"].endswith("group against the rest")
    assert row["checks"] == f"{int((feature.values > 1).sum())} against {int((feature.values <= 1).sum())} patients"


def test_a_horizon_that_nobody_reaches_has_a_reason() -> None:
    found = ask(*study(), horizon=60.0)
    assert set(found.answers["method"]) == {"not estimated (horizon_beyond_follow_up)"}
    assert found.answers["effect"].isna().all()
    assert found.warnings[-1].examples == ("f (horizon_beyond_follow_up)",)


def test_flat_features_and_late_entry() -> None:
    feature, outcome = study()
    flat = Feature("flat", "m", pd.Series(1.0, index=IDS))
    assert set(ask(flat, outcome).answers["method"]) == {"not estimated (one_group)"}
    with pytest.raises(EndpointError, match="late entry"):
        ask(feature, outcome.assign(entry_months=0.0))
