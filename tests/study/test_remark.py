from __future__ import annotations

import pandas as pd
import pytest
from tests.study import tiny
from tests.study.written import write

from tmescope.study.loading import parse_study
from tmescope.study.remark import FILLED, NOT_APPLICABLE, PARTLY, USER, remark_decisions

OWN = {"endpoint": "os", "features": ["cyt"]}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return write(tmp_path_factory.mktemp("plain"))[2]


def test_every_item_is_there_with_one_of_the_states(plain):
    assert plain.index.tolist() == list(range(1, 21))
    assert set(plain["status"]) <= {FILLED, PARTLY, USER, NOT_APPLICABLE}
    assert plain["text"].str.len().min() > 20


def test_what_only_people_know_is_never_said_to_be_filled(plain):
    for item in (1, 2, 3, 4, 5, 6, 9, 14, 16, 17, 18, 19, 20):
        assert plain.loc[item, "status"] == USER
    for item in (7, 8, 10):
        assert plain.loc[item, "status"] == PARTLY
        assert "State " in plain.loc[item, "text"] or "not checked" in plain.loc[item, "text"]


def test_numbers_come_from_the_tables(plain):
    assert plain.loc[12, "status"] == FILLED
    assert (
        "a: 24 in the matrix, 24 in the table, 24 in both, 24 analysed; response: 17 responders"
        in plain.loc[12, "text"]
    )
    assert "os: 11 events in 24 samples" in plain.loc[12, "text"]
    assert plain.loc[15, "text"].startswith("34 estimates")
    assert "tertiles" in plain.loc[11, "text"]
    assert plain.loc[13, "status"] == USER


def test_a_study_without_questions_has_items_that_do_not_apply(tmp_path):
    def change(data):
        data["endpoints"], data["answers"] = {}, {}
        data["study"]["question"] = "Who responds?"

    table = write(tmp_path, change)[2]
    for item in (7, 8, 10, 11, 15):
        assert table.loc[item, "status"] == NOT_APPLICABLE
    assert "Who responds?" in table.loc[1, "text"]


def test_samples_lost_on_the_way_and_recorded_age_are_told(tmp_path):
    tiny.write_files(tmp_path)
    path = tmp_path / "a_samples.csv"
    samples = pd.read_csv(path).iloc[:-2].assign(age=50)
    samples.loc[0, "age"] = None
    samples.to_csv(path, index=False)
    table = write(tmp_path, lambda data: data["cohorts"][0]["columns"].update({"age_years": "age"}))[2]
    assert table.loc[12, "status"] == PARTLY
    assert "a: 24 in the matrix, 22 in the table, 22 in both" in table.loc[12, "text"]
    assert table.loc[13, "status"] == PARTLY
    assert "age of 21" in table.loc[13, "text"]


def test_the_table_depends_on_question_endpoints_and_selection(tmp_path):
    data = tiny.study_dict()
    one = remark_decisions(parse_study(data, folder=tmp_path))
    data["study"]["question"] = "Another?"
    two = remark_decisions(parse_study(data, folder=tmp_path))
    assert one != two
    assert one["endpoints"] == two["endpoints"]


def test_questions_of_ones_own_fill_what_they_answer(tmp_path):
    def change(data):
        data["question"] = [
            {
                "id": "time",
                "kind": "survival",
                "endpoint": "os",
                "features": ["cyt"],
                "confounders": ["tmb"],
                "pool": {},
            },
            {"id": "cut", "kind": "cutpoint", "endpoint": "os", "features": ["cyt"], "corrected_by": "lau94"},
        ]

    table = write(tmp_path, change)[2]
    assert "Assumptions were checked for" in table.loc[10, "text"]
    assert "cut-points were optimised" in table.loc[11, "text"]
    for item in (16, 17, 18):
        assert table.loc[item, "status"] == PARTLY
    assert "adjusted for tmb" in table.loc[16, "text"]
    assert "tmb" in table.loc[17, "text"]
    assert "pooled over cohorts" in table.loc[18, "text"]


def test_a_split_at_the_median_is_told_and_is_no_check_of_assumptions(tmp_path):
    def change(data):
        question = {"id": "months", "kind": "restricted_mean", "endpoint": "os", "features": ["cyt"]}
        data["question"] = [{**question, "horizon_months": 6.0}]

    table = write(tmp_path, change)[2]
    assert "halves at the median of each cohort" in table.loc[11, "text"]
    assert "were not checked by the run" in table.loc[10, "text"]


def test_tertiles_of_incidence_are_told(tmp_path):
    def change(data):
        data["endpoints"]["os"]["competing"] = {"other": ["2"]}
        data["question"] = [{"id": "causes", "kind": "competing_risks", **OWN}]

    told = write(tmp_path, change)[2].loc[11, "text"]
    assert "for the incidence of competing events, and Gray's test, as tertiles of each cohort, not optimised" in told
    assert "halves at the median" not in told
    assert "frozen" not in told
