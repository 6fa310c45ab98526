from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from tmescope.foundation.errors import InputError
from tmescope.stats import cox
from tmescope.stats.cox import hazard_ratio_of_group
from tmescope.stats.survival import log_rank

CASES = ("two_groups", "heavy_ties", "three_groups", "few_events", "all_events", "half")


@pytest.mark.parametrize("case", CASES)
def test_golden_numbers_of_coxph(golden, case: str) -> None:
    data = golden("stats_survival/input.tsv")[lambda d: d["case"] == case]
    expected = golden("stats_survival/expected_cox.tsv").set_index("case").loc[case]
    top = data["group"].max()
    high = data["group"].map({0: 0.0, top: 1.0})  # a group between them becomes NaN and is left out
    found = hazard_ratio_of_group(data["time"], data["event"], high)
    assert (found.n, found.n_events, found.reason) == (expected["n"], expected["n_events"], "")
    assert found.log_hazard_ratio == pytest.approx(expected["log_hazard_ratio"], rel=1e-9)
    assert found.std_error == pytest.approx(expected["std_error"], rel=1e-9)
    assert found.p_value == pytest.approx(expected["p_value"], rel=1e-8)
    assert (found.ci_low, found.ci_high) == pytest.approx((expected["ci_low"], expected["ci_high"]), rel=1e-8)
    assert found.hazard_ratio == pytest.approx(np.exp(expected["log_hazard_ratio"]), rel=1e-8)


@pytest.mark.parametrize(("name", "column", "event"), [("lung", "sex", "status"), ("pbc", "trt", "event")])
def test_statsmodels_agrees_on_real_data(shared_data, name: str, column: str, event: str) -> None:
    data = pd.read_csv(shared_data / "stats" / name / "data.tsv", sep="\t")
    group = data[column] == 1
    fit = sm.PHReg(data["time"], group.astype(float), status=data[event], ties="efron").fit(disp=0)
    found = hazard_ratio_of_group(data["time"], data[event], group)
    assert found.log_hazard_ratio == pytest.approx(fit.params[0], rel=1e-5)  # its optimiser stops there
    assert found.std_error == pytest.approx(fit.bse[0], rel=1e-5)


def _efron(b: float, *, time, event, group) -> float:
    """Negative log partial likelihood by its definition, one event time after the other."""
    risk, total = np.exp(b * group), 0.0
    for t in np.unique(time[event == 1]):
        tied, at_risk = (time == t) & (event == 1), time >= t
        m = int(tied.sum())
        total += b * group[tied].sum()
        total -= sum(np.log(risk[at_risk].sum() - i / m * risk[tied].sum()) for i in range(m))
    return -total


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 6), st.booleans(), st.booleans()), min_size=4, max_size=20))
def test_the_maximum_of_the_definition_is_found_or_there_is_none(rows) -> None:
    time, event, group = (np.array(v, dtype=float) for v in zip(*rows, strict=True))
    found = hazard_ratio_of_group(time, event, group)
    wide = optimize.minimize_scalar(
        lambda b: _efron(b, time=time, event=event, group=group), bounds=(-25, 25), method="bounded"
    )
    if found.reason == "monotone_likelihood":
        assert abs(wide.x) > 20 or _efron(20.0, time=time, event=event, group=group) == pytest.approx(
            _efron(-20.0, time=time, event=event, group=group)
        )
    elif not found.reason:
        assert found.log_hazard_ratio == pytest.approx(wide.x, abs=2e-4)


def test_without_ties_the_score_test_is_the_log_rank_test() -> None:
    rng = np.random.default_rng(4)
    time, event, group = rng.exponential(size=80), rng.random(80) < 0.7, rng.random(80) < 0.5
    w1, w0 = cox._weights(time, event.astype(float), group), cox._weights(time, event.astype(float), ~group)
    p = w1 / (w1 + w0)
    score = (event & group).sum() - p.sum()
    assert score**2 / (p * (1 - p)).sum() == pytest.approx(log_rank(time, event, group).statistic)


def test_swapping_groups_inverts() -> None:
    rng = np.random.default_rng(6)
    time, event, group = rng.integers(1, 20, 50), rng.random(50) < 0.7, rng.random(50) < 0.3
    a, b = hazard_ratio_of_group(time, event, group), hazard_ratio_of_group(time, event, ~group)
    assert b.hazard_ratio == pytest.approx(1 / a.hazard_ratio)
    assert (b.ci_low, b.ci_high) == pytest.approx((1 / a.ci_high, 1 / a.ci_low))
    assert (a.n_group, a.n_events_group) == (b.n - b.n_group, b.n_events - b.n_events_group)


@pytest.mark.parametrize(
    ("time", "event", "group", "reason"),
    [
        ([1.0, 2, 3, 4], [1, 1, 0, 0], [1, 1, 0, 0], "monotone_likelihood"),  # no event in the reference
        ([1.0, 2, 3, 4], [0, 0, 1, 1], [1, 1, 0, 0], "monotone_likelihood"),  # none in the group
        ([1.0, 2, 3, 4], [1, 1, 1, 1], [1, 1, 0, 0], "monotone_likelihood"),  # one after the other
        ([1.0, 2], [0, 0], [0, 1], "no_events"),
        ([1.0, 2], [1, 1], [1, 1], "one_group"),
        ([1.0, 2], [1, 1], [np.nan, np.nan], "empty"),
    ],
)
def test_what_cannot_be_estimated_is_missing_with_the_reason(time, event, group, reason: str) -> None:
    found = hazard_ratio_of_group(time, event, group)
    assert found.reason == reason
    assert np.isnan([found.hazard_ratio, found.std_error, found.ci_low, found.ci_high, found.p_value]).all()
    assert found.method == "not estimated"


def test_large_effects_converge() -> None:
    time = np.concatenate([np.arange(1.0, 400), [500.0, 600.0]])
    group = np.concatenate([np.ones(398), [0.0], [1.0, 0.0]])
    found = hazard_ratio_of_group(time, np.ones(time.size), group)
    assert found.reason == ""
    fit = optimize.minimize_scalar(
        lambda b: _efron(b, time=time, event=np.ones(time.size), group=group),
        bounds=(-10, 20),
        method="bounded",
        options={"xatol": 1e-10},
    )
    assert found.log_hazard_ratio == pytest.approx(fit.x, abs=1e-5)


def test_steps_that_do_not_settle_are_told(monkeypatch) -> None:
    monkeypatch.setattr(cox, "_MAX_STEPS", 1)
    assert hazard_ratio_of_group([1.0, 2, 3, 4, 5], [1, 1, 1, 1, 1], [1, 0, 1, 1, 0]).reason == "not_converged"


def test_arguments_are_checked() -> None:
    with pytest.raises(InputError, match="in_group has 1 values that are neither 0 nor 1"):
        hazard_ratio_of_group([1.0, 2], [1, 1], [0, 2])
    with pytest.raises(InputError, match="confidence"):
        hazard_ratio_of_group([1.0], [1], [1], confidence=0)
