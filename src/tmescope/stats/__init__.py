"""Statistics as pure functions on arrays: they know nothing of tumours, files or tables.

Missing values (NaN) are dropped pairwise and every result says how many samples were left; what cannot be
estimated is NaN with a reason in words, and only arguments that make no sense raise an error.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope.stats.auc_comparison import AucBootstrap, AucDifference, bootstrap_auc, compare_aucs
    from tmescope.stats.baseline_hazards import BaselineSurvival, baseline_survival
    from tmescope.stats.batches import BatchAdjustment, adjust_batches, subtract_batches
    from tmescope.stats.calibration import Calibration, CountCalibration, calibrate, calibrate_at, calibrate_counts
    from tmescope.stats.calibration_curves import CalibrationCurve
    from tmescope.stats.closeness import Closeness, measure_closeness
    from tmescope.stats.competing_risks import CumulativeIncidence, GrayTest, cumulative_incidence, gray_test
    from tmescope.stats.components import PrincipalComponents, principal_components, share_between_groups
    from tmescope.stats.correlation import heterogeneity, spearman_matrix
    from tmescope.stats.cox import HazardRatio, hazard_ratio_of_group
    from tmescope.stats.cox_model import ChiSquare, CoxDesign, CoxModel, CoxOptions, compare_nested, fit_cox
    from tmescope.stats.cutpoints import (
        CutPoint,
        CutSearch,
        cut_for_classes,
        cut_for_ranks,
        cut_for_survival,
    )
    from tmescope.stats.decision_curve import (
        DecisionBootstrap,
        DecisionCurve,
        measure_net_benefit,
        measure_net_benefit_at,
    )
    from tmescope.stats.designs import ColumnCheck, check_columns
    from tmescope.stats.fine_gray import FineGrayModel, fit_fine_gray
    from tmescope.stats.firth import FirthModel, fit_firth, penalised_likelihood_ratio
    from tmescope.stats.groups import TERTILE_NAMES, Tertiles, tertiles
    from tmescope.stats.held_out import HeldOutEffect, held_out_hazard_ratio, held_out_odds_ratio
    from tmescope.stats.horizon_ranking import HorizonAuc, UnoConcordance, auc_at, uno_concordance
    from tmescope.stats.landmarks import Landmark, start_at_landmark
    from tmescope.stats.least_squares import Coefficients, constrained_least_squares
    from tmescope.stats.logistic import OddsRatio, odds_ratio_of_group, odds_ratio_per_sd
    from tmescope.stats.logistic_models import (
        LikelihoodRatioTest,
        LogisticModel,
        find_separation,
        fit_logistic,
        logistic_likelihood_ratio,
    )
    from tmescope.stats.lowess import smooth_locally
    from tmescope.stats.meta_analysis import MetaRegression, PooledEffect, PoolingOptions, pool_effects, regress_effects
    from tmescope.stats.mixed_models import MixedModel, fit_random_intercepts
    from tmescope.stats.moderated import GeneFits, ModeratedTest, fit_genes, moderate
    from tmescope.stats.multiplicity import benjamini_hochberg, benjamini_yekutieli, bonferroni, hochberg, holm
    from tmescope.stats.optimism import Optimism, Resampling, cox_optimism, logistic_optimism
    from tmescope.stats.ordering import LeafOrder, leaf_order
    from tmescope.stats.ordinal import OrdinalModel, check_proportional_odds, fit_ordinal
    from tmescope.stats.penalised import (
        PenalisedModel,
        PenaltyPath,
        cox_path,
        fit_penalised_cox,
        fit_penalised_logistic,
        logistic_path,
    )
    from tmescope.stats.penalised_problems import PathOptions, Penalty
    from tmescope.stats.power import (
        Power,
        events_of_hazard_ratio,
        power_of_hazard_ratio,
        power_of_hazard_ratio_per_sd,
        power_of_odds_ratio_of_groups,
        power_of_odds_ratio_per_sd,
        power_of_two_proportions,
        simulate_power_of_odds_ratio_per_sd,
        simulate_power_of_two_proportions,
    )
    from tmescope.stats.power_designs import (
        FollowUp,
        InteractionDesign,
        PlannedPower,
        ResponseDesign,
        SurvivalDesign,
        plan_power,
    )
    from tmescope.stats.power_simulation import SimulatedPower, simulate_design
    from tmescope.stats.prediction_errors import (
        IntegratedError,
        PredictionError,
        integrated_error,
        prediction_error,
        prediction_error_at,
    )
    from tmescope.stats.proportionality import ProportionalityTest, check_proportional_hazards
    from tmescope.stats.quantiles import match_quantiles, quantile_normalise
    from tmescope.stats.rank_scores import log_rank_scores
    from tmescope.stats.rank_tests import RankTest, jonckheere_terpstra, kruskal_wallis, wilcoxon_rank_sum
    from tmescope.stats.ranking import (
        ConcordanceDifference,
        SurvivalConcordance,
        compare_concordances,
        survival_concordance,
    )
    from tmescope.stats.restricted_means import (
        RestrictedMean,
        RestrictedMeanDifference,
        compare_restricted_means,
        restricted_mean,
    )
    from tmescope.stats.robust_regression import RobustFit, fit_robustly
    from tmescope.stats.roc import AucEstimate, auc
    from tmescope.stats.sample_sizes import detectable_ratio, sample_size
    from tmescope.stats.screened_outcomes import OutcomeModel, ScreenOptions, cox_outcome, logistic_outcome
    from tmescope.stats.screening import ColumnEffects, screen_columns
    from tmescope.stats.set_directions import SetDirection, compare_set
    from tmescope.stats.shrinkage import ShrunkEffects, shrink_effects
    from tmescope.stats.size_factors import median_ratios
    from tmescope.stats.study_influence import EggerTest, egger_test, leave_one_out
    from tmescope.stats.survival import KaplanMeierCurve, LogRankTest, kaplan_meier, log_rank
    from tmescope.stats.voom import WeightedCounts, weigh_counts

__all__ = [
    "TERTILE_NAMES",
    "AucBootstrap",
    "AucDifference",
    "AucEstimate",
    "BaselineSurvival",
    "BatchAdjustment",
    "Calibration",
    "CalibrationCurve",
    "ChiSquare",
    "Closeness",
    "Coefficients",
    "ColumnCheck",
    "ColumnEffects",
    "ConcordanceDifference",
    "CountCalibration",
    "CoxDesign",
    "CoxModel",
    "CoxOptions",
    "CumulativeIncidence",
    "CutPoint",
    "CutSearch",
    "DecisionBootstrap",
    "DecisionCurve",
    "EggerTest",
    "FineGrayModel",
    "FirthModel",
    "FollowUp",
    "GeneFits",
    "GrayTest",
    "HazardRatio",
    "HeldOutEffect",
    "HorizonAuc",
    "IntegratedError",
    "InteractionDesign",
    "KaplanMeierCurve",
    "Landmark",
    "LeafOrder",
    "LikelihoodRatioTest",
    "LogRankTest",
    "LogisticModel",
    "MetaRegression",
    "MixedModel",
    "ModeratedTest",
    "OddsRatio",
    "Optimism",
    "OrdinalModel",
    "OutcomeModel",
    "PathOptions",
    "PenalisedModel",
    "Penalty",
    "PenaltyPath",
    "PlannedPower",
    "PooledEffect",
    "PoolingOptions",
    "Power",
    "PredictionError",
    "PrincipalComponents",
    "ProportionalityTest",
    "RankTest",
    "Resampling",
    "ResponseDesign",
    "RestrictedMean",
    "RestrictedMeanDifference",
    "RobustFit",
    "ScreenOptions",
    "SetDirection",
    "ShrunkEffects",
    "SimulatedPower",
    "SurvivalConcordance",
    "SurvivalDesign",
    "Tertiles",
    "UnoConcordance",
    "WeightedCounts",
    "adjust_batches",
    "auc",
    "auc_at",
    "baseline_survival",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "bonferroni",
    "bootstrap_auc",
    "calibrate",
    "calibrate_at",
    "calibrate_counts",
    "check_columns",
    "check_proportional_hazards",
    "check_proportional_odds",
    "compare_aucs",
    "compare_concordances",
    "compare_nested",
    "compare_restricted_means",
    "compare_set",
    "constrained_least_squares",
    "cox_optimism",
    "cox_outcome",
    "cox_path",
    "cumulative_incidence",
    "cut_for_classes",
    "cut_for_ranks",
    "cut_for_survival",
    "detectable_ratio",
    "egger_test",
    "events_of_hazard_ratio",
    "find_separation",
    "fit_cox",
    "fit_fine_gray",
    "fit_firth",
    "fit_genes",
    "fit_logistic",
    "fit_ordinal",
    "fit_penalised_cox",
    "fit_penalised_logistic",
    "fit_random_intercepts",
    "fit_robustly",
    "gray_test",
    "hazard_ratio_of_group",
    "held_out_hazard_ratio",
    "held_out_odds_ratio",
    "heterogeneity",
    "hochberg",
    "holm",
    "integrated_error",
    "jonckheere_terpstra",
    "kaplan_meier",
    "kruskal_wallis",
    "leaf_order",
    "leave_one_out",
    "log_rank",
    "log_rank_scores",
    "logistic_likelihood_ratio",
    "logistic_optimism",
    "logistic_outcome",
    "logistic_path",
    "match_quantiles",
    "measure_closeness",
    "measure_net_benefit",
    "measure_net_benefit_at",
    "median_ratios",
    "moderate",
    "odds_ratio_of_group",
    "odds_ratio_per_sd",
    "penalised_likelihood_ratio",
    "plan_power",
    "pool_effects",
    "power_of_hazard_ratio",
    "power_of_hazard_ratio_per_sd",
    "power_of_odds_ratio_of_groups",
    "power_of_odds_ratio_per_sd",
    "power_of_two_proportions",
    "prediction_error",
    "prediction_error_at",
    "principal_components",
    "quantile_normalise",
    "regress_effects",
    "restricted_mean",
    "sample_size",
    "screen_columns",
    "share_between_groups",
    "shrink_effects",
    "simulate_design",
    "simulate_power_of_odds_ratio_per_sd",
    "simulate_power_of_two_proportions",
    "smooth_locally",
    "spearman_matrix",
    "start_at_landmark",
    "subtract_batches",
    "survival_concordance",
    "tertiles",
    "uno_concordance",
    "weigh_counts",
    "wilcoxon_rank_sum",
]

_HOMES = {
    "auc_comparison": (
        "AucBootstrap",
        "AucDifference",
        "bootstrap_auc",
        "compare_aucs",
    ),
    "baseline_hazards": (
        "BaselineSurvival",
        "baseline_survival",
    ),
    "batches": (
        "BatchAdjustment",
        "adjust_batches",
        "subtract_batches",
    ),
    "calibration": (
        "Calibration",
        "CountCalibration",
        "calibrate",
        "calibrate_at",
        "calibrate_counts",
    ),
    "calibration_curves": ("CalibrationCurve",),
    "closeness": (
        "Closeness",
        "measure_closeness",
    ),
    "competing_risks": (
        "CumulativeIncidence",
        "GrayTest",
        "cumulative_incidence",
        "gray_test",
    ),
    "components": (
        "PrincipalComponents",
        "principal_components",
        "share_between_groups",
    ),
    "correlation": (
        "heterogeneity",
        "spearman_matrix",
    ),
    "cox": (
        "HazardRatio",
        "hazard_ratio_of_group",
    ),
    "cox_model": (
        "ChiSquare",
        "CoxDesign",
        "CoxModel",
        "CoxOptions",
        "compare_nested",
        "fit_cox",
    ),
    "cutpoints": (
        "CutPoint",
        "CutSearch",
        "cut_for_classes",
        "cut_for_ranks",
        "cut_for_survival",
    ),
    "decision_curve": (
        "DecisionBootstrap",
        "DecisionCurve",
        "measure_net_benefit",
        "measure_net_benefit_at",
    ),
    "designs": (
        "ColumnCheck",
        "check_columns",
    ),
    "fine_gray": (
        "FineGrayModel",
        "fit_fine_gray",
    ),
    "firth": (
        "FirthModel",
        "fit_firth",
        "penalised_likelihood_ratio",
    ),
    "groups": (
        "TERTILE_NAMES",
        "Tertiles",
        "tertiles",
    ),
    "held_out": (
        "HeldOutEffect",
        "held_out_hazard_ratio",
        "held_out_odds_ratio",
    ),
    "horizon_ranking": (
        "HorizonAuc",
        "UnoConcordance",
        "auc_at",
        "uno_concordance",
    ),
    "landmarks": (
        "Landmark",
        "start_at_landmark",
    ),
    "least_squares": (
        "Coefficients",
        "constrained_least_squares",
    ),
    "logistic": (
        "OddsRatio",
        "odds_ratio_of_group",
        "odds_ratio_per_sd",
    ),
    "logistic_models": (
        "LikelihoodRatioTest",
        "LogisticModel",
        "find_separation",
        "fit_logistic",
        "logistic_likelihood_ratio",
    ),
    "lowess": ("smooth_locally",),
    "meta_analysis": (
        "MetaRegression",
        "PooledEffect",
        "PoolingOptions",
        "pool_effects",
        "regress_effects",
    ),
    "mixed_models": (
        "MixedModel",
        "fit_random_intercepts",
    ),
    "moderated": (
        "GeneFits",
        "ModeratedTest",
        "fit_genes",
        "moderate",
    ),
    "multiplicity": (
        "benjamini_hochberg",
        "benjamini_yekutieli",
        "bonferroni",
        "hochberg",
        "holm",
    ),
    "optimism": (
        "Optimism",
        "Resampling",
        "cox_optimism",
        "logistic_optimism",
    ),
    "ordering": (
        "LeafOrder",
        "leaf_order",
    ),
    "ordinal": (
        "OrdinalModel",
        "check_proportional_odds",
        "fit_ordinal",
    ),
    "penalised": (
        "PenalisedModel",
        "PenaltyPath",
        "cox_path",
        "fit_penalised_cox",
        "fit_penalised_logistic",
        "logistic_path",
    ),
    "penalised_problems": (
        "PathOptions",
        "Penalty",
    ),
    "power": (
        "Power",
        "events_of_hazard_ratio",
        "power_of_hazard_ratio",
        "power_of_hazard_ratio_per_sd",
        "power_of_odds_ratio_of_groups",
        "power_of_odds_ratio_per_sd",
        "power_of_two_proportions",
        "simulate_power_of_odds_ratio_per_sd",
        "simulate_power_of_two_proportions",
    ),
    "power_designs": (
        "FollowUp",
        "InteractionDesign",
        "PlannedPower",
        "ResponseDesign",
        "SurvivalDesign",
        "plan_power",
    ),
    "power_simulation": (
        "SimulatedPower",
        "simulate_design",
    ),
    "sample_sizes": (
        "detectable_ratio",
        "sample_size",
    ),
    "prediction_errors": (
        "IntegratedError",
        "PredictionError",
        "integrated_error",
        "prediction_error",
        "prediction_error_at",
    ),
    "proportionality": (
        "ProportionalityTest",
        "check_proportional_hazards",
    ),
    "quantiles": (
        "match_quantiles",
        "quantile_normalise",
    ),
    "rank_scores": ("log_rank_scores",),
    "rank_tests": (
        "RankTest",
        "jonckheere_terpstra",
        "kruskal_wallis",
        "wilcoxon_rank_sum",
    ),
    "ranking": (
        "ConcordanceDifference",
        "SurvivalConcordance",
        "compare_concordances",
        "survival_concordance",
    ),
    "restricted_means": (
        "RestrictedMean",
        "RestrictedMeanDifference",
        "compare_restricted_means",
        "restricted_mean",
    ),
    "robust_regression": (
        "RobustFit",
        "fit_robustly",
    ),
    "roc": (
        "AucEstimate",
        "auc",
    ),
    "screened_outcomes": (
        "OutcomeModel",
        "ScreenOptions",
        "cox_outcome",
        "logistic_outcome",
    ),
    "screening": (
        "ColumnEffects",
        "screen_columns",
    ),
    "set_directions": (
        "SetDirection",
        "compare_set",
    ),
    "shrinkage": (
        "ShrunkEffects",
        "shrink_effects",
    ),
    "size_factors": ("median_ratios",),
    "study_influence": (
        "EggerTest",
        "egger_test",
        "leave_one_out",
    ),
    "survival": (
        "KaplanMeierCurve",
        "LogRankTest",
        "kaplan_meier",
        "log_rank",
    ),
    "voom": (
        "WeightedCounts",
        "weigh_counts",
    ),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
