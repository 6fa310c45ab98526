"""Questions about cohorts: which features of the tumour go with response, and which with survival."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope.associate.across_cohorts import PooledAnswers, PoolPlan, pool_answers, regress_answers
    from tmescope.associate.adjusted_response import associate_adjusted_response
    from tmescope.associate.arms import Treatment
    from tmescope.associate.biomarker_files import read_lock, write_lock
    from tmescope.associate.biomarker_locking import lock_biomarker
    from tmescope.associate.biomarker_validation import NewCohort, validate_biomarker
    from tmescope.associate.biomarkers import AnalysisPlan, LockedBiomarker
    from tmescope.associate.change import associate_change
    from tmescope.associate.covariates import EncodedCovariates, encode_covariates
    from tmescope.associate.cutoff_files import read_cutoff, write_cutoff
    from tmescope.associate.cutpoints import CutPointAnswers, CutPointPlan, associate_cutpoints
    from tmescope.associate.expression import ExpressionAnswers, ExpressionPlan, associate_expression
    from tmescope.associate.families import adjust_families
    from tmescope.associate.features import Feature, collect_features
    from tmescope.associate.frozen_cutoffs import FrozenCutoff, assign_groups, carry_cutoff, freeze_cutoff, give_cutoff
    from tmescope.associate.hazards import (
        Adjustment,
        HazardAnswers,
        HazardOptions,
        associate_competing_hazard,
        associate_hazard,
    )
    from tmescope.associate.immortal_time import Sampling, enter_at_sampling, restart_at_landmark, warn_of_immortal_time
    from tmescope.associate.incidence import IncidenceAnswers, associate_incidence
    from tmescope.associate.interactions import associate_interaction
    from tmescope.associate.moderators import moderate_answers
    from tmescope.associate.prediction import Baseline, PredictionOutcome, PredictionPlan, predict_outcome
    from tmescope.associate.prediction_data import PredictionData, Predictor
    from tmescope.associate.prediction_files import read_prediction, write_prediction
    from tmescope.associate.prediction_models import LearningPlan
    from tmescope.associate.prediction_performance import JudgePlan
    from tmescope.associate.prediction_saved import SavedModel, apply_model
    from tmescope.associate.prediction_validation import ValidationPlan
    from tmescope.associate.response import associate_response
    from tmescope.associate.response_interactions import associate_response_interaction
    from tmescope.associate.restricted_times import associate_restricted_time
    from tmescope.associate.screened_columns import MatrixColumns, cohort_columns, in_logarithms
    from tmescope.associate.screens import ScreenQuestion, ScreenResult, screen_features
    from tmescope.associate.shared_patients import count_once
    from tmescope.associate.survival import associate_survival

__all__ = [
    "Adjustment",
    "AnalysisPlan",
    "Baseline",
    "CutPointAnswers",
    "CutPointPlan",
    "EncodedCovariates",
    "ExpressionAnswers",
    "ExpressionPlan",
    "Feature",
    "FrozenCutoff",
    "HazardAnswers",
    "HazardOptions",
    "IncidenceAnswers",
    "JudgePlan",
    "LearningPlan",
    "LockedBiomarker",
    "MatrixColumns",
    "NewCohort",
    "PoolPlan",
    "PooledAnswers",
    "PredictionData",
    "PredictionOutcome",
    "PredictionPlan",
    "Predictor",
    "Sampling",
    "SavedModel",
    "ScreenQuestion",
    "ScreenResult",
    "Treatment",
    "ValidationPlan",
    "adjust_families",
    "apply_model",
    "assign_groups",
    "associate_adjusted_response",
    "associate_change",
    "associate_competing_hazard",
    "associate_cutpoints",
    "associate_expression",
    "associate_hazard",
    "associate_incidence",
    "associate_interaction",
    "associate_response",
    "associate_response_interaction",
    "associate_restricted_time",
    "associate_survival",
    "carry_cutoff",
    "cohort_columns",
    "collect_features",
    "count_once",
    "encode_covariates",
    "enter_at_sampling",
    "freeze_cutoff",
    "give_cutoff",
    "in_logarithms",
    "lock_biomarker",
    "moderate_answers",
    "pool_answers",
    "predict_outcome",
    "read_cutoff",
    "read_lock",
    "read_prediction",
    "regress_answers",
    "restart_at_landmark",
    "screen_features",
    "validate_biomarker",
    "warn_of_immortal_time",
    "write_cutoff",
    "write_lock",
    "write_prediction",
]

_HOMES = {
    "Adjustment": "hazards",
    "AnalysisPlan": "biomarkers",
    "Baseline": "prediction",
    "CutPointAnswers": "cutpoints",
    "CutPointPlan": "cutpoints",
    "EncodedCovariates": "covariates",
    "ExpressionAnswers": "expression",
    "ExpressionPlan": "expression",
    "Feature": "features",
    "FrozenCutoff": "frozen_cutoffs",
    "HazardAnswers": "hazards",
    "HazardOptions": "hazards",
    "IncidenceAnswers": "incidence",
    "JudgePlan": "prediction_performance",
    "LearningPlan": "prediction_models",
    "LockedBiomarker": "biomarkers",
    "MatrixColumns": "screened_columns",
    "NewCohort": "biomarker_validation",
    "PoolPlan": "across_cohorts",
    "PooledAnswers": "across_cohorts",
    "PredictionData": "prediction_data",
    "PredictionOutcome": "prediction",
    "PredictionPlan": "prediction",
    "Predictor": "prediction_data",
    "Sampling": "immortal_time",
    "SavedModel": "prediction_saved",
    "ScreenQuestion": "screens",
    "ScreenResult": "screens",
    "Treatment": "arms",
    "ValidationPlan": "prediction_validation",
    "adjust_families": "families",
    "apply_model": "prediction_saved",
    "assign_groups": "frozen_cutoffs",
    "associate_adjusted_response": "adjusted_response",
    "associate_change": "change",
    "associate_competing_hazard": "hazards",
    "associate_cutpoints": "cutpoints",
    "associate_expression": "expression",
    "associate_hazard": "hazards",
    "associate_incidence": "incidence",
    "associate_interaction": "interactions",
    "associate_response": "response",
    "associate_response_interaction": "response_interactions",
    "associate_restricted_time": "restricted_times",
    "associate_survival": "survival",
    "carry_cutoff": "frozen_cutoffs",
    "cohort_columns": "screened_columns",
    "collect_features": "features",
    "count_once": "shared_patients",
    "encode_covariates": "covariates",
    "enter_at_sampling": "immortal_time",
    "freeze_cutoff": "frozen_cutoffs",
    "give_cutoff": "frozen_cutoffs",
    "in_logarithms": "screened_columns",
    "lock_biomarker": "biomarker_locking",
    "moderate_answers": "moderators",
    "pool_answers": "across_cohorts",
    "predict_outcome": "prediction",
    "read_cutoff": "cutoff_files",
    "read_lock": "biomarker_files",
    "read_prediction": "prediction_files",
    "regress_answers": "across_cohorts",
    "restart_at_landmark": "immortal_time",
    "screen_features": "screens",
    "validate_biomarker": "biomarker_validation",
    "warn_of_immortal_time": "immortal_time",
    "write_cutoff": "cutoff_files",
    "write_lock": "biomarker_files",
    "write_prediction": "prediction_files",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"tmescope.associate.{_HOMES[name]}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
