from __future__ import annotations

import pandas as pd
import pytest
from tests.study import paired, tiny

from tmescope.foundation.errors import ManyProblems, SampleError, TmescopeError
from tmescope.study.checking import check
from tmescope.study.loading import load_study
from tmescope.study.running import run
from tmescope.study.visits import asked_visits


def _run(folder, data):
    (folder / "study.toml").write_text(tiny.to_toml(data), encoding="utf-8")
    return run(folder / "study.toml", folder / "out")


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("visits")
    paired.write_files(folder)
    other = {"id": "time", "kind": "survival", "endpoint": "os", "features": ["zscore:cyt"], "pool": {}}
    plain = _run(folder, {**tiny.study_dict(), "question": [other]})
    before = {name: plain.table(name) for name in ("samples", "scores", "answers", "features", "curves", "quality")}
    asked = _run(folder, {**tiny.study_dict(), "question": [other, paired.QUESTION]})
    return before, asked, folder


def test_the_baseline_is_the_same_with_and_without_a_question_of_change(answered):
    before, asked, _ = answered
    for name in ("samples", "scores", "features", "curves", "quality"):
        pd.testing.assert_frame_equal(before[name], asked.table(name))
    answers = asked.table("answers")
    standing = answers[answers["question_id"] != "rise"].reset_index(drop=True)
    pd.testing.assert_frame_equal(before["answers"], standing)
    assert not asked.table("samples")["sample_id"].str.endswith("-on").any()


def test_the_planted_rise_is_found_in_responders_alone_and_pooled(answered):
    _, asked, _ = answered
    answers = asked.table("answers")
    rows = answers[(answers["question_id"] == "rise") & (answers["feature"] == "cyt") & (answers["cohort_id"] == "a")]
    rows = rows.set_index("effect_name")
    assert rows.loc["change_per_sd_in_responders", "p_value"] < 1e-3
    assert rows.loc["change_difference_per_sd", "effect"] > 0.5
    assert abs(rows.loc["change_per_sd_in_non_responders", "effect"]) < 0.3
    assert rows["q_value"].notna().all()
    assert (rows.loc["change_per_sd", "n"], rows.loc["change_per_sd", "n_events"]) == (24, 20)
    assert rows.loc["change_per_sd", "checks"].count("complete pairs alone (20)") == 1
    pooled = asked.table("pooled").query("question_id == 'rise'").set_index(["feature", "effect_name"])
    assert pooled.loc[("cyt", "change_difference_per_sd"), "k"] == 2
    assert pooled.loc[("cyt", "change_per_sd_in_responders"), "ci_low"] > 0.0
    assert (
        pooled.loc[("pan_f_tbrs", "change_per_sd"), "ci_low"]
        < 0.0
        < pooled.loc[("pan_f_tbrs", "change_per_sd"), "ci_high"]
    )


def test_the_values_that_were_compared_stand_in_a_table(answered):
    _, asked, _ = answered
    visits = asked.table("visits")
    rows = visits[(visits["cohort_id"] == "a") & (visits["feature"] == "cyt")]
    assert rows["visit"].value_counts().to_dict() == {"before": 24, "on": 20}
    assert set(rows["response"]) == {"responder", "non_responder"}
    assert rows["value"].notna().all()


def test_a_second_run_has_nothing_to_do_and_a_new_word_redoes_the_visits_alone(answered):
    _, _, folder = answered
    again = run(folder / "study.toml", folder / "out")
    assert again.redone == ()
    changed = _run(folder, paired.study_dict(features=["zscore:cyt"]))
    assert not [name for name in changed.redone if name.startswith(("cohort-", "profile-", "visits~"))]
    without = _run(folder, tiny.study_dict())
    assert len(without.table("visits")) == 0
    assert not [p.name for p in (folder / "out" / ".tmescope" / "steps").iterdir() if p.name.startswith("visits~")]


def test_other_words_and_several_visits_of_single_cohorts(tmp_path):
    paired.write_files(tmp_path)
    path = tmp_path / "b_samples.csv"
    samples = pd.read_csv(path)
    samples["timepoint"] = samples["timepoint"].map({"pre": "screening", "on": "week 8"})
    extra = samples.iloc[[0]].assign(sample_id="S2-01-on")
    samples.loc[samples["sample_id"] == "S2-01-on", ["patient_id", "timepoint"]] = ["P2-00", "week 4"]
    samples.to_csv(path, index=False)
    assert len(extra) == 1
    visits = {"before": ["pre"], "on": ["on"], "cohorts": {"b": {"before": ["screening"], "on": ["week 4", "week 8"]}}}
    data = paired.study_dict(visits=visits, endpoint="", pool=None)
    del data["question"][0]["pool"], data["question"][0]["endpoint"]
    data["cohorts"][1]["select"] = {"timepoint": ["screening"]}
    outcome = _run(tmp_path, data)
    rows = outcome.table("visits")
    rows = rows[(rows["cohort_id"] == "b") & (rows["patient_id"] == "P2-00") & (rows["feature"] == "cyt")]
    assert set(rows["sample_id"]) == {"S2-00", "S2-01-on"}
    warnings = outcome.table("warnings")
    assert warnings[warnings["code"] == "change.passed_over"]["examples"].tolist() == ["S2-00-on"]
    assert set(outcome.table("answers").query("question_id == 'rise'")["effect_name"]) == {"change_per_sd"}


def test_a_cohort_without_the_second_visit_is_refused(tmp_path):
    tiny.write_files(tmp_path)
    with pytest.raises(TmescopeError, match="no row has the timepoint 'on'") as caught:
        _run(tmp_path, paired.study_dict())
    assert "question rise, visits" in str(caught.value)


def test_a_visit_whose_samples_are_all_left_out_is_refused(tmp_path):
    paired.write_files(tmp_path)
    data = paired.study_dict(cohorts=["b"])
    on = pd.read_csv(tmp_path / "b_samples.csv").query("timepoint == 'on'")["sample_id"]
    data["cohorts"][1]["select"]["exclude"] = list(on)
    with pytest.raises(SampleError, match="no sample that enters has the time point 'on'"):
        _run(tmp_path, data)
    found = check(tmp_path / "study.toml")
    assert [p.what for p in found.problems] == ["no sample that enters has the time point 'on'"]


def test_cohorts_that_do_not_say_who_and_when_are_not_asked(tmp_path):
    paired.write_files(tmp_path)
    data = paired.study_dict()
    data["cohorts"][1]["columns"] = {"patient_id": "patient_id"}
    del data["cohorts"][1]["select"]
    data["cohorts"][1]["select"] = {"one_per_patient": "first"}
    path = tiny.write_study(tmp_path, data)
    assert [(q.id, c.id) for q, c in asked_visits(load_study(path))] == [("rise", "a")]
    data["question"][0]["cohorts"] = ["a", "b"]
    with pytest.raises(ManyProblems, match="cohort b does not say whose a sample is"):
        load_study(tiny.write_study(tmp_path, data))


def _share(folder, *, lost_in_a: str):
    """Make patient 2 of both cohorts one person, who lacks a visit in the first."""
    paired.write_files(folder)
    for name in "ab":
        path = folder / f"{name}_samples.csv"
        samples = pd.read_csv(path)
        mine = samples["patient_id"] == samples["patient_id"].iloc[2]
        samples.loc[mine, "patient_id"] = "TRIAL-123456-7"
        if name == "a":
            samples = samples[~(mine & (samples["timepoint"] == lost_in_a))]
        samples.to_csv(path, index=False)


@pytest.mark.parametrize("lost", ["pre", "on", "neither"])
def test_a_patient_of_two_cohorts_counts_once_also_without_a_baseline(tmp_path, lost):
    _share(tmp_path, lost_in_a=lost)
    outcome = _run(tmp_path, paired.study_dict(features=["zscore:cyt"]))
    visits = outcome.table("visits").query("patient_id == 'TRIAL-123456-7'")
    pair = "a" if lost == "neither" else "b"  # the first cohort that has both her visits
    assert visits.groupby("cohort_id")["visit"].apply(list).to_dict() == {pair: ["before", "on"]}
    answers = outcome.table("answers").query("question_id == 'rise'")
    told = answers.groupby("cohort_id")["left_out"].first().str.contains("whose patient another cohort has")
    assert told.to_dict() == {"a": pair == "b", "b": pair == "a"}
