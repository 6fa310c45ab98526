from __future__ import annotations

import pytest
from tests.study import tiny

from tmescope.foundation.errors import ManyProblems
from tmescope.study.loading import parse_study

QUESTION = {"id": "q", "kind": "response", "endpoint": "response"}


def _problems(tmp_path, *questions) -> str:
    data = tiny.study_dict()
    data["question"] = list(questions)
    with pytest.raises(ManyProblems) as caught:
        parse_study(data, folder=tmp_path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"endpoint": "os"}, "response endpoint"),
        ({"kind": "survival"}, "time-to-event endpoint"),
        ({"cohorts": ["a", "zz"]}, "zz"),
        ({"pool": {"strata": {"zz": "PD1"}}}, "zz"),
        ({"confounders": ["tmb", "sitee"]}, "sitee"),
        ({"features": ["table:tmbb"]}, "tmbb"),
        ({"axis": "table:purity"}, "purity"),
    ],
)
def test_names_that_do_not_exist_are_told_with_their_place(tmp_path, wrong, told):
    text = _problems(tmp_path, {**QUESTION, **wrong})
    assert told in text
    assert "question[q]" in text


def test_ids_are_unique_and_right_names_pass(tmp_path):
    assert "ids of questions are not unique" in _problems(tmp_path, QUESTION, QUESTION)
    data = tiny.study_dict()
    data["question"] = [{**QUESTION, "confounders": ["tmb", "braf", "sex", "subtype"], "cohorts": ["a"]}]
    assert parse_study(data, folder=tmp_path).question[0].id == "q"


ENTRY = {"late_entry": {"feature": "biopsy", "unit": "days"}}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"kind": "ordinal"}, "ordered endpoint"),
        ({"kind": "competing_risks", "endpoint": "response"}, "time-to-event endpoint"),
        ({"kind": "competing_risks", "endpoint": "os"}, "names no competing event in cohort 'a'"),
        ({"kind": "survival", "endpoint": "os", "survival": ENTRY}, "numeric feature of cohort 'a'"),
        ({"kind": "survival", "endpoint": "os", "survival": {"weights": "braf"}}, "numeric feature of cohort 'b'"),
        ({"kind": "survival", "endpoint": "os", "survival": {"strata": ["centre"]}}, "centre"),
        ({"kind": "cutpoint", "endpoint": "best"}, "best"),
        ({"kind": "cutpoint", "baseline": ["pre"]}, "does not use baseline where its endpoint is a response"),
    ],
)
def test_what_a_kind_needs_is_looked_for_before_data_are_read(tmp_path, wrong, told):
    text = _problems(tmp_path, {**QUESTION, **wrong})
    assert told in text
    assert "question[q]" in text


def test_ordered_endpoints_and_options_pass(tmp_path):
    data = tiny.study_dict()
    data["endpoints"]["best"] = {
        "kind": "ordinal",
        "rule": "recist",
        "column": "recist",
        "levels": ["PD", "SD", "PR", "CR"],
    }
    data["endpoints"]["os"]["competing"] = {"other": ["2"]}
    data["question"] = [
        {"id": "levels", "kind": "ordinal", "endpoint": "best"},
        {"id": "both", "kind": "competing_risks", "endpoint": "os"},
        {"id": "late", "kind": "survival", "endpoint": "os", "survival": {"weights": "tmb", "strata": ["braf", "sex"]}},
    ]
    assert len(parse_study(data, folder=tmp_path).question) == 3
    data["question"] = [{"id": "cut", "kind": "cutpoint", "endpoint": "best"}]
    with pytest.raises(ManyProblems, match="best"):
        parse_study(data, folder=tmp_path)
