from __future__ import annotations

import pytest
from pydantic import ValidationError

from tmescope.study.schema_questions import Pooling, Question, Treatment

ARMS = {"feature": "arm", "treated": ["drug"], "control": ["placebo"], "assignment": "randomised"}


def test_defaults_are_the_honest_ones():
    pool = Pooling()
    assert (pool.method, pool.test, pool.fewest_cohorts) == ("reml", "hartung_knapp", 2)
    question = Question(id="q", kind="response", endpoint="recist")
    assert question.pool is None
    assert question.cohorts is None


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"kind": "interaction"}, "a question of kind interaction needs treatment"),
        ({"kind": "response", "treatment": ARMS}, "treatment is no option of kind response: kind interaction uses it"),
        ({"kind": "interaction", "treatment": ARMS, "axis": "estimate"}, "axis is no option of kind interaction"),
        (
            {"kind": "response", "cohorts": ["a"], "pool": {"strata": {"b": "PD1"}}},
            "'b', which the question does not ask",
        ),
        ({"kind": "response", "axis": "tmb", "confounders": ["sex", "tmb"]}, "'tmb' is the axis and a confounder"),
        ({"kind": "survival", "axis": "table:tmb", "confounders": ["tmb"]}, "'tmb' is the axis and a confounder"),
        ({"kind": "response", "id": "a b/c"}, "a b/c"),
        ({"kind": "response", "pool": {"fewest_cohorts": 1}}, "greater than or equal to 2"),
    ],
)
def test_what_contradicts_itself_is_refused(wrong, told):
    with pytest.raises(ValidationError, match=told):
        Question.model_validate({"id": "q", "endpoint": "e", **wrong})


def test_an_arm_is_treated_or_control():
    with pytest.raises(ValidationError, match="'drug' stands in treated and in control"):
        Treatment.model_validate({**ARMS, "control": ["drug"]})


def test_strata_may_name_the_cohorts_that_a_cut_off_is_carried_to():
    asked = {"id": "q", "kind": "cutpoint", "endpoint": "os", "cohorts": ["a"], "carry": {"to": ["b", "c"]}}
    question = Question.model_validate({**asked, "pool": {"strata": {"b": "PD1", "c": "CTLA4"}}})
    assert question.pool is not None
    with pytest.raises(ValidationError, match="'d', which the question does not ask"):
        Question.model_validate({**asked, "pool": {"strata": {"d": "PD1"}}})
