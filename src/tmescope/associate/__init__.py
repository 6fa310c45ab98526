"""Questions about cohorts: which features of the tumour go with response, and which with survival."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope.associate.adjusted_response import associate_adjusted_response
    from tmescope.associate.covariates import EncodedCovariates, encode_covariates
    from tmescope.associate.cutoff_files import read_cutoff, write_cutoff
    from tmescope.associate.cutpoints import CutPointAnswers, CutPointPlan, associate_cutpoints
    from tmescope.associate.families import adjust_families
    from tmescope.associate.features import Feature, collect_features
    from tmescope.associate.frozen_cutoffs import FrozenCutoff, assign_groups, carry_cutoff, freeze_cutoff, give_cutoff
    from tmescope.associate.hazards import Adjustment, HazardAnswers, associate_competing_hazard, associate_hazard
    from tmescope.associate.immortal_time import Sampling, enter_at_sampling, restart_at_landmark, warn_of_immortal_time
    from tmescope.associate.interactions import Treatment, associate_interaction
    from tmescope.associate.response import associate_response
    from tmescope.associate.restricted_times import associate_restricted_time
    from tmescope.associate.survival import associate_survival

__all__ = [
    "Adjustment",
    "CutPointAnswers",
    "CutPointPlan",
    "EncodedCovariates",
    "Feature",
    "FrozenCutoff",
    "HazardAnswers",
    "Sampling",
    "Treatment",
    "adjust_families",
    "assign_groups",
    "associate_adjusted_response",
    "associate_competing_hazard",
    "associate_cutpoints",
    "associate_hazard",
    "associate_interaction",
    "associate_response",
    "associate_restricted_time",
    "associate_survival",
    "carry_cutoff",
    "collect_features",
    "encode_covariates",
    "enter_at_sampling",
    "freeze_cutoff",
    "give_cutoff",
    "read_cutoff",
    "restart_at_landmark",
    "warn_of_immortal_time",
    "write_cutoff",
]

_HOMES = {
    "Adjustment": "hazards",
    "CutPointAnswers": "cutpoints",
    "CutPointPlan": "cutpoints",
    "EncodedCovariates": "covariates",
    "Feature": "features",
    "FrozenCutoff": "frozen_cutoffs",
    "HazardAnswers": "hazards",
    "Sampling": "immortal_time",
    "Treatment": "interactions",
    "adjust_families": "families",
    "assign_groups": "frozen_cutoffs",
    "associate_adjusted_response": "adjusted_response",
    "associate_competing_hazard": "hazards",
    "associate_cutpoints": "cutpoints",
    "associate_hazard": "hazards",
    "associate_interaction": "interactions",
    "associate_response": "response",
    "associate_restricted_time": "restricted_times",
    "associate_survival": "survival",
    "carry_cutoff": "frozen_cutoffs",
    "collect_features": "features",
    "encode_covariates": "covariates",
    "enter_at_sampling": "immortal_time",
    "freeze_cutoff": "frozen_cutoffs",
    "give_cutoff": "frozen_cutoffs",
    "read_cutoff": "cutoff_files",
    "restart_at_landmark": "immortal_time",
    "warn_of_immortal_time": "immortal_time",
    "write_cutoff": "cutoff_files",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"tmescope.associate.{_HOMES[name]}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
