from __future__ import annotations

import pytest
from pydantic import ValidationError

from tmescope.study.schema_questions import Pooling


@pytest.mark.parametrize(
    ("moderators", "words"),
    [
        ({"year": {"a": 2015, "b": 2017}}, "stated for 2 cohorts; a meta-regression needs 3"),
        ({"drug": {"a": "x", "b": "y", "c": "z"}}, "stated for 3 cohorts; a meta-regression needs 4"),
        ({"drug": {"a": "x", "b": "x", "c": "x"}}, "the same in all cohorts"),
        ({"drug": {"a": "x", "b": 1, "c": "x"}}, "numbers and words"),
        ({"year": {"a": 2015, "b": float("nan"), "c": 2019}}, "'year' of cohort 'b' is no finite number"),
        ({"year": {"a": 2015, "b": 2017, "c": float("inf")}}, "'year' of cohort 'c' is no finite number"),
        ({" ": {"a": 1, "b": 2, "c": 3}}, "has no name"),
    ],
)
def test_moderators_that_can_tell_nothing_are_refused(moderators, words):
    with pytest.raises(ValidationError, match=words):
        Pooling(moderators=moderators)


def test_numbers_and_kinds_are_taken():
    pool = Pooling(moderators={"year": {"a": 2015, "b": 2017.5, "c": 2019}, "drug": {"a": "x", "b": "y", "c": "x"}})
    assert pool.moderators["drug"]["b"] == "y"
