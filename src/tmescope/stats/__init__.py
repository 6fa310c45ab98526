"""Statistics as pure functions on arrays: they know nothing of tumours, files or tables.

Missing values (NaN) are dropped pairwise and every result says how many samples were left; what cannot be
estimated is NaN with a reason in words, and only arguments that make no sense raise an error.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope.stats.auc_comparison import AucBootstrap, AucDifference, bootstrap_auc, compare_aucs
    from tmescope.stats.closeness import Closeness, measure_closeness
    from tmescope.stats.components import PrincipalComponents, principal_components, share_between_groups
    from tmescope.stats.correlation import heterogeneity, spearman_matrix
    from tmescope.stats.cox import HazardRatio, hazard_ratio_of_group
    from tmescope.stats.designs import ColumnCheck, check_columns
    from tmescope.stats.firth import FirthModel, fit_firth, penalised_likelihood_ratio
    from tmescope.stats.groups import TERTILE_NAMES, Tertiles, tertiles
    from tmescope.stats.least_squares import Coefficients, constrained_least_squares
    from tmescope.stats.logistic import OddsRatio, odds_ratio_of_group, odds_ratio_per_sd
    from tmescope.stats.logistic_models import (
        LikelihoodRatioTest,
        LogisticModel,
        find_separation,
        fit_logistic,
        logistic_likelihood_ratio,
    )
    from tmescope.stats.multiplicity import benjamini_hochberg
    from tmescope.stats.ordering import LeafOrder, leaf_order
    from tmescope.stats.ordinal import OrdinalModel, check_proportional_odds, fit_ordinal
    from tmescope.stats.quantiles import match_quantiles, quantile_normalise
    from tmescope.stats.rank_tests import RankTest, jonckheere_terpstra, kruskal_wallis, wilcoxon_rank_sum
    from tmescope.stats.robust_regression import RobustFit, fit_robustly
    from tmescope.stats.roc import AucEstimate, auc
    from tmescope.stats.survival import KaplanMeierCurve, LogRankTest, kaplan_meier, log_rank

__all__ = [
    "TERTILE_NAMES",
    "AucBootstrap",
    "AucDifference",
    "AucEstimate",
    "Closeness",
    "Coefficients",
    "ColumnCheck",
    "FirthModel",
    "HazardRatio",
    "KaplanMeierCurve",
    "LeafOrder",
    "LikelihoodRatioTest",
    "LogRankTest",
    "LogisticModel",
    "OddsRatio",
    "OrdinalModel",
    "PrincipalComponents",
    "RankTest",
    "RobustFit",
    "Tertiles",
    "auc",
    "benjamini_hochberg",
    "bootstrap_auc",
    "check_columns",
    "check_proportional_odds",
    "compare_aucs",
    "constrained_least_squares",
    "find_separation",
    "fit_firth",
    "fit_logistic",
    "fit_ordinal",
    "fit_robustly",
    "hazard_ratio_of_group",
    "heterogeneity",
    "jonckheere_terpstra",
    "kaplan_meier",
    "kruskal_wallis",
    "leaf_order",
    "log_rank",
    "logistic_likelihood_ratio",
    "match_quantiles",
    "measure_closeness",
    "odds_ratio_of_group",
    "odds_ratio_per_sd",
    "penalised_likelihood_ratio",
    "principal_components",
    "quantile_normalise",
    "share_between_groups",
    "spearman_matrix",
    "tertiles",
    "wilcoxon_rank_sum",
]

_HOMES = {
    "auc_comparison": ("AucBootstrap", "AucDifference", "bootstrap_auc", "compare_aucs"),
    "firth": ("FirthModel", "fit_firth", "penalised_likelihood_ratio"),
    "ordinal": ("OrdinalModel", "check_proportional_odds", "fit_ordinal"),
    "rank_tests": ("RankTest", "jonckheere_terpstra", "kruskal_wallis", "wilcoxon_rank_sum"),
    "closeness": ("Closeness", "measure_closeness"),
    "components": ("PrincipalComponents", "principal_components", "share_between_groups"),
    "correlation": ("heterogeneity", "spearman_matrix"),
    "cox": ("HazardRatio", "hazard_ratio_of_group"),
    "designs": ("ColumnCheck", "check_columns"),
    "groups": ("TERTILE_NAMES", "Tertiles", "tertiles"),
    "least_squares": ("Coefficients", "constrained_least_squares"),
    "logistic": ("OddsRatio", "odds_ratio_of_group", "odds_ratio_per_sd"),
    "logistic_models": (
        "LikelihoodRatioTest",
        "LogisticModel",
        "find_separation",
        "fit_logistic",
        "logistic_likelihood_ratio",
    ),
    "multiplicity": ("benjamini_hochberg",),
    "ordering": ("LeafOrder", "leaf_order"),
    "quantiles": ("match_quantiles", "quantile_normalise"),
    "robust_regression": ("RobustFit", "fit_robustly"),
    "roc": ("AucEstimate", "auc"),
    "survival": ("KaplanMeierCurve", "LogRankTest", "kaplan_meier", "log_rank"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
