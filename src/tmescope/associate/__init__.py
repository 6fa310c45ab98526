"""Questions about cohorts: which features of the tumour go with response, and which with survival."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope.associate.across_cohorts import PooledAnswers, PoolPlan, count_once, pool_answers
    from tmescope.associate.adjusted_response import associate_adjusted_response
    from tmescope.associate.arms import Treatment
    from tmescope.associate.biomarker_files import read_lock, write_lock
    from tmescope.associate.biomarker_locking import lock_biomarker
    from tmescope.associate.biomarker_validation import NewCohort, validate_biomarker
    from tmescope.associate.biomarkers import AnalysisPlan, LockedBiomarker
    from tmescope.associate.covariates import EncodedCovariates, encode_covariates
    from tmescope.associate.expression import associate_expression
    from tmescope.associate.families import adjust_families
    from tmescope.associate.features import Feature, collect_features
    from tmescope.associate.hazards import Adjustment, HazardAnswers, associate_competing_hazard, associate_hazard
    from tmescope.associate.immortal_time import Sampling, enter_at_sampling, restart_at_landmark, warn_of_immortal_time
    from tmescope.associate.interactions import associate_interaction
    from tmescope.associate.response import associate_response
    from tmescope.associate.response_interactions import associate_response_interaction
    from tmescope.associate.restricted_times import associate_restricted_time
    from tmescope.associate.screened_columns import MatrixColumns, cohort_columns, in_logarithms
    from tmescope.associate.screens import ScreenQuestion, ScreenResult, screen_features
    from tmescope.associate.survival import associate_survival

__all__ = [
    "Adjustment",
    "AnalysisPlan",
    "EncodedCovariates",
    "Feature",
    "HazardAnswers",
    "LockedBiomarker",
    "MatrixColumns",
    "NewCohort",
    "PoolPlan",
    "PooledAnswers",
    "Sampling",
    "ScreenQuestion",
    "ScreenResult",
    "Treatment",
    "adjust_families",
    "associate_adjusted_response",
    "associate_competing_hazard",
    "associate_expression",
    "associate_hazard",
    "associate_interaction",
    "associate_response",
    "associate_response_interaction",
    "associate_restricted_time",
    "associate_survival",
    "cohort_columns",
    "collect_features",
    "count_once",
    "encode_covariates",
    "enter_at_sampling",
    "in_logarithms",
    "lock_biomarker",
    "pool_answers",
    "read_lock",
    "restart_at_landmark",
    "screen_features",
    "validate_biomarker",
    "warn_of_immortal_time",
    "write_lock",
]

_HOMES = {
    "pool_answers": "across_cohorts",
    "count_once": "across_cohorts",
    "PooledAnswers": "across_cohorts",
    "PoolPlan": "across_cohorts",
    "MatrixColumns": "screened_columns",
    "cohort_columns": "screened_columns",
    "in_logarithms": "screened_columns",
    "ScreenQuestion": "screens",
    "ScreenResult": "screens",
    "screen_features": "screens",
    "AnalysisPlan": "biomarkers",
    "LockedBiomarker": "biomarkers",
    "lock_biomarker": "biomarker_locking",
    "read_lock": "biomarker_files",
    "write_lock": "biomarker_files",
    "NewCohort": "biomarker_validation",
    "validate_biomarker": "biomarker_validation",
    "Adjustment": "hazards",
    "EncodedCovariates": "covariates",
    "Feature": "features",
    "HazardAnswers": "hazards",
    "Sampling": "immortal_time",
    "Treatment": "arms",
    "adjust_families": "families",
    "associate_adjusted_response": "adjusted_response",
    "associate_competing_hazard": "hazards",
    "associate_hazard": "hazards",
    "associate_interaction": "interactions",
    "associate_expression": "expression",
    "associate_response": "response",
    "associate_response_interaction": "response_interactions",
    "associate_restricted_time": "restricted_times",
    "associate_survival": "survival",
    "collect_features": "features",
    "encode_covariates": "covariates",
    "enter_at_sampling": "immortal_time",
    "restart_at_landmark": "immortal_time",
    "warn_of_immortal_time": "immortal_time",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"tmescope.associate.{_HOMES[name]}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
