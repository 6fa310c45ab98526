from __future__ import annotations

import pytest

from tmescope.foundation.errors import EndpointError
from tmescope.ingest.endpoint_rules import (
    MONTHS_PER_UNIT,
    OrdinalRule,
    ResponseRule,
    TimeToEventRule,
    check_rule,
    sort_values,
)

RESPONSE = ResponseRule("recist", ("CR", "PR"), ("SD", "PD"), missing=("NE",))
TIMES = TimeToEventRule("t", "e", "days", ("1",), ("0",))


def _what(rule: ResponseRule | TimeToEventRule | OrdinalRule) -> list[str]:
    problems = check_rule("os", rule, where="s.tsv")
    assert all(isinstance(p, EndpointError) and p.where == "s.tsv, endpoint 'os'" for p in problems)
    return [p.what for p in problems]


def test_whole_rules_pass() -> None:
    assert _what(RESPONSE) == _what(TIMES) == []
    assert _what(ResponseRule("r", ("R",), ("NR",), "source-defined")) == []


def test_a_recist_rule_must_place_stable_disease() -> None:
    assert _what(ResponseRule("r", ("CR", "PR"), ("PD",))) == ["the rule does not say where stable disease (SD) goes"]
    for rule in (
        ResponseRule("r", ("CR", "SD"), ("PD",)),
        ResponseRule("r", ("CR",), ("PD",), missing=("SD",)),
    ):
        assert _what(rule) == []


def test_a_recist_rule_may_place_the_words_of_the_table() -> None:
    words = ("Stable Disease", "Progressive Disease")
    assert _what(ResponseRule("r", ("Complete Response", "Partial Response"), words)) == []


@pytest.mark.parametrize(
    "rule",
    [
        ResponseRule("r", ("CR", "PR", "Stable Disease"), ("SD", "PD")),
        ResponseRule("r", ("CR", "PR"), ("stable", "PD"), missing=("Stable Disease (SD)",)),
        OrdinalRule("r", {"worst": ("PD",), "middle": ("SD",), "best": ("PR", "Stable Disease")}, "recist"),
    ],
    ids=["response", "missing", "ordinal"],
)
def test_two_words_for_one_category_have_one_meaning(rule: ResponseRule | OrdinalRule) -> None:
    (what,) = _what(rule)
    assert "is declared both" in what
    assert what.endswith("both mean SD")


def test_words_of_other_rules_are_no_categories() -> None:
    assert _what(ResponseRule("r", ("SD",), ("stable",), "source-defined")) == []


def test_both_sides_of_a_response_are_named() -> None:
    assert _what(ResponseRule("r", ("R",), (), "source-defined")) == ["the rule names no non_responder values"]


def test_an_event_coding_is_declared() -> None:
    (what,) = _what(TimeToEventRule("t", "e", "days"))
    assert what == "the rule does not say which values of 'e' mean an event"
    (what,) = _what(TimeToEventRule("t", "e", "days", ("1",)))
    assert what == "the rule does not say which values of 'e' mean censored"


def test_a_value_has_one_meaning() -> None:
    assert _what(TimeToEventRule("t", "e", "days", ("1",), ("0", "1.0"))) == [
        "the value '1.0' is declared both event and censored"
    ]
    (what,) = _what(ResponseRule("r", ("CR", "SD"), ("SD",)))
    assert "'SD' is declared both responder and non_responder" in what


def test_an_unknown_unit() -> None:
    assert _what(TimeToEventRule("t", "e", "month", ("1",), ("0",))) == ["the unit 'month' is not a unit of time"]  # type: ignore[arg-type]


def test_a_month_is_30_4375_days() -> None:
    assert MONTHS_PER_UNIT["days"] * 30.4375 == pytest.approx(1, rel=1e-15)
    assert MONTHS_PER_UNIT["weeks"] == pytest.approx(7 * MONTHS_PER_UNIT["days"], rel=1e-15)
    assert MONTHS_PER_UNIT["years"] == 12


def test_numbers_are_the_same_with_and_without_decimals_and_words_are_exact() -> None:
    groups = {"event": ("1", "dead"), "censored": ("0",), "missing": ("9",)}
    found = sort_values(["1.0", "0", "01", " dead ", "", "NA", "9.0"], groups, where="w")
    assert found == ["event", "censored", "event", "event", None, None, None]


def test_values_that_no_group_names_are_counted() -> None:
    with pytest.raises(EndpointError, match="3 cells hold values that the rule does not name") as caught:
        sort_values(["1", "2", "2", "Dead"], {"event": ("1",)}, where="s.tsv, column 'e'")
    assert "'2 (2x)', 'Dead (1x)'" in caught.value.what
    assert caught.value.where == "s.tsv, column 'e'"


def test_a_group_may_claim_a_missing_word() -> None:
    assert sort_values(["NA"], {"responder": ("NA",)}, where="w") == ["responder"]
