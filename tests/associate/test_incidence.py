from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.features import Feature
from tmescope.associate.incidence import associate_incidence
from tmescope.foundation.errors import EndpointError
from tmescope.stats.competing_risks import cumulative_incidence, gray_test

N = 152
IDS = pd.Index([f"s{i}" for i in range(N)])
CAUSES = {1: "event", 2: "death"}


def study():
    rng = np.random.default_rng(0)
    x = rng.normal(size=N)
    own, other, leave = rng.exponential(10 / np.exp(x)), rng.exponential(15, N), rng.uniform(5, 30, N)
    time = np.minimum.reduce([own, other, leave])
    event = np.where(time == leave, 0, np.where(time == own, 1, 2)).astype(float)
    return pd.Series(x, index=IDS), pd.DataFrame({"time_months": time, "event": event}, index=IDS)


def ask(feature: Feature, outcome: pd.DataFrame):
    return associate_incidence([feature], outcome, cohort_id="c", endpoint="relapse", causes=CAUSES)


def test_tertiles_are_compared_by_grays_test_and_drawn_for_every_cause() -> None:
    x, outcome = study()
    outcome.iloc[0, 0] = np.nan
    x.iloc[1] = np.nan
    found = ask(Feature("f", "m", x), outcome)
    used = x.index[2:]
    code = pd.qcut(x[used], 3, labels=False)
    time, event = outcome.loc[used, "time_months"], outcome.loc[used, "event"]
    direct = gray_test(time, event, code)
    (row,) = found.answers.to_dict("records")
    assert row["effect"] == pytest.approx(direct.statistic)
    assert row["p_value"] == pytest.approx(direct.p_value)
    assert row["p_value"] < 1e-4
    assert row["left_out"] == "1 without endpoint; 1 without value"
    assert row["checks"] == f"{int((event == 2).sum())} competing events"
    assert set(zip(found.curves["group"], found.curves["cause"], strict=True)) == {
        (g, c) for g in ("low", "middle", "high") for c in CAUSES.values()
    }
    death = found.curves[(found.curves["group"] == "low") & (found.curves["cause"] == "death")]
    curve = cumulative_incidence(time[code.to_numpy() == 0], event[code.to_numpy() == 0], cause=2)
    np.testing.assert_allclose(death["incidence"], curve.incidence)


def test_a_group_stands_against_the_rest_and_one_group_is_told() -> None:
    x, outcome = study()
    group = Feature("g=1", "table", (x > 0).astype(float), is_group=True)
    found = ask(group, outcome)
    assert set(found.curves["group"]) == {"with", "without"}
    assert found.answers.loc[0, "n"] == N
    none = ask(Feature("g=1", "table", x * 0.0, is_group=True), outcome)
    assert len(none.answers) == len(none.curves) == 0
    assert none.warnings[-1].examples == ("g=1 (one_group)",)
    flat = ask(Feature("f", "m", x * 0.0 + 1.0), outcome)
    assert flat.warnings[-1].code == "answers.no_tertiles"


def test_late_entry_is_refused() -> None:
    x, outcome = study()
    with pytest.raises(EndpointError, match="do not take late entry"):
        ask(Feature("f", "m", x), outcome.assign(entry_months=0.0))
