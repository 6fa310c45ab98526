from __future__ import annotations

import pytest
from pydantic import ValidationError

from tmescope.study.schema_questions import Question
from tmescope.study.schema_visits import Visits

CHANGE = {"id": "q", "kind": "change", "visits": {"before": ["pre"], "on": ["on"]}}


def test_words_of_single_cohorts_replace_the_common_ones():
    visits = Visits(before=["pre"], on=["on"], cohorts={"b": {"before": ["v0"], "on": ["v1", "v2"]}})
    assert visits.words_in("a").on == ["on"]
    assert visits.words_in("b").on == ["v1", "v2"]


def test_a_word_means_one_visit():
    with pytest.raises(ValidationError, match="'pre' stands more than once"):
        Visits(before=["pre"], on=["on", "pre"])


def test_a_change_needs_visits_and_no_endpoint():
    assert Question(**CHANGE).endpoint == ""
    for wrong, words in (
        ({**CHANGE, "visits": None}, "kind change needs visits"),
        ({**CHANGE, "kind": "response", "endpoint": "r"}, "visits is no option of kind response"),
        ({**CHANGE, "confounders": ["sex"]}, "confounders is no option of kind change"),
        ({"id": "q", "kind": "response"}, "name an endpoint"),
    ):
        with pytest.raises(ValidationError, match=words):
            Question(**wrong)
