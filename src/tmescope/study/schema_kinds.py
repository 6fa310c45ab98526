"""Which kinds of questions use which setting: what a kind would not look at is refused, not ignored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

__all__ = ["SETTINGS", "TIMES_ONLY", "misplaced_settings"]

TIMES_ONLY = ("interaction", "cutpoint", "screen")
"""Kinds that ask of a response or of a time to event; what belongs to time they use for the latter alone."""
_TIME = ("survival", "restricted_mean", "competing_risks")
_FEATURES = ("response", "ordinal", *_TIME, "interaction", "cutpoint", "change")
_ADJUSTED = ("response", "survival", "ordinal", "competing_risks", "screen")
_ALL = (*_FEATURES, "expression", "screen")

SETTINGS: Mapping[str, Sequence[str]] = {
    "id": _ALL,
    "kind": _ALL,
    "endpoint": _ALL,
    "cohorts": _ALL,
    "methods": (*_FEATURES, "screen"),
    "features": _FEATURES,
    "genes": _FEATURES,
    "axis": (*_ADJUSTED, "change"),
    "confounders": (*_ADJUSTED, "expression"),
    "baseline": (*_TIME, *TIMES_ONLY),
    "corrected_by": ("cutpoint",),
    "treatment": ("interaction",),
    "treatment.feature": ("interaction",),
    "treatment.treated": ("interaction",),
    "treatment.control": ("interaction",),
    "treatment.assignment": ("interaction",),
    "horizon_months": ("restricted_mean",),
    "survival": _TIME,
    "survival.ties": ("survival", "competing_risks"),
    "survival.strata": ("survival",),
    "survival.weights": ("survival",),
    "survival.robust": ("survival", "competing_risks"),
    "survival.landmark_months": _TIME,
    "survival.late_entry": ("survival",),
    "survival.late_entry.feature": ("survival",),
    "survival.late_entry.unit": ("survival",),
    "expression": ("expression",),
    "expression.feature": ("expression",),
    "expression.group": ("expression",),
    "expression.reference": ("expression",),
    "expression.method": ("expression",),
    "expression.pseudocount": ("expression",),
    "expression.fewest_counts": ("expression",),
    "expression.batch": ("expression",),
    "expression.combat": ("expression",),
    "carry": ("cutpoint",),
    "carry.to": ("cutpoint",),
    "carry.files": ("cutpoint",),
    "visits": ("change",),
    "visits.before": ("change",),
    "visits.on": ("change",),
    "visits.cohorts": ("change",),
    "visits.cohorts.before": ("change",),
    "visits.cohorts.on": ("change",),
    "pool": (*_FEATURES, "screen"),
    "pool.method": (*_FEATURES, "screen"),
    "pool.test": (*_FEATURES, "screen"),
    "pool.strata": (*_FEATURES, "screen"),
    "pool.moderators": _FEATURES,
    "pool.fewest_cohorts": (*_FEATURES, "screen"),
}
"""Field of a question, with those of its tables, to the kinds that use it; one that is not here is refused of all."""


def misplaced_settings(question: BaseModel, kind: str) -> Iterator[str]:
    """Yield what is wrong with each stated setting that a question of this kind does not use.

    Parameters
    ----------
    question : BaseModel
        With the fields that were stated; an empty list or table of words states nothing.
    kind : str
        Of the question.
    """
    yield from _misplaced(question, kind, "")


def _misplaced(table: BaseModel, kind: str, prefix: str) -> Iterator[str]:
    for name, field in type(table).model_fields.items():
        value = getattr(table, name)
        if name not in table.model_fields_set or value is None or _says_nothing(value, field):
            continue
        kinds = SETTINGS.get(prefix + name, ())
        if kind not in kinds:
            only = f"kind {kinds[0]} uses" if len(kinds) == 1 else f"kinds {', '.join(kinds)} use"
            yield f"{prefix}{name} is no option of kind {kind}: {only} it"
        elif isinstance(value, BaseModel):
            yield from _misplaced(value, kind, f"{prefix}{name}.")


def _says_nothing(value: object, field: FieldInfo) -> bool:
    return isinstance(value, (list, dict, str)) and not value and field.default is not None
