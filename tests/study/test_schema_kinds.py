from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from tmescope.study.schema_kinds import SETTINGS, misplaced_settings
from tmescope.study.schema_questions import Question

KINDS = get_args(Question.model_fields["kind"].annotation)
EVERYWHERE = ("id", "kind", "endpoint")
NEEDED: dict[str, dict[str, Any]] = {
    "interaction": {"treatment": {"feature": "arm", "treated": ["drug"], "assignment": "unknown"}},
    "change": {"visits": {"before": ["pre"], "on": ["on"]}},
    "restricted_mean": {"horizon_months": 12.0},
}
STATED: dict[str, Any] = {
    "cohorts": ["a"],
    "methods": ["zscore"],
    "features": ["cyt"],
    "genes": ["CD274"],
    "axis": "purity",
    "confounders": ["sex"],
    "baseline": ["pre"],
    "corrected_by": "lau94",
    "treatment": NEEDED["interaction"]["treatment"],
    "horizon_months": 12.0,
    "survival.ties": "efron",
    "survival.strata": ["site"],
    "survival.weights": "ipw",
    "survival.robust": True,
    "survival.landmark_months": 3.0,
    "survival.late_entry": {"feature": "biopsy", "unit": "days"},
    "expression.method": "limma",
    "expression.batch": "run",
    "carry": {"to": ["b"]},
    "visits": NEEDED["change"]["visits"],
    "pool.method": "dl",
    "pool.test": "z",
    "pool.strata": {"a": "PD1"},
    "pool.moderators": {"year": {"a": 2015, "b": 2017, "c": 2019}},
    "pool.fewest_cohorts": 3,
}
"""A value for every setting that is stated by itself; those of treatment, visits, carry come with their table."""


def _fields(table: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in table.model_fields.items():
        yield prefix + name
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _fields(part, f"{prefix}{name}.")


def _question(kind: str, setting: str) -> dict[str, Any]:
    data = {"id": "q", "kind": kind, "endpoint": "e", **NEEDED.get(kind, {})}
    table, _, inner = setting.partition(".")
    value = {inner: STATED[setting]} if inner else STATED[setting]
    if setting == "methods" and kind == "screen":
        data["axis"] = "purity"
    return {**data, table: value}


def test_every_field_of_the_schema_is_placed() -> None:
    assert set(_fields(Question)) == set(SETTINGS)
    assert all(set(kinds) <= set(KINDS) and kinds for kinds in SETTINGS.values())


def test_every_field_is_tried() -> None:
    with_their_table = ("treatment.", "visits.", "carry.", "survival.late_entry.")
    optional = ("expression.feature", "expression.group", "expression.reference", "expression.pseudocount",
                "expression.fewest_counts", "expression.combat")  # fmt: skip
    alone = {s for s in SETTINGS if not s.startswith(with_their_table)} - {"survival", "expression", "pool"}
    assert alone == set(STATED) | set(EVERYWHERE) | set(optional)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("setting", sorted(STATED))
def test_a_setting_is_used_or_refused_with_its_kinds(setting: str, kind: str) -> None:
    data = _question(kind, setting)
    if kind in SETTINGS[setting]:
        assert not list(misplaced_settings(Question.model_validate(data), kind))
        return
    with pytest.raises(ValidationError) as caught:
        Question.model_validate(data)
    table = setting.partition(".")[0]
    told = table if kind not in SETTINGS[table] else setting
    assert f"{told} is no option of kind {kind}" in str(caught.value)
    assert all(used in str(caught.value) for used in SETTINGS[told])


def test_all_misplaced_settings_are_told_at_once_and_empty_ones_state_nothing() -> None:
    wrong = {"id": "q", "kind": "response", "endpoint": "e", "baseline": ["pre"], "corrected_by": "permutation"}
    with pytest.raises(ValidationError, match=r"baseline is no option.*corrected_by is no option"):
        Question.model_validate(wrong)
    nothing = {"id": "q", "kind": "change", "endpoint": "", "confounders": [], "baseline": [], "axis": None}
    assert Question.model_validate({**nothing, **NEEDED["change"]}).confounders == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"kind": "screen", "methods": ["zscore"]}, "methods of a screen"),
        ({"kind": "cutpoint", "corrected_by": "lau94", "carry": {"to": ["b"], "files": ["c.json"]}}, "corrected_by"),
        ({"kind": "response", "pool": {"method": "fixed", "test": "hartung_knapp"}}, "does not use the test"),
        ({"kind": "expression", "expression": {"method": "voom", "pseudocount": 0.5}}, "does not use pseudocount"),
        ({"kind": "expression", "expression": {"method": "limma", "fewest_counts": 5.0}}, "not use fewest_counts"),
        ({"kind": "interaction"}, "needs treatment"),
        ({"kind": "change"}, "needs visits"),
    ],
)
def test_what_another_setting_makes_useless_is_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Question.model_validate({"id": "q", "endpoint": "e", **wrong})


def test_what_a_fixed_effect_and_every_model_use_passes() -> None:
    for table in ({"pool": {"method": "fixed"}}, {"pool": {"method": "fixed", "test": "z"}}):
        assert Question.model_validate({"id": "q", "kind": "response", "endpoint": "e", **table}).pool
