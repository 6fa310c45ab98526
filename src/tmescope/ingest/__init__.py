"""From files to one checked cohort: scales, identifiers and clinical tables are declared, never guessed."""

from __future__ import annotations

from importlib import import_module

__all__ = [
    "CohortOptions",
    "FeatureColumn",
    "FeatureSource",
    "IngestedCohort",
    "OrdinalRule",
    "ResponseRule",
    "SampleSelection",
    "TimeToEventRule",
    "check_cohort",
    "describe_cohort",
    "read_cohort",
]

_HOMES = {
    "cohort": ("IngestedCohort", "check_cohort"),
    "describe": ("describe_cohort",),
    "endpoints": ("OrdinalRule", "ResponseRule", "TimeToEventRule"),
    "features": ("FeatureColumn", "FeatureSource"),
    "options": ("CohortOptions", "SampleSelection"),
    "reading": ("read_cohort",),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return __all__
