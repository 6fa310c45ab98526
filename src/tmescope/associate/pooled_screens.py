"""Screens of several cohorts pooled: every gene over the cohorts that estimated it, all genes at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.associate.across_cohorts import OVERALL, PoolPlan
from tmescope.associate.families import adjust_within
from tmescope.foundation.result import RunWarning
from tmescope.stats.pooled_columns import PooledColumns, pool_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PooledScreens", "pool_screens"]

_HEAD = ["question_id", "endpoint", "effect_name", "adjusted_for", "source"]


@dataclass(frozen=True)
class PooledScreens:
    """Outcome of `pool_screens`.

    Parameters
    ----------
    pooled : pandas.DataFrame
        Rows of the table ``screens_pooled``: features that fewer cohorts estimated than the plan asks for are left out.
        A family of q-values is all features with the same adjustment and stratum.
    warnings : tuple of RunWarning
        Features that too few cohorts estimated, and intervals that are narrower than those of a fixed effect.
    """

    pooled: pd.DataFrame
    warnings: tuple[RunWarning, ...]


def pool_screens(screens: pd.DataFrame, *, plan: PoolPlan) -> PooledScreens:
    """Pool the effects of every feature over cohorts.

    Answers which features hold in cohorts that are not the one where they were found. It has no leave-one-out and no
    limits of the heterogeneity: ask those of the few features that matter with a question of their own.

    Parameters
    ----------
    screens : pandas.DataFrame
        Rows of the table ``screens``: ratios with their standard error on the log scale, one row a cohort, feature and
        adjustment.
    plan : PoolPlan
        Estimator, strata, fewest cohorts.

    Returns
    -------
    PooledScreens

    Notes
    -----
    Effects are pooled as logarithms, each as `tmescope.stats.meta_analysis.pool_effects` does it.
    """
    parts = [
        part
        for head, rows in screens.groupby(_HEAD, sort=False, dropna=False)
        for part in _strata(dict(zip(_HEAD, head, strict=True)), rows, plan=plan)
    ]
    filled = [p for p, _ in parts if len(p)]
    pooled = adjust_within(pd.concat(filled, ignore_index=True)) if filled else pd.DataFrame()
    lost = [name for _, names in parts for name in names]
    return PooledScreens(pooled, tuple(_warnings(pooled, lost, where=", ".join(screens["question_id"].unique()))))


def _warnings(pooled: pd.DataFrame, lost: list[str], *, where: str) -> Iterator[RunWarning]:
    if lost:
        message = f"{len(lost)} effects of a screen were estimated in too few cohorts and are not pooled"
        yield RunWarning("pooled.too_few_cohorts", message, where, len(lost), tuple(dict.fromkeys(lost))[:3])
    if len(pooled) and pooled["narrower_than_fixed"].any():
        rows = pooled[pooled["narrower_than_fixed"]]
        message = (
            f"{len(rows)} of {len(pooled)} pooled intervals of a screen are narrower than those of a fixed effect, "
            "which few cohorts can be by luck: hold by ci_low_max1, ci_high_max1 and p_value_max1 there"
        )
        names = tuple(dict.fromkeys(rows["feature"].astype(str)))
        yield RunWarning("pooled.narrower_than_fixed", message, where, len(rows), names[:3])


def _strata(head: dict[str, object], rows: pd.DataFrame, *, plan: PoolPlan) -> Iterator[tuple[pd.DataFrame, list[str]]]:
    for stratum in [OVERALL, *dict.fromkeys(plan.strata.values())]:
        inside = rows if stratum == OVERALL else rows[rows["cohort_id"].map(dict(plan.strata)) == stratum]
        if len(inside):
            yield _pooled({**head, "stratum": stratum}, inside, plan=plan)


def _pooled(head: dict[str, object], rows: pd.DataFrame, *, plan: PoolPlan) -> tuple[pd.DataFrame, list[str]]:
    """Pool the features of one adjustment and stratum; and name those that too few cohorts estimated."""
    wide = rows.pivot(index="feature", columns="cohort_id", values=["effect", "std_error", "n", "n_events"])
    wide = wide.reindex(pd.Index(rows["feature"].unique()))
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = np.log(_numbers(wide, "effect"))
    found = pool_columns(effect, _numbers(wide, "std_error"), options=plan.options)
    table = _table(found, wide, head=head)
    enough = found.k >= plan.fewest_cohorts
    return table[enough].reset_index(drop=True), list(table.loc[~enough, "feature"].astype(str))


def _numbers(wide: pd.DataFrame, name: str) -> NDArray[np.float64]:
    return wide[name].to_numpy(dtype=np.float64)


def _table(found: PooledColumns, wide: pd.DataFrame, *, head: dict[str, object]) -> pd.DataFrame:
    cohorts = np.array([str(c) for c in wide["effect"].columns], dtype=object)
    patterns, which = np.unique(found.used, axis=0, return_inverse=True)
    named = np.array([", ".join(cohorts[p]) for p in patterns], dtype=object)
    ratios = {
        name: np.exp(getattr(found, source))
        for name, source in (
            ("effect", "estimate"), ("ci_low", "ci_low"), ("ci_high", "ci_high"), ("prediction_low", "prediction_low"),
            ("prediction_high", "prediction_high"), ("fixed_effect", "fixed_estimate"),
            ("fixed_ci_low", "fixed_ci_low"), ("fixed_ci_high", "fixed_ci_high"),
            ("ci_low_max1", "max1_ci_low"), ("ci_high_max1", "max1_ci_high"),
        )
    }  # fmt: skip
    others = [f"adjusted for {head['adjusted_for']}"] if head["adjusted_for"] else []
    others += [str(head["stratum"])] if head["stratum"] != OVERALL else []
    family = ["pooled screen", head["question_id"], head["endpoint"], head["effect_name"], *others]
    sums = {n: np.nansum(np.where(found.used, _numbers(wide, n), 0.0), axis=1).astype(int) for n in ("n", "n_events")}
    return pd.DataFrame(
        {
            **head,
            "feature": wide.index,
            "k": found.k,
            **sums,
            **ratios,
            "std_error": found.std_error,
            "p_value": found.p_value,
            "p_value_max1": found.max1_p_value,
            "family": " | ".join(map(str, family)),
            "method": found.method,
            "tau2": found.tau2,
            "i2": found.i2,
            "narrower_than_fixed": found.narrower_than_fixed,
            "cohorts": named[which.ravel()],
        }
    )
