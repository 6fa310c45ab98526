from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.study.clinical_study import TIME, ask, cohort, write_cohort
from tests.study.test_survival_questions import patients

from tmescope.study.sampling_times import late_in_answers

OS = {**TIME, "event_values": ["relapse"], "censored_values": ["none", "died"]}
ARMS = {"feature": "site", "treated": ["skin"], "control": ["node", "lung"], "assignment": "unknown"}


@pytest.fixture(scope="module")
def warnings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("late")
    table = patients(60, 2).assign(timepoint=["pre", "on", "baseline"] * 20)
    write_cohort(folder, "c", table)
    stated = cohort("c", numeric=("x",), categorical=("site",))
    stated["columns"]["timepoint"] = "timepoint"
    common = {"endpoint": "relapse", "features": ["x"]}
    questions = [
        {"id": "plain", "kind": "survival", **common},
        {"id": "named", "kind": "survival", "baseline": ["pre", "on", "baseline"], **common},
        {"id": "arms", "kind": "interaction", "treatment": ARMS, **common},
        {"id": "cut", "kind": "cutpoint", "corrected_by": "lau94", **common},
        {"id": "genes", "kind": "screen", "endpoint": "relapse"},
        {"id": "mark", "kind": "survival", "survival": {"landmark_months": 3.0}, **common},
    ]
    found = {}
    for question in questions:
        told = ask(folder, [stated], endpoints={"relapse": OS}, questions=[question])["warnings"]
        found[question["id"]] = told[told["code"].str.startswith("survival.")]
    return found, table


@pytest.mark.parametrize("question", ["plain", "arms", "cut", "genes"])
def test_every_kind_about_time_tells_of_late_samples(warnings, question):
    told = warnings[0][question]
    assert told["code"].tolist() == ["survival.immortal_time"]
    assert told["count"].tolist() == [20]
    remedy = "survival.late_entry" if question == "plain" else "select samples from before treatment"
    assert remedy in told["message"].iloc[0]


def test_time_points_that_the_question_calls_baseline_are_not_late(warnings):
    assert warnings[0]["named"].empty


def test_a_landmark_does_not_say_that_samples_were_taken_by_then(warnings):
    told, table = warnings[0]["mark"].set_index("code"), warnings[1]
    n = int(np.sum((table["time"] > 3.0) & (table["timepoint"] == "on")))
    assert told.loc["survival.landmark_sampling", "count"] == n > 0
    assert "by the landmark of 3 months" in told.loc["survival.landmark_sampling", "message"]
    assert "survival.immortal_time" not in told.index


def test_the_study_s_own_answers_tell_too():
    samples = pd.DataFrame({"timepoint": ["pre", "on", "on"]}, index=["a", "b", "c"])
    outcome = pd.DataFrame({"time_months": [3.0, 4.0, 5.0], "event": [True, False, True]}, index=samples.index)
    told = list(late_in_answers(samples, outcome, where="c: os"))
    assert [(w.code, w.count) for w in told] == [("survival.immortal_time", 2)]
    assert "names them in its baseline" in told[0].message
    assert not list(late_in_answers(samples.assign(timepoint="pre"), outcome, where="c: os"))
    assert not list(late_in_answers(samples.assign(timepoint=None), outcome, where="c: os"))
