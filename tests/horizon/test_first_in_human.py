"""Which trial may have been the first."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.horizon.small_lake import lake, mention, trial

from tmescope.horizon.first_in_human import find_earliest
from tmescope.horizon.subjects import Subject, find_subject_trials


def _first(*trials: dict[str, Any]) -> list[tuple[str, str, bool]]:
    connection = lake(trials, [mention(one, "HGNC:1") for one in trials])
    found = find_earliest(find_subject_trials(connection, Subject(("HGNC:1",))))
    return [(one.trial.doc_id[-1], one.dated_by, one.certain) for one in found]


def _early(number: int, **more: Any) -> dict[str, Any]:
    return trial(number, **{"phases": ["PHASE1"], "start_on": f"2020-01-{number + 10}", **more})


def test_the_earliest_start_of_a_trial_of_phase_one() -> None:
    assert _first(_early(1), _early(2), trial(3, start_on="2001-01-01")) == [("1", "start", True)]


@pytest.mark.parametrize("phases", [["EARLY_PHASE1"], ["PHASE1", "PHASE2"]])
def test_early_phase_one_and_phases_one_and_two_count(phases: list[str]) -> None:
    assert _first(_early(1, phases=phases), _early(2)) == [("1", "start", True)]


@pytest.mark.parametrize(
    "more",
    [
        {"status": "WITHDRAWN"},
        {"status": "NOT_YET_RECRUITING"},
        {"start_type": "ESTIMATED"},
        {"study_type": "OBSERVATIONAL"},
        {"start_on": None, "first_posted_on": None},
    ],
)
def test_what_treated_nobody_was_not_the_first(more: dict[str, Any]) -> None:
    assert _first(_early(1, **more), _early(2)) == [("2", "start", True)]
    assert _first(_early(1, **more)) == []


def test_a_month_may_be_any_of_its_days() -> None:
    month = _early(9, start_on="2020-01-01", start_precision="month")
    assert _first(_early(1), _early(2), month) == [("9", "start", False), ("1", "start", False)]  # 2 was after 1
    after = _early(9, start_on="2020-02-01", start_precision="month")
    assert _first(_early(1), after) == [("1", "start", True)]


def test_without_a_start_the_day_of_posting_stands_in_and_says_so() -> None:
    assert _first(_early(1, start_on=None, first_posted_on="2019-01-01")) == [("1", "first posted", True)]


def test_two_on_one_day_are_both_named() -> None:
    same = {"start_on": date(2020, 1, 1).isoformat()}
    assert _first(_early(1, **same), _early(2, **same)) == [("1", "start", False), ("2", "start", False)]
