from __future__ import annotations

import pytest
from pydantic import ValidationError

from tmescope.study.schema_endpoints import ResponseEndpoint, ResponseRule, TimeEndpoint, TimeRule

RESPONSE = {"column": "r", "responder": ["CR", "PR"], "non_responder": ["PD"], "missing": ["SD"]}
TIME = {"time": "t", "unit": "days", "event": "e", "event_values": ["1"], "censored_values": ["0"]}


def test_a_recist_rule_may_place_the_words_of_the_table():
    words = {"responder": ["Complete Response", "PR"], "non_responder": ["Stable Disease", "Progressive Disease"]}
    assert ResponseRule(rule="recist", column="r", **words).missing == []


def test_one_cohort_may_have_a_rule_of_its_own_and_another_none():
    own = ResponseRule(rule="source-defined", column="x", responder=["yes"], non_responder=["no"])
    endpoint = ResponseEndpoint(kind="response", rule="recist", **RESPONSE, cohorts={"b": own}, not_in=["c"])
    assert [endpoint.rule_for(c) for c in "bc"] == [own, None]
    assert endpoint.rule_for("a") is endpoint
    coding = TimeRule(**TIME | {"unit": "months"})
    times = TimeEndpoint(kind="time_to_event", **TIME, cohorts={"b": coding})
    assert times.rule_for("b") is coding


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: ResponseRule(rule="recist", **RESPONSE | {"missing": []}), "must place SD"),
        (lambda: ResponseRule(rule="recist", **RESPONSE | {"missing": ["SD", "CR"]}), "CR stands in more than one"),
        (lambda: ResponseRule(rule="recist", **RESPONSE | {"non_responder": ["PD", "stable"]}), "words for SD stand"),
        (lambda: TimeRule(**TIME | {"censored_values": ["1"]}), "1 stands in event_values and in censored_values"),
        (lambda: TimeRule(**TIME, competing={"other": ["1"]}), "1 stands twice among"),
        (lambda: TimeRule(**TIME, competing={"a": ["2"], "b": ["2"]}), "2 stands twice among"),
        (lambda: TimeRule(**TIME, competing={"a": []}), "competing names no value of 'a'"),
        (lambda: TimeRule(**TIME, competing={"Censored": ["2"]}), "cannot be called 'censored'"),
    ],
)
def test_what_is_not_placed_or_placed_twice_is_refused(build, text):
    with pytest.raises(ValidationError, match=text):
        build()
