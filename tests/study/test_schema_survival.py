from __future__ import annotations

import pytest
from pydantic import ValidationError

from tmescope.study.schema_questions import Question
from tmescope.study.schema_survival import SurvivalOptions

ENTRY = {"feature": "biopsy", "unit": "days"}


def test_errors_are_robust_where_weights_are_given_unless_told_otherwise():
    assert not SurvivalOptions().uses_robust
    assert SurvivalOptions(weights="w").uses_robust
    assert not SurvivalOptions(weights="w", robust=False).uses_robust
    assert SurvivalOptions(robust=True).uses_robust


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"landmark_months": 3.0, "late_entry": ENTRY}, "two answers to late samples"),
        ({"landmark_months": 0.0}, "greater than 0"),
        ({"landmark_months": float("inf")}, "finite"),
        ({"ties": "exact"}, "efron"),
        ({"late_entry": {**ENTRY, "unit": "hours"}}, "days"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, text):
    with pytest.raises(ValidationError, match=text):
        SurvivalOptions.model_validate(options)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ({"kind": "response", "survival": {"ties": "efron"}}, "survival is no option of kind response"),
        ({"kind": "competing_risks", "survival": {"strata": ["site"]}}, "survival.strata is no option"),
        ({"kind": "restricted_mean", "horizon_months": 12.0, "survival": {"robust": True}}, "survival.robust is no"),
        ({"kind": "restricted_mean"}, "needs horizon_months"),
        ({"kind": "survival", "horizon_months": 12.0}, "horizon_months is no option"),
        (
            {"kind": "restricted_mean", "horizon_months": 12.0, "axis": "cyt"},
            "axis is no option of kind restricted_mean",
        ),
    ],
)
def test_options_belong_to_kinds(question, text):
    with pytest.raises(ValidationError, match=text):
        Question.model_validate({"id": "q", "endpoint": "os", **question})


def test_kinds_take_what_their_models_know():
    for kind, options in (
        ("survival", {"strata": ["site"], "weights": "w", "late_entry": ENTRY, "ties": "breslow"}),
        ("competing_risks", {"ties": "breslow", "robust": True, "landmark_months": 3.0}),
    ):
        asked = Question.model_validate({"id": "q", "endpoint": "os", "kind": kind, "survival": options})
        assert asked.survival is not None
