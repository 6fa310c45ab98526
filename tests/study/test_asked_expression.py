from __future__ import annotations

from tests.study import tiny

from tmescope.study.asked_expression import asked_expression, expresses, options_of
from tmescope.study.loading import parse_study

QUESTIONS = [
    {"id": "who", "kind": "expression", "endpoint": "response"},
    {"id": "braf", "kind": "expression", "cohorts": ["b"],
     "expression": {"feature": "braf", "group": ["V600E"], "reference": ["WT"]}},
    {"id": "sex", "kind": "expression", "expression": {"feature": "sex", "group": ["F"], "reference": ["M"]}},
    {"id": "odds", "kind": "response", "endpoint": "response"},
]  # fmt: skip


def test_cohorts_are_asked_what_they_record(tmp_path) -> None:
    tiny.write_files(tmp_path)
    data = tiny.study_dict()
    data["question"] = QUESTIONS
    data["endpoints"]["response"]["not_in"] = ["a"]
    data["cohorts"][1]["features"] = []
    for question in data["question"]:
        question.setdefault("confounders", [])
    study = parse_study(data, folder=tmp_path)
    a, b = study.cohorts
    assert expresses(study)
    assert [q.id for q in asked_expression(study, a)] == ["sex"]
    assert [q.id for q in asked_expression(study, b)] == ["who", "sex"]  # it has no column braf
    assert options_of(study.question[0]).method is None


def test_a_study_without_such_questions_has_none(tmp_path) -> None:
    tiny.write_files(tmp_path)
    assert not expresses(parse_study(tiny.study_dict(), folder=tmp_path))
