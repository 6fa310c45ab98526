"""How many of the first k of a ranking are what was looked for, and how much better than chance that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_binary, as_vector, check_confidence

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["TopPrecision", "precision_at"]


@dataclass(frozen=True, kw_only=True)
class TopPrecision:
    """Precision of the first k of a ranking.

    Parameters
    ----------
    k, n_hits : int
        How many were looked at, and how many of them are hits.
    n, n_hits_total : int
        Items of the ranking and hits among them.
    precision, ci_low, ci_high : float
        Share of hits among the first k with its exact (Clopper-Pearson) limits.
    enrichment, enrichment_low, enrichment_high : float
        Precision over the share of hits among all, with limits from bootstrapping the items; NaN without any hit.
    p_value : float
        Chance of so many hits or more among k items drawn blindly (hypergeometric).
    confidence : float
    """

    k: int
    n_hits: int
    n: int
    n_hits_total: int
    precision: float
    ci_low: float
    ci_high: float
    enrichment: float
    enrichment_low: float
    enrichment_high: float
    p_value: float
    confidence: float


def precision_at(
    k: int,
    score: ArrayLike,
    hit: ArrayLike,
    *,
    rng: np.random.Generator,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> TopPrecision:
    """Measure how many of the k items of the highest scores are hits.

    Parameters
    ----------
    k : int
        Of fewer items all are taken.
    score : array-like of float, shape (n,)
        The higher the better; NaN ranks last. Ties keep the order in which items came.
    hit : array-like, shape (n,)
        True/1 for what was looked for.
    rng : numpy.random.Generator
        For the bootstrap.
    resamples : int
        Of the bootstrap.
    confidence : float
        Level of the limits.

    Returns
    -------
    TopPrecision

    Raises
    ------
    InputError
        If lengths differ, nothing is ranked, a hit is missing, or `k` is below one.

    Notes
    -----
    Each resample draws n items with replacement, ranks them by their scores and takes the share of hits among its first
    k over that among all; resamples without a hit are left out. Limits are percentiles.

    References
    ----------
    Clopper and Pearson, Biometrika 1934, doi:10.1093/biomet/26.4.404.
    """
    check_confidence(confidence)
    s, y = as_vector(score, name="score"), as_binary(hit, name="hit")
    if s.size != y.size or not s.size or np.isnan(y).any() or k < 1:
        raise InputError(
            f"k is {k}, with {s.size} scores and {y.size} hits of which {int(np.isnan(y).sum())} are missing",
            expected="k of one or more, and for each score a hit that is known",
        )
    order = np.argsort(-np.where(np.isnan(s), -np.inf, s), kind="stable")
    ranked = y[order]
    taken = min(k, s.size)
    found, total = int(ranked[:taken].sum()), int(ranked.sum())
    low, high = _exact_limits(found, taken, 1.0 - confidence)
    enrichment, e_low, e_high = _enrichment(ranked, taken, rng=rng, resamples=resamples, confidence=confidence)
    return TopPrecision(
        k=taken,
        n_hits=found,
        n=s.size,
        n_hits_total=total,
        precision=found / taken,
        ci_low=low,
        ci_high=high,
        enrichment=enrichment,
        enrichment_low=e_low,
        enrichment_high=e_high,
        p_value=_chance(found, taken, s.size, total=total),
        confidence=confidence,
    )


def _exact_limits(found: int, taken: int, alpha: float) -> tuple[float, float]:
    low = special.betaincinv(found, taken - found + 1, alpha / 2.0) if found else 0.0
    high = special.betaincinv(found + 1, taken - found, 1.0 - alpha / 2.0) if found < taken else 1.0
    return float(low), float(high)


def _chance(found: int, taken: int, n: int, *, total: int) -> float:
    from scipy import stats

    return float(stats.hypergeom.sf(found - 1, n, total, taken))


def _enrichment(
    ranked: NDArray[np.float64], taken: int, *, rng: np.random.Generator, resamples: int, confidence: float
) -> tuple[float, float, float]:
    base = ranked.mean()
    if base == 0.0:
        return (float("nan"),) * 3
    ratios = []
    for _ in range(resamples):
        # how often each item was drawn, in the order of the ranking: no sorting
        times = np.bincount(rng.integers(0, ranked.size, ranked.size), minlength=ranked.size)
        hits = float(times @ ranked)
        if hits:
            used = np.minimum(np.cumsum(times), taken)
            ratios.append(float(np.diff(used, prepend=0) @ ranked) / taken / (hits / ranked.size))
    low, high = np.quantile(ratios, [0.5 - confidence / 2.0, 0.5 + confidence / 2.0])
    return float(ranked[:taken].mean() / base), float(low), float(high)
