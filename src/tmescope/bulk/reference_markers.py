"""Which genes tell cell types apart, by a rule that is stated in full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.foundation.errors import MethodError, examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tmescope.bulk.reference_cells import CellSums

__all__ = ["MarkerRule", "select_markers"]

_LOG2 = float(np.log(2.0))


@dataclass(frozen=True)
class MarkerRule:
    """Which genes are markers of a cell type.

    Parameters
    ----------
    n_markers : int
        Most markers of one type.
    fewest_markers : int
        A type with fewer gets genes of which it is the second, that are as surely above its third.
    min_log2_fold : float
        Least lower bound of the log2 fold change against the next highest type.
    bound : float
        How many standard errors the lower bound lies below the estimate.
    min_detected : float
        Share of the type's cells that must have a count of the gene, 0 to 1.
    min_donor_share : float
        Where there are several donors: share of the donors with that type in which it must be the highest, 0 to 1.
    """

    n_markers: int = 100
    fewest_markers: int = 5
    min_log2_fold: float = 0.5
    bound: float = 1.645
    min_detected: float = 0.05
    min_donor_share: float = 0.75


def select_markers(
    types: CellSums,
    names: tuple[Sequence[str], Sequence[str]],
    *,
    rule: MarkerRule,
    by_donor: Sequence[NDArray[np.float64]] = (),
) -> pd.DataFrame:
    """Choose the genes that each cell type expresses more than every other.

    Parameters
    ----------
    types : CellSums
        Sums of each cell type.
    names : tuple of two sequences of str
        Genes and cell types.
    rule : MarkerRule
        The rule.
    by_donor : sequence of array, n_types x n_genes
        Counts of each donor; types that a donor lacks are rows of zeros.

    Returns
    -------
    pandas.DataFrame
        Columns gene_symbol, cell_type, rank (1 is best), log2_fold and lower_bound against next_cell_type, higher_in
        (the type that is above it, where there is one), cpm, detected; by cell type, then rank.

    Raises
    ------
    MethodError
        If a cell type has no marker at all.

    Notes
    -----
    With counts ``c`` and totals ``T`` of the highest type (1) and the next (2), ``log2_fold = log2((c1 + 1) / T1) -
    log2((c2 + 1) / T2)`` and its standard error by Poisson counts is ``sqrt(1 / (c1 + 1) + 1 / (c2 + 1)) / ln 2``. The
    lower bound is `bound` standard errors below; markers are ordered by it (ties: as in the
    matrix).
    """
    genes, cell_types = names
    ranked = _rank(types.counts, rule.bound)
    agreed = _holds(by_donor, ranked.order[0], rule)
    parts: list[pd.DataFrame] = []
    without: list[str] = []
    for number, cell_type in enumerate(cell_types):
        first = _candidates(number, 0, ranked, seen=types.seen[number], rule=rule)
        first = first[agreed[first]][: rule.n_markers]
        second = first[:0]
        if len(first) < rule.fewest_markers and len(cell_types) > 2:
            second = _candidates(number, 1, ranked, seen=types.seen[number], rule=rule)[
                : rule.fewest_markers - len(first)
            ]
        found = np.concatenate([first, second])
        if not len(found):
            without.append(cell_type)
            continue
        tier = np.repeat([0, 1], [len(first), len(second)])
        parts.append(
            pd.DataFrame(
                {
                    "gene_symbol": [genes[i] for i in found],
                    "cell_type": cell_type,
                    "rank": np.arange(1, len(found) + 1),
                    "log2_fold": ranked.fold[tier, found],
                    "lower_bound": ranked.lower[tier, found],
                    "next_cell_type": [cell_types[i] for i in ranked.order[tier + 1, found]],
                    "higher_in": [
                        cell_types[i] if t else "" for i, t in zip(ranked.order[0, found], tier, strict=True)
                    ],
                    "cpm": 1e6 * types.counts[number, found] / types.counts[number].sum(),
                    "detected": types.seen[number, found],
                }
            )
        )
    if without:
        raise MethodError(
            f"no gene tells {len(without)} cell types from the others: {examples(without)}",
            where="markers",
            expected=f"a log2 fold change that is surely {rule.min_log2_fold:g} or more",
            next_step="merge each with the type most like it, take more cells, or lower min_log2_fold",
        )
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True, eq=False)
class _Ranked:
    """For each gene the types in falling order; how far the first is above the second, the second above the third."""

    order: NDArray[np.int64]
    fold: NDArray[np.float64]
    lower: NDArray[np.float64]


def _rank(counts: NDArray[np.float64], bound: float) -> _Ranked:
    logged = np.log2((counts + 1) / counts.sum(axis=1, keepdims=True))
    order = np.argsort(-logged, axis=0, kind="stable")[:3]
    height = np.take_along_axis(logged, order, axis=0)
    error = 1 / (np.take_along_axis(counts, order, axis=0) + 1)
    fold = height[:-1] - height[1:]
    return _Ranked(order, fold, fold - bound * np.sqrt(error[:-1] + error[1:]) / _LOG2)


def _candidates(
    number: int, tier: int, ranked: _Ranked, *, seen: NDArray[np.float64], rule: MarkerRule
) -> NDArray[np.int64]:
    """Return the genes of which a type is the highest (tier 0) or the second (1), surely above the next; best first."""
    usable = (ranked.order[tier] == number) & (ranked.lower[tier] >= rule.min_log2_fold) & (seen >= rule.min_detected)
    found = np.flatnonzero(usable)
    return found[np.lexsort((found, -ranked.lower[tier, found]))]


def _holds(by_donor: Sequence[NDArray[np.float64]], top: NDArray[np.int64], rule: MarkerRule) -> NDArray[np.bool_]:
    """Return for each gene whether its highest type is the highest in enough of the donors that have the type."""
    if len(by_donor) < 2:
        return np.ones(len(top), dtype=bool)
    agrees, present = np.zeros(len(top)), np.zeros(len(top))
    for counts in by_donor:
        totals = counts.sum(axis=1)
        has = totals > 0
        if has.sum() < 2:
            continue
        shares = np.where(has[:, None], counts / np.maximum(totals, 1)[:, None], -1.0)
        here = has[top]
        present += here
        agrees += here & (shares[top, np.arange(len(top))] >= shares.max(axis=0))
    return agrees >= rule.min_donor_share * present
