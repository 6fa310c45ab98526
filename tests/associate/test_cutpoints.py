from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.associate.cut_cohorts import response_cohort, survival_cohort

from tmescope.associate.cutpoints import CutPointPlan, associate_cutpoints
from tmescope.associate.families import adjust_families
from tmescope.associate.features import Feature
from tmescope.foundation.errors import EndpointError, InputError, SampleError
from tmescope.stats.cox import hazard_ratio_of_group
from tmescope.stats.cutpoints import CutSearch, cut_for_survival

COLUMNS = [
    "question_id", "cohort_id", "endpoint", "feature", "source", "n", "n_events", "effect", "std_error", "ci_low",
    "ci_high", "checks", "effect_name", "p_value", "method", "adjusted_for", "n_left_out", "left_out",
]  # fmt: skip
CUTS = [
    "cohort_id", "feature", "source", "endpoint", "cut", "n_low", "n_high", "statistic", "p_naive", "p_lau92",
    "p_lau94", "p_permutation", "p_exact_gauss", "held_out_effect", "held_out_ci_low", "held_out_ci_high",
]  # fmt: skip


def test_a_planted_cut_is_found_with_all_its_p_values() -> None:
    feature, outcome = survival_cohort(240)
    found = associate_cutpoints([feature], outcome, cohort_id="c", endpoint="OS")
    assert set(COLUMNS) == set(found.answers.columns)
    assert set(CUTS) <= set(found.cuts.columns)
    cut = found.cuts.iloc[0]
    assert cut["cut"] == pytest.approx(0.3, abs=0.3)
    assert cut["p_naive"] < cut["p_permutation"] < 0.01
    rows = found.answers.set_index("effect_name")
    assert list(rows.index) == ["hazard_ratio_at_cut_naive", "hazard_ratio_at_cut", "hazard_ratio_at_cut_held_out"]
    naive, corrected, held = (rows.loc[name] for name in rows.index)
    values = feature.values.to_numpy()
    ratio = hazard_ratio_of_group(outcome["time_months"], outcome["event"], values > cut["cut"])
    assert naive["effect"] == corrected["effect"] == pytest.approx(ratio.hazard_ratio)
    assert (naive["ci_low"], naive["ci_high"]) == pytest.approx((ratio.ci_low, ratio.ci_high))
    assert naive["p_value"] == cut["p_naive"]
    assert corrected["p_value"] == cut["p_permutation"]
    assert np.isnan([corrected["std_error"], corrected["ci_low"], corrected["ci_high"]]).all()
    assert "corrected" in naive["checks"]
    assert held["effect"] == cut["held_out_effect"]
    assert held["ci_low"] < np.exp(1.2) < held["ci_high"]
    assert held["n"] == 120
    assert "cut of" not in held["checks"]
    assert f"{cut['held_out_cut']:.6g}" in held["checks"]


def test_response_has_odds_ratios() -> None:
    feature, response = response_cohort()
    found = associate_cutpoints([feature], response, cohort_id="c", endpoint="response")
    assert list(found.answers["effect_name"]) == [
        "odds_ratio_at_cut_naive",
        "odds_ratio_at_cut",
        "odds_ratio_at_cut_held_out",
    ]
    assert (found.answers["effect"] > 1).all()
    assert found.cuts["direction"].item() == 1


def test_families_do_not_mix_naive_corrected_and_held_out() -> None:
    feature, outcome = survival_cohort()
    noise = Feature("noise", "mean_z", pd.Series(np.random.default_rng(3).normal(size=120), index=outcome.index))
    found = associate_cutpoints([feature, noise], outcome, cohort_id="c", endpoint="OS")
    adjusted = adjust_families(found.answers)
    assert (adjusted["family_size"] == 2).all()
    assert adjusted["family"].nunique() == 3


def test_the_order_of_samples_and_the_other_features_do_not_matter() -> None:
    feature, outcome = survival_cohort()
    noise = Feature("noise", "mean_z", pd.Series(np.random.default_rng(3).normal(size=120), index=outcome.index))
    a = associate_cutpoints([feature], outcome, cohort_id="c", endpoint="OS")
    shuffled = outcome.sample(frac=1.0, random_state=1)
    b = associate_cutpoints([noise, feature], shuffled, cohort_id="c", endpoint="OS")
    pd.testing.assert_frame_equal(a.cuts, b.cuts[b.cuts["feature"] == "CD8"].reset_index(drop=True))
    pd.testing.assert_frame_equal(a.answers, b.answers[b.answers["feature"] == "CD8"].reset_index(drop=True))


def test_another_correction_and_seed_can_be_fixed() -> None:
    feature, outcome = survival_cohort()
    found = {
        name: associate_cutpoints(
            [feature], outcome, cohort_id="c", endpoint="OS", plan=CutPointPlan(corrected_by=name, seed=4)
        )
        for name in ("lau92", "lau94", "exact_gauss")
    }
    for name, answer in found.items():
        row = answer.answers.set_index("effect_name").loc["hazard_ratio_at_cut"]
        assert row["p_value"] == answer.cuts[f"p_{name}"].item()
    with pytest.raises(InputError, match="no correction 'bonferroni'"):
        CutPointPlan(corrected_by="bonferroni")
    with pytest.raises(InputError, match="of which there are none"):
        CutPointPlan(search=CutSearch(n_permutations=0))


def test_noise_is_called_significant_only_by_the_naive_row() -> None:
    for seed in range(40):
        feature, outcome = survival_cohort(effect=0.0, seed=seed)
        found = associate_cutpoints([feature], outcome, cohort_id="c", endpoint="OS")
        told = [w for w in found.warnings if w.code == "cutpoints.only_naive"]
        cut = found.cuts.iloc[0]
        assert bool(told) == bool(cut["p_naive"] < 0.05 <= cut["p_permutation"])
        if told:
            assert told[0].examples == ("CD8",)
            return
    pytest.fail("40 cohorts without effect, and no naive finding")


def test_who_is_left_out_is_told() -> None:
    feature, outcome = survival_cohort()
    outcome.loc[outcome.index[:7], "event"] = pd.NA
    feature = Feature("CD8", "mean_z", feature.values.where(np.arange(120) < 115))
    group = Feature("g=1", "table", pd.Series(1.0, index=outcome.index), is_group=True)
    found = associate_cutpoints([feature, group], outcome, cohort_id="c", endpoint="OS")
    assert set(found.answers["feature"]) == {"CD8"}
    assert set(found.answers["left_out"]) == {"7 without endpoint; 5 without value"}
    naive = found.answers[found.answers["effect_name"].str.endswith("naive")].iloc[0]
    assert (naive["n"], naive["n_left_out"]) == (108, 12)
    known = outcome.dropna().index.intersection(feature.values.dropna().index)
    alone = cut_for_survival(
        feature.values[known],
        outcome.loc[known, "time_months"],
        outcome.loc[known, "event"].astype(float),
        search=CutSearch(n_permutations=0),
    )
    assert found.cuts["cut"].item() == alone.cut


def test_what_cannot_be_cut_has_its_reason() -> None:
    feature, outcome = survival_cohort()
    flat = Feature("flat", "mean_z", pd.Series(1.0, index=outcome.index))
    found = associate_cutpoints([flat], outcome, cohort_id="c", endpoint="OS")
    assert found.answers["effect"].isna().all()
    assert found.answers["method"].str.contains("constant").all()
    assert found.cuts["reason"].item() == "constant"
    assert found.warnings[-1].code == "cutpoints.no_cut"
    outcome["event"] = False
    none = associate_cutpoints([feature], outcome, cohort_id="c", endpoint="OS")
    assert none.answers["method"].str.contains("no_events").all()
    assert "answers.no_events" in {w.code for w in none.warnings}


def test_a_few_patients_have_no_held_out_effect() -> None:
    feature, outcome = survival_cohort(8, seed=2)
    found = associate_cutpoints([feature], outcome, cohort_id="c", endpoint="OS")
    held = found.answers.iloc[2]
    assert np.isnan(held["effect"]) == ("(" in held["method"])
    assert "answers.few_patients" in {w.code for w in found.warnings}


def test_no_features_give_empty_tables() -> None:
    found = associate_cutpoints([], survival_cohort()[1], cohort_id="c", endpoint="OS")
    assert found.answers.empty
    assert found.cuts.empty


def test_wrong_outcomes_are_refused() -> None:
    feature, outcome = survival_cohort()
    twice = pd.concat([outcome, outcome.iloc[:2]])
    with pytest.raises(SampleError, match="2 samples have two outcomes"):
        associate_cutpoints([feature], twice, cohort_id="c", endpoint="OS")
    _, response = response_cohort()
    with pytest.raises(EndpointError, match="neither responder nor"):
        associate_cutpoints([feature], response.replace("responder", "PR"), cohort_id="c", endpoint="r")


def test_real_lymphoma(shared_data) -> None:
    data = pd.read_csv(shared_data / "stats" / "dlbcl" / "data_mge.tsv", sep="\t", dtype={"cens": int})
    data.index = [f"p{i:02d}" for i in range(len(data))]
    outcome = data.rename(columns={"time": "time_months", "cens": "event"})[["time_months", "event"]]
    feature = Feature("MGE", "table", data["MGE"])
    found = associate_cutpoints([feature], outcome, cohort_id="dlbcl", endpoint="OS")
    assert found.cuts["cut"].item() == pytest.approx(0.186052631578947)
    assert found.cuts["p_naive"].item() < found.cuts["p_permutation"].item() < 0.05
