"""Cohorts and cells with known truth, for the demo, documentation, tests and benchmarks; nothing is written to disk."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope.simulate.atlas import AtlasTruth, CellBlock, SimulatedAtlas, simulate_atlas
    from tmescope.simulate.atlas_plan import AtlasEffects, AtlasPlan
    from tmescope.simulate.cohorts import CohortTruth, SimulatedCohort, simulate_study
    from tmescope.simulate.plan import CohortPlan, Effects, StudyPlan, demo_plan
    from tmescope.simulate.programmes import GeneRole

__all__ = [
    "AtlasEffects",
    "AtlasPlan",
    "AtlasTruth",
    "CellBlock",
    "CohortPlan",
    "CohortTruth",
    "Effects",
    "GeneRole",
    "SimulatedAtlas",
    "SimulatedCohort",
    "StudyPlan",
    "demo_plan",
    "simulate_atlas",
    "simulate_study",
]

_HOMES = {
    "atlas": ("AtlasTruth", "CellBlock", "SimulatedAtlas", "simulate_atlas"),
    "atlas_plan": ("AtlasEffects", "AtlasPlan"),
    "cohorts": ("CohortTruth", "SimulatedCohort", "simulate_study"),
    "plan": ("CohortPlan", "Effects", "StudyPlan", "demo_plan"),
    "programmes": ("GeneRole",),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
