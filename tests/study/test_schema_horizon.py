"""A study of a lake of documents, as its file says it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tmescope.foundation.errors import ManyProblems
from tmescope.study.loading import parse_study
from tmescope.study.schema_horizon import begin_of_day, end_of_day

HEAD = {"id": "radar", "title": "What rises", "kind": "horizon"}


def _parse(**tables):
    return parse_study({"format": 1, "study": HEAD, **tables}, folder=Path("/data"))


def test_a_lake_stands_in_place_of_cohorts():
    study = _parse(horizon={"lake": "horizon", "since": "2019-04", "as_of": "2021-12", "landscapes": [["TIGIT"]]})
    assert study.cohorts == []
    assert study.resolve(study.horizon.lake) == Path("/data/horizon")
    assert study.horizon.first_day == date(2019, 4, 1)
    assert study.horizon.last_day == date(2021, 12, 31)
    assert study.horizon.focus == ["oncology"]


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({}, "needs the table horizon"),
        ({"horizon": {}}, "'lake' is missing"),
        ({"horizon": {"lake": "l"}, "endpoints": {"os": {}}}, "endpoints does not belong"),
        ({"horizon": {"lake": "l", "since": "spring"}}, "'spring' is no year, month or day"),
        ({"horizon": {"lake": "l", "as_of": "2021-13"}}, "'2021-13' is no year"),
        ({"horizon": {"lake": "l", "focus": ["a", "a"]}}, "'a' stands here more than once"),
        ({"horizon": {"lake": "l", "landscapes": [[]]}}, "each subject is a list"),
        ({"horizon": {"lake": "l", "focuss": ["a"]}}, "unknown key 'focuss'"),
    ],
)
def test_what_is_wrong_is_told(tables, told):
    with pytest.raises(ManyProblems, match=told.replace("[", r"\[")):
        _parse(**tables)


def test_cohorts_are_needed_in_every_other_study():
    head = {"id": "a", "title": "b"}
    with pytest.raises(ManyProblems, match="the list is empty"):
        parse_study({"format": 1, "study": head, "cohorts": []}, folder=Path())
    with pytest.raises(ManyProblems, match="'cohorts' is missing"):
        parse_study({"format": 1, "study": head}, folder=Path())
    with pytest.raises(ManyProblems, match="belongs to a study of kind"):
        parse_study({"format": 1, "study": head, "horizon": {"lake": "l"}}, folder=Path())


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2020", date(2020, 1, 1), date(2020, 12, 31)),
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29)),
        ("2021-12", date(2021, 12, 1), date(2021, 12, 31)),
        ("2021-12-05", date(2021, 12, 5), date(2021, 12, 5)),
    ],
)
def test_years_and_months_have_a_first_and_a_last_day(text, first, last):
    assert (begin_of_day(text), end_of_day(text)) == (first, last)
