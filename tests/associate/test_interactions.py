from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.features import Feature
from tmescope.associate.interactions import Treatment, associate_interaction
from tmescope.foundation.errors import InputError, SampleError

N = 400
IDS = pd.Index([f"s{i}" for i in range(N)])


def study(interaction: float, seed: int = 0):
    rng = np.random.default_rng(seed)
    x, treated = rng.normal(size=N), np.arange(N) % 2
    time = rng.exponential(1 / np.exp(-0.3 * x + interaction * x * treated))
    leave = rng.uniform(0.3, 4, N)
    outcome = pd.DataFrame({"time_months": np.minimum(time, leave), "event": time <= leave}, index=IDS)
    arm = pd.Series(np.where(treated == 1, "drug", "placebo"), index=IDS)
    return Feature("f", "m", pd.Series(10 + 2 * x, index=IDS)), outcome, arm


def ask(feature, outcome, arm, *, status="randomised", control="placebo"):
    treatment = Treatment(arm=arm, control=control, randomisation=status)
    return associate_interaction([feature], outcome, treatment=treatment, cohort_id="c", endpoint="os")


def test_a_planted_interaction_is_found_and_the_arms_are_shown() -> None:
    found = ask(*study(-0.8))
    rows = found.answers.set_index("effect_name")
    assert list(rows.index) == [
        "interaction_ratio_per_sd",
        "hazard_ratio_per_sd_in_control",
        "hazard_ratio_per_sd_in_treated",
    ]
    assert rows.loc["interaction_ratio_per_sd", "ci_high"] < 1
    assert rows.loc["interaction_ratio_per_sd", "p_value"] < 1e-6
    control, treated = (rows.loc[f"hazard_ratio_per_sd_in_{arm}", "effect"] for arm in ("control", "treated"))
    assert treated / control == pytest.approx(rows.loc["interaction_ratio_per_sd", "effect"])
    assert treated < control < 1
    assert list(rows["n"]) == [N, N // 2, N // 2]
    assert rows["n_events"].iloc[0] == rows["n_events"].iloc[1:].sum()
    assert rows["checks"].str.startswith("randomised arms (as stated)").all()
    assert found.warnings == ()


def test_a_prognostic_feature_is_not_predictive() -> None:
    p = [ask(*study(0.0, seed)).answers.loc[0, "p_value"] for seed in range(12)]
    assert np.mean(np.array(p) < 0.05) < 0.35


def test_without_control_arm_it_cannot_tell() -> None:
    feature, outcome, arm = study(-0.8)
    found = ask(feature, outcome, arm.mask(arm == "placebo"))
    row = found.answers.iloc[0]
    assert len(found.answers) == 1
    assert row["method"] == "cannot tell (no_control_arm)"
    assert np.isnan([row["effect"], row["p_value"], row["ci_low"]]).all()
    assert row["left_out"] == "200 without arm"
    assert [w.code for w in found.warnings] == ["interactions.no_control_arm"]
    assert "predictive or prognostic cannot be told" in found.warnings[0].message
    alone = ask(feature, outcome, arm.mask(arm == "drug"))
    assert alone.answers.loc[0, "method"] == "cannot tell (no_treated_arm)"


@pytest.mark.parametrize("status", ["not_randomised", "unknown"])
def test_arms_that_were_not_randomised_are_told(status: str) -> None:
    found = ask(*study(-0.8), status=status)
    assert "interactions.not_randomised" in {w.code for w in found.warnings}
    assert "choice of treatment" in found.answers.loc[0, "checks"]


def test_contradictory_labels_and_more_than_two_arms_are_refused() -> None:
    feature, outcome, arm = study(0.0)
    with pytest.raises(SampleError, match="1 samples have two different arms, for example 's0'"):
        ask(feature, outcome, pd.concat([arm, pd.Series({"s0": "drug"})]))
    assert len(ask(feature, outcome, pd.concat([arm, arm.iloc[:1]])).answers) == 3  # twice the same says nothing new
    with pytest.raises(InputError, match="2 arms beside 'placebo': 'drug', 'other'"):
        ask(feature, outcome, arm.where(arm.index != "s0", "other"))
    with pytest.raises(InputError, match="randomisation status is 'yes'"):
        ask(feature, outcome, arm, status="yes")


def test_a_flat_feature_has_a_reason() -> None:
    feature, outcome, arm = study(0.0)
    found = ask(Feature("f", "m", feature.values * 0 + 1), outcome, arm)
    assert set(found.answers["method"]) == {"not estimated (constant)"}
    assert found.answers["effect"].isna().all()
    assert found.warnings[-1].examples == ("f (constant)",)


def test_veteran_as_anova(shared_data) -> None:
    folder = shared_data / "stats" / "veteran"
    data = pd.read_csv(folder / "data.tsv", sep="\t")
    data.index = pd.Index([f"p{i}" for i in range(len(data))])
    outcome = data.rename(columns={"time": "time_months", "status": "event"})[["time_months", "event"]]
    feature = Feature("karno", "table", data["karno"].astype(float))
    rows = ask(feature, outcome, data["trt"].map({0: "placebo", 1: "drug"})).answers
    expected = pd.read_csv(folder / "expected_interaction_trt_karno.tsv", sep="\t").set_index("term")
    test = pd.read_csv(folder / "expected_interaction_lrt.tsv", sep="\t").iloc[0]
    assert rows.loc[0, "p_value"] == pytest.approx(test["p"], abs=1e-8)
    sd = data["karno"].std()
    assert np.log(rows.loc[0, "effect"]) == pytest.approx(expected.loc["trt:karno", "coef"] * sd, rel=1e-6)
    assert np.log(rows.loc[1, "effect"]) == pytest.approx(expected.loc["karno", "coef"] * sd, rel=1e-6)
