from __future__ import annotations

import pytest
from pydantic import ValidationError

from tmescope.study.schema_expression import ExpressionOptions
from tmescope.study.schema_questions import Question

GROUPS = {"feature": "braf", "group": ["V600E"], "reference": ["WT"]}


def test_groups_are_named_in_words() -> None:
    assert ExpressionOptions().contrast == "responder vs non_responder"
    stated = ExpressionOptions(feature="arm", group=["a", "b"], reference=["c"])
    assert stated.contrast == "a or b vs c"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"feature": "braf"}, "belong together"),
        ({"group": ["V600E"], "reference": ["WT"]}, "belong together"),
        ({**GROUPS, "reference": ["V600E"]}, "stands in group and in reference"),
        ({"combat": True}, "combat needs a batch"),
        ({**GROUPS, "batch": "braf"}, "both the batch and what is compared"),
        ({"method": "edger"}, "limma"),
        ({"pseudocount": 0.0}, "greater than 0"),
        ({"fewest_counts": float("inf")}, "finite"),
    ],
)
def test_what_does_not_go_together_is_refused(wrong: dict, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ExpressionOptions(**wrong)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"kind": "expression"}, "name an endpoint, or"),
        ({"kind": "response"}, "name an endpoint, or"),
        ({"kind": "expression", "endpoint": "response", "expression": GROUPS}, "not both"),
        ({"kind": "survival", "endpoint": "os", "expression": {}}, "expression is no option of kind survival"),
        ({"kind": "expression", "endpoint": "response", "genes": ["CD274"]}, "genes is no option of kind expression"),
        ({"kind": "expression", "endpoint": "response", "pool": {}}, "pool is no option of kind expression"),
    ],
)
def test_a_question_says_once_what_it_compares(wrong: dict, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Question(id="q", **wrong)
