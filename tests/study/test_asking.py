from __future__ import annotations

from pathlib import Path

from tests.study import tiny

from tmescope.study.asking import choosing_cohort, has_visits, is_asked
from tmescope.study.loading import parse_study


def _study(**question):
    data = tiny.study_dict()
    data["endpoints"]["os"]["not_in"] = ["b"]
    data["cohorts"][1]["columns"] = {"timepoint": "timepoint"}
    data["question"] = [question]
    return parse_study(data, folder=Path())


def _asked(study):
    return [c.id for c in study.cohorts if is_asked(study, study.question[0], c)]


def test_cohorts_that_record_the_endpoint_are_asked():
    assert _asked(_study(id="q", kind="survival", endpoint="os")) == ["a"]
    assert _asked(_study(id="q", kind="response", endpoint="response")) == ["a", "b"]
    assert _asked(_study(id="q", kind="response", endpoint="response", cohorts=["b"])) == ["b"]


def test_a_change_is_asked_of_those_that_say_who_and_when():
    study = _study(id="q", kind="change", visits={"before": ["pre"], "on": ["on"]})
    assert [has_visits(c) for c in study.cohorts] == [True, False]
    assert _asked(study) == ["a"]


def test_those_that_test_a_cut_choose_none():
    study = _study(id="q", kind="cutpoint", endpoint="response", carry={"to": ["a"]})
    assert _asked(study) == ["b"]
    assert choosing_cohort(study, study.question[0]).id == "b"
    first = _study(id="q", kind="cutpoint", endpoint="response", cohorts=["b"], carry={"to": ["a"]})
    assert choosing_cohort(first, first.question[0]).id == "b"
    filed = _study(id="q", kind="cutpoint", endpoint="response", carry={"to": ["a"], "files": ["cut.json"]})
    assert _asked(filed) == []
    assert choosing_cohort(filed, filed.question[0]) is None
