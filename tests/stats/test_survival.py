from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import EndpointError, InputError
from tmescope.stats.survival import kaplan_meier, log_rank

REAL = {
    "lung": ("sex", "time", "status"),
    "veteran": ("trt", "time", "status"),
    "pbc": ("trt", "time", "event"),
    "colon": ("rx", "time", "status"),
}
KINDS = ("log-log", "log", "plain")
CASES = ("two_groups", "heavy_ties", "three_groups", "few_events", "all_events", "half")


def _real(folder, name: str) -> tuple[pd.DataFrame, str]:
    group, time, event = REAL[name]
    data = pd.read_csv(folder / "stats" / name / "data.tsv", sep="\t")
    if group == "rx":
        data["rx"] = data["lev"] + 2 * data["lev5fu"]
    return pd.DataFrame({"time": data[time], "event": data[event], "group": data[group].astype(int)}), group


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("kind", KINDS)
def test_real_curves_equal_survfit(shared_data, name: str, kind: str) -> None:
    data, group = _real(shared_data, name)
    folder = shared_data / "stats" / name
    curves = pd.read_csv(folder / f"expected_km_curve_{group}.tsv", sep="\t")
    medians = pd.read_csv(folder / f"expected_km_median_{group}.tsv", sep="\t")
    for code in sorted(data["group"].unique()):
        chosen = data[data["group"] == code]
        found = kaplan_meier(chosen["time"], chosen["event"], ci_type=kind)
        label = f"{group}={code}"
        expected = curves[(curves["conf_type"] == kind) & (curves["group"] == label)]
        np.testing.assert_array_equal(found.time, expected["time"])
        np.testing.assert_array_equal(found.at_risk, expected["n_risk"])
        np.testing.assert_array_equal(found.n_events, expected["n_event"])
        np.testing.assert_allclose(found.survival, expected["surv"], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(found.std_error, expected["std_err"], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found.ci_low, expected["lo"], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found.ci_high, expected["hi"], rtol=1e-9, atol=1e-12)
        median = medians[(medians["conf_type"] == kind) & (medians["group"] == label)].iloc[0]
        assert (found.n, found.n_events_total) == (median["n"], median["events"])
        np.testing.assert_array_equal(
            [found.median, found.median_ci_low, found.median_ci_high],
            median[["median", "lo", "hi"]].astype(float),
        )


@pytest.mark.parametrize("name", REAL)
def test_real_log_rank_equals_survdiff(shared_data, name: str) -> None:
    data, group = _real(shared_data, name)
    expected = pd.read_csv(shared_data / "stats" / name / f"expected_logrank_{group}.tsv", sep="\t").iloc[0]
    found = log_rank(data["time"], data["event"], data["group"])
    assert found.df == expected["df"]
    assert found.statistic == pytest.approx(expected["chisq"], rel=1e-9)
    assert found.p_value == pytest.approx(expected["p"], rel=1e-9)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", KINDS)
def test_golden_curves(golden, case: str, kind: str) -> None:
    data = golden("stats_survival/input.tsv")[lambda d: d["case"] == case]
    curves = golden("stats_survival/expected_curves.tsv")
    medians = golden("stats_survival/expected_medians.tsv")
    for code in sorted(data["group"].unique()):
        chosen = data[data["group"] == code]
        found = kaplan_meier(chosen["time"], chosen["event"], ci_type=kind)
        expected = curves[(curves["case"] == case) & (curves["ci_type"] == kind) & (curves["group"] == code)]
        for column in ("time", "at_risk", "n_events", "n_censored", "survival", "ci_low", "ci_high"):
            np.testing.assert_allclose(
                getattr(found, column),
                expected[column],
                rtol=1e-10,
                atol=1e-12,
                err_msg=f"{column} of group {code}",
            )
        median = medians[(medians["case"] == case) & (medians["ci_type"] == kind) & (medians["group"] == code)]
        np.testing.assert_allclose(
            [found.median, found.median_ci_low, found.median_ci_high],
            median[["median", "ci_low", "ci_high"]].to_numpy(float)[0],
        )


@pytest.mark.parametrize("case", CASES)
def test_golden_log_rank(golden, case: str) -> None:
    data = golden("stats_survival/input.tsv")[lambda d: d["case"] == case]
    expected = golden("stats_survival/expected_log_rank.tsv").set_index("case").loc[case]
    found = log_rank(data["time"], data["event"], data["group"])
    assert found.df == expected["df"]
    assert found.statistic == pytest.approx(expected["statistic"], rel=1e-10)
    assert found.p_value == pytest.approx(expected["p_value"], rel=1e-9)
    assert (found.observed[0], found.expected[0]) == pytest.approx((expected["observed"], expected["expected"]))
    assert sum(found.observed) == pytest.approx(sum(found.expected))


@pytest.mark.parametrize("case", ["fine", "ties", "heavy_ties", "small"])
@pytest.mark.parametrize("rho", [0, 0.5, 1])
@pytest.mark.parametrize("stratified", [False, True])
def test_golden_weighted_and_stratified_log_rank(golden, case: str, rho: float, stratified: bool) -> None:
    data = golden("stats_cox/input.tsv")[lambda d: d["case"] == case]
    expected = golden("stats_cox/expected_rest.tsv").set_index(["case", "what"])["value"]
    strata = data["stratum"] if stratified else None
    found = log_rank(data["time"], data["event"] == 1, data["b"], strata=strata, rho=rho)
    assert found.statistic == pytest.approx(expected[case, f"rho{rho}{'_strata' if stratified else ''}"], rel=1e-9)
    assert found.method.startswith("stratified ") is stratified


def test_one_stratum_is_none_and_rho_is_checked() -> None:
    rng = np.random.default_rng(2)
    time, event, group = rng.integers(1, 9, 40), rng.random(40) < 0.6, rng.integers(0, 2, 40)
    assert log_rank(time, event, group, strata=np.full(40, 4)).statistic == log_rank(time, event, group).statistic
    assert log_rank(time, event, group, strata=group).reason == "one_group"
    with pytest.raises(InputError, match="rho is -1"):
        log_rank(time, event, group, rho=-1)


def test_a_curve_by_hand() -> None:
    found = kaplan_meier([2.0, 1.0, 3.0, 2.0, 0.0], [1, 1, 0, 0, 0])
    np.testing.assert_array_equal(found.time, [0.0, 1.0, 2.0, 3.0])
    np.testing.assert_array_equal(found.at_risk, [5, 4, 3, 1])
    np.testing.assert_array_equal(found.n_censored, [1, 0, 1, 1])
    np.testing.assert_allclose(found.survival, [1.0, 0.75, 0.5, 0.5])
    assert found.median == 2.0  # exactly one half to the end: no later fall to average with
    assert np.isnan(found.ci_low[0])


def test_the_median_lies_in_the_middle_of_a_stretch_of_one_half() -> None:
    assert kaplan_meier([1.0, 2.0, 3.0, 4.0], [1, 1, 1, 1]).median == 2.5


def test_missing_values_are_dropped_and_nobody_left_is_empty() -> None:
    found = kaplan_meier([1.0, np.nan, 3.0, 4.0], [1, 1, np.nan, 0])
    assert (found.n, found.n_events_total) == (2, 1)
    none = kaplan_meier([np.nan], [1])
    assert (none.n, none.time.size, none.survival.size) == (0, 0, 0)
    assert np.isnan([none.median, none.median_ci_low, none.median_ci_high]).all()


def test_without_events_the_curve_stays_at_one() -> None:
    found = kaplan_meier([1.0, 2.0], [0, 0])
    np.testing.assert_array_equal(found.survival, [1.0, 1.0])
    assert np.isnan(found.median)


def test_order_of_subjects_and_unit_do_not_matter() -> None:
    rng = np.random.default_rng(8)
    time, event, group = rng.integers(1, 9, 40).astype(float), rng.random(40) < 0.6, rng.integers(0, 3, 40)
    order = rng.permutation(40)
    a, b = kaplan_meier(time, event), kaplan_meier(2 * time[order], event[order])
    np.testing.assert_array_equal(a.survival, b.survival)
    np.testing.assert_array_equal(2 * a.time, b.time)
    relabelled = np.array([5, 0, 9])[group]
    p, q = log_rank(time, event, group), log_rank(time[order], event[order], relabelled[order])
    assert p.statistic == pytest.approx(q.statistic, rel=1e-12)
    assert q.groups == (0, 5, 9)


def test_a_group_that_leaves_before_the_first_event_is_set_aside() -> None:
    time, event = [1.0, 1.0, 3.0, 4.0, 5.0, 6.0], [0, 0, 1, 1, 1, 0]
    three = log_rank(time, event, [2, 2, 0, 1, 0, 1])
    two = log_rank(time, event, [-1, np.nan, 0, 1, 0, 1])
    assert (three.df, two.df) == (1, 1)
    assert three.statistic == pytest.approx(two.statistic)
    assert (three.n, two.n) == (6, 4)


@pytest.mark.parametrize(
    ("time", "event", "group", "reason"),
    [
        ([1.0, 2.0], [1, 1], [0, 0], "one_group"),
        ([1.0, 2.0], [0, 0], [0, 1], "no_events"),
        ([1.0, 2.0], [0, 1], [0, 1], "one_group"),  # group 0 is gone before the only event
        ([np.nan], [1], [0], "empty"),
    ],
)
def test_no_test_without_two_comparable_groups(time, event, group, reason: str) -> None:
    found = log_rank(time, event, group)
    assert found.reason == reason
    assert np.isnan([found.statistic, found.p_value]).all()


def test_equal_groups_are_not_different() -> None:
    found = log_rank([1.0, 1, 2, 2, 3, 3], [1, 1, 0, 0, 1, 1], [0, 1, 0, 1, 0, 1])
    assert found.statistic == pytest.approx(0.0, abs=1e-12)
    assert found.p_value == pytest.approx(1.0)


def test_arguments_are_checked() -> None:
    with pytest.raises(InputError, match="interval type is 'loglog'"):
        kaplan_meier([1.0], [1], ci_type="loglog")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="neither 0 nor 1"):
        kaplan_meier([1.0, 2.0], [1, 2])
    with pytest.raises(EndpointError, match="negative"):
        log_rank([1.0, -2.0], [1, 1], [0, 1])
    with pytest.raises(InputError, match="differ in length"):
        log_rank([1.0, 2.0], [1, 1], [0])
