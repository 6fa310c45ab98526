"""Which methods to trust for which cell type, learned where the truth is known and judged on other data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tmescope.bulk.consensus import ConsensusRule, find_consensus, find_speakable
from tmescope.bulk.harmonised import harmonise
from tmescope.facts.cell_types import CellTypeTree, load_cell_types

__all__ = ["KnownComposition", "Verdict", "judge_rule", "learn_rule", "leave_one_out"]

FLOOR = 0.1
"""Weight of a method that was no better than chance: few data sets should not silence it for good."""

_MOST = 100
"""Samples beyond which a data set does not count for more."""


@dataclass(frozen=True, eq=False)
class KnownComposition:
    """Samples of which the composition was measured, or made.

    Parameters
    ----------
    name : str
        Of the data set.
    estimates : pandas.DataFrame
        As the table ``fractions``, one cohort.
    truth : pandas.DataFrame
        Columns sample_id, cl_id, value: shares as measured.
    """

    name: str
    estimates: pd.DataFrame
    truth: pd.DataFrame


@dataclass(frozen=True)
class Verdict:
    """How a consensus did where nothing of it was learned.

    Parameters
    ----------
    by_type : pandas.DataFrame
        cell_type, cl_id, n, consensus, ci_low, ci_high, median_single, best_single, n_methods: Pearson's correlations
        with the truth, the consensus' with a 95% bootstrap interval.
    gain, ci_low, ci_high : float
        Mean over types of consensus minus median single method, with its 95% bootstrap interval over samples.
    """

    by_type: pd.DataFrame
    gain: float
    ci_low: float
    ci_high: float


def learn_rule(
    known: Sequence[KnownComposition],
    *,
    additive: Mapping[str, bool],
    families: Mapping[str, str] | None = None,
    tree: CellTypeTree | None = None,
) -> ConsensusRule:
    """Learn the weight of each family of methods for each cell type.

    Parameters
    ----------
    known : sequence of KnownComposition
        Data sets to learn from.
    additive : mapping of str to bool
        Method to whether its outputs are shares of disjoint types.
    families : mapping of str to str, optional
        As in `find_consensus`; a method that is not here is its own family.
    tree : CellTypeTree, optional
        The bundled one if omitted.

    Returns
    -------
    ConsensusRule

    Notes
    -----
    A method's correlations with the truth are averaged over data sets in Fisher's z, each with n - 3 as its weight, n
    counted up to 100, so that four samples say little and simulations do not drown what was measured. The weight is
    that mean where it is above zero, plus 0.1.
    """
    tree = tree or load_cell_types()
    sums: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for one in known:
        for (cl_id, method), (r, n) in _correlations(one, additive=additive, tree=tree).items():
            sums.setdefault((cl_id, (families or {}).get(method, method)), []).append((r, n))
    weights: dict[str, dict[str, float]] = {}
    for (cl_id, family), found in sums.items():
        z = np.array([np.arctanh(np.clip(r, -0.999, 0.999)) for r, _ in found])
        size = np.array([min(n, _MOST) - 3 for _, n in found], dtype=float)
        mean = float(np.tanh((z * size).sum() / size.sum()))
        weights.setdefault(cl_id, {})[family] = round(max(mean, 0.0) + FLOOR, 3)
    return ConsensusRule(weights)


def _correlations(
    one: KnownComposition, *, additive: Mapping[str, bool], tree: CellTypeTree
) -> dict[tuple[str, str], tuple[float, int]]:
    table = harmonise(one.estimates, additive=additive, tree=tree).merge(
        one.truth.rename(columns={"value": "truth"}), on=["sample_id", "cl_id"]
    )
    found, speakable = {}, find_speakable(tree)
    for (cl_id, method), rows in table.dropna(subset=["value", "truth"]).groupby(["cl_id", "method"], sort=False):
        value, truth = rows["value"].to_numpy(dtype=float), rows["truth"].to_numpy(dtype=float)
        if str(cl_id) in speakable and len(rows) > 3 and np.ptp(value) > 0 and np.ptp(truth) > 0:
            found[str(cl_id), str(method)] = (float(np.corrcoef(value, truth)[0, 1]), len(rows))
    return found


def judge_rule(
    one: KnownComposition,
    rule: ConsensusRule,
    *,
    additive: Mapping[str, bool],
    families: Mapping[str, str] | None = None,
    rng: np.random.Generator,
    draws: int = 2000,
) -> Verdict:
    """Compare the consensus with single methods on a data set with known composition.

    Parameters
    ----------
    one : KnownComposition
        From which the rule was not learned.
    rule : ConsensusRule
        Weights.
    additive, families
        As in `find_consensus`.
    rng : numpy.random.Generator
        Of the bootstrap.
    draws : int
        Bootstrap samples of patients; types and methods stay.

    Returns
    -------
    Verdict
        Types of which fewer than two methods speak are left out: there is no consensus of one.
    """
    tree = load_cell_types()
    found = find_consensus(one.estimates, additive=additive, families=families, rule=rule, tree=tree)
    singles = harmonise(one.estimates, additive=additive, tree=tree)
    samples = pd.unique(one.truth["sample_id"])
    picks = rng.integers(0, len(samples), size=(draws, len(samples)))
    rows: list[dict[str, object]] = []
    gains: list[NDArray[np.float64]] = []
    for told in found.agreement.to_dict("records"):
        methods = str(told["methods"]).split(", ")
        truth = one.truth[one.truth["cl_id"] == told["cl_id"]].set_index("sample_id")["value"].reindex(samples)
        if truth.notna().sum() < 4 or truth.std() == 0 or len(methods) < 2:
            continue
        mine = singles[(singles["cl_id"] == told["cl_id"]) & singles["method"].isin(methods)]
        wide = mine.pivot(index="sample_id", columns="method", values="value").reindex(index=samples, columns=methods)
        consensus = found.estimates[found.estimates["feature"] == told["cell_type"]].set_index("sample_id")["value"]
        values = np.column_stack([consensus.reindex(samples), wide]).astype(float)
        row, gain = _judge_type(values, truth.to_numpy(dtype=float), picks)
        rows.append({"cell_type": told["cell_type"], "cl_id": told["cl_id"], **row})
        gains.append(gain)
    if not rows:
        return Verdict(pd.DataFrame(), np.nan, np.nan, np.nan)
    table = pd.DataFrame(rows)
    low, high = np.nanquantile(_mean_over_types(gains), [0.025, 0.975])
    return Verdict(table, float((table["consensus"] - table["median_single"]).mean()), float(low), float(high))


def _mean_over_types(gains: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the mean gain of each bootstrap sample; NaN where the sample left no type with a correlation."""
    table = np.array(gains)
    there = ~np.isnan(table)
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.float64] = np.where(there, table, 0.0).sum(axis=0) / there.sum(axis=0)
    return mean


def _judge_type(
    values: NDArray[np.float64], truth: NDArray[np.float64], picks: NDArray[np.int64]
) -> tuple[dict[str, object], NDArray[np.float64]]:
    """Return the row of one type (consensus in the first column), and the gain of each bootstrap sample."""
    r = _pearson(values, truth)
    boot = np.array([_pearson(values[p], truth[p]) for p in picks])
    low, high = np.nanquantile(boot[:, 0], [0.025, 0.975])
    row = {
        "n": int(np.count_nonzero(~np.isnan(truth))),
        "consensus": float(r[0]),
        "ci_low": float(low),
        "ci_high": float(high),
        "median_single": float(np.nanmedian(r[1:])),
        "best_single": float(np.nanmax(r[1:])),
        "n_methods": values.shape[1] - 1,
    }
    known = ~np.isnan(boot[:, 1:]).all(axis=1)
    gain = np.full(len(boot), np.nan)
    gain[known] = boot[known, 0] - np.nanmedian(boot[known, 1:], axis=1)
    return row, gain


def _pearson(values: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlation of each column with the truth over the rows that have both."""
    there = ~np.isnan(values) & ~np.isnan(truth)[:, None]
    n = there.sum(axis=0)
    x = np.where(there, values, 0.0)
    y = np.where(there, truth[:, None], 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        x = np.where(there, x - x.sum(axis=0) / n, 0.0)
        y = np.where(there, y - y.sum(axis=0) / n, 0.0)
        r = (x * y).sum(axis=0) / np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
    found: NDArray[np.float64] = np.where(n > 3, r, np.nan)
    return found


def leave_one_out(
    known: Sequence[KnownComposition],
    *,
    additive: Mapping[str, bool],
    families: Mapping[str, str] | None = None,
    rng: np.random.Generator,
    draws: int = 2000,
) -> dict[str, Verdict]:
    """Judge on each data set the rule that was learned from the others.

    Parameters
    ----------
    known : sequence of KnownComposition
        At least two.
    additive, families, rng, draws
        As in `judge_rule`.

    Returns
    -------
    dict of str to Verdict
        By name of the data set that was left out.
    """
    found = {}
    for one in known:
        rule = learn_rule([other for other in known if other is not one], additive=additive, families=families)
        found[one.name] = judge_rule(one, rule, additive=additive, families=families, rng=rng, draws=draws)
    return found
