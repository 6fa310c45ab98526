from __future__ import annotations

import pytest
from pydantic import ValidationError

from tmescope.study.schema_ordinal import OrdinalEndpoint, OrdinalRule, words_of

SAID = {"kind": "ordinal", "rule": "source-defined", "column": "c", "levels": ["low", "mid", "high"]}


def test_a_level_is_its_own_word_unless_words_are_given():
    own = OrdinalRule(rule="source-defined", column="d", words={"low": ["1"], "mid": ["2", "3"]})
    endpoint = OrdinalEndpoint(**SAID, cohorts={"b": own}, not_in=["c"])
    assert endpoint.rule_for("a") is endpoint
    assert endpoint.rule_for("c") is None
    assert endpoint.groups(endpoint) == {"low": ("low",), "mid": ("mid",), "high": ("high",)}
    assert list(endpoint.groups(own).items()) == [("low", ("1",)), ("mid", ("2", "3")), ("high", ("high",))]
    assert words_of(own, "high") == ["high"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"levels": ["low", "high"]}, "at least 3"),
        ({"levels": ["low", "mid", "low"]}, "low stands more than once"),
        ({"words": {"top": ["x"]}}, "'top', which is not one of the levels"),
        ({"words": {"low": ["x"], "mid": ["x"]}}, "x means more than one"),
        ({"missing": ["mid"]}, "mid means more than one"),
        ({"rule": "recist", "levels": ["PD", "SD", "PR"]}, "must place CR"),
        ({"rule": "recist", "levels": ["PD", "SD", "PR", "CR"], "missing": ["stable"]}, "words for SD mean more than"),
        (
            {"cohorts": {"b": OrdinalRule(rule="source-defined", column="d", words={"top": ["x"]})}},
            "of cohort b names 'top'",
        ),
    ],
)
def test_levels_and_words_are_placed_once(change, text):
    with pytest.raises(ValidationError, match=text):
        OrdinalEndpoint(**{**SAID, **change})


def test_levels_may_be_the_words_of_the_table():
    levels = ["Progressive Disease", "Stable Disease", "Partial Response", "Complete Response"]
    assert OrdinalEndpoint(**{**SAID, "rule": "recist", "levels": levels}).levels == levels


def test_categories_may_be_joined_into_one_level():
    joined = OrdinalEndpoint(
        **{**SAID, "rule": "recist", "levels": ["PD", "SD", "OR"], "words": {"OR": ["CR", "PR"]}, "missing": ["NE"]}
    )
    assert joined.groups(joined)["OR"] == ("CR", "PR")
