"""Areas under ROC curves beyond DeLong's interval: bootstrap intervals, and two scores of the same samples compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_binary, as_vector, check_confidence, complete

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["AucBootstrap", "AucDifference", "bootstrap_auc", "compare_aucs"]

_CHUNK = 200


@dataclass(frozen=True, kw_only=True)
class AucBootstrap:
    """Percentile interval of an AUC from resampled patients.

    Parameters
    ----------
    n, n_positive : int
        Samples without a missing value, and how many of them are positive.
    auc, std_error, ci_low, ci_high : float
        Area, standard deviation and percentiles of the resampled areas.
    n_resamples : int
        How many times.
    method : str
        For the methods column of the answers.
    confidence : float
        Level of the interval.
    reason : str
        ``empty``, ``one_class``, ``constant``, ``one_sample_in_a_class``, ``perfect_separation`` (every resample has
        the same area, which says nothing of its error); empty otherwise.
    """

    n: int
    n_positive: int
    auc: float
    std_error: float
    ci_low: float
    ci_high: float
    n_resamples: int
    method: str
    confidence: float
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class AucDifference:
    """Difference of the AUCs of two scores of the same samples.

    Parameters
    ----------
    n, n_positive : int
        Samples with both scores, and how many of them are positive.
    first, second, difference : float
        The areas, and first minus second.
    std_error, ci_low, ci_high, p_value : float
        Of the difference; two-sided.
    method : str
        For the methods column of the answers.
    confidence : float
        Level of the interval.
    reason : str
        ``empty``, ``one_class``, ``one_sample_in_a_class``, ``no_difference_in_ranks`` (the variance is zero); empty
        otherwise.
    """

    n: int
    n_positive: int
    first: float
    second: float
    difference: float
    std_error: float
    ci_low: float
    ci_high: float
    p_value: float
    method: str
    confidence: float
    reason: str = ""


def bootstrap_auc(
    scores: ArrayLike,
    positive: ArrayLike,
    *,
    rng: np.random.Generator,
    n_resamples: int = 2000,
    confidence: float = 0.95,
) -> AucBootstrap:
    """Estimate the error of an AUC by drawing patients anew within each class.

    Parameters
    ----------
    scores : array-like of float, shape (n,)
        Any unit; NaN is missing.
    positive : array-like, shape (n,)
        True/False or 1/0; NaN is missing.
    rng : numpy.random.Generator
        Source of the draws.
    n_resamples : int
        At least 100.
    confidence : float
        Level of the percentile interval.

    Raises
    ------
    InputError
        If lengths differ, a value is infinite, or there are too few resamples.

    Notes
    -----
    Stratified: as many positive and other samples as there are, drawn with replacement. Draws are counts per sample, so
    each area is one weighted sum over all pairs: ``w_above' K w_below / (m n)``, K = 1 where the positive score is
    higher, 1/2 where equal. Cost O(m n n_resamples) in matrix products.

    References
    ----------
    Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    check_confidence(confidence)
    if n_resamples < 100:
        raise InputError(f"{n_resamples} resamples are too few", where="argument n_resamples", expected="100 or more")
    v, y = complete(scores=as_vector(scores, name="scores"), positive=as_binary(positive, name="positive"))
    above, below = v[y == 1.0], v[y == 0.0]
    reason = _why_not(above.size, below.size) or ("constant" if np.ptp(v) == 0.0 else "")
    area = error = low = high = float("nan")
    if not reason:
        pairs = _pairs(above, below)
        area = float(pairs.mean())
        reason = "perfect_separation" if area in {0.0, 1.0} else ""
    if not reason:
        areas = _resampled(pairs, n_resamples, rng)
        tail = (1.0 - confidence) / 2.0
        error = float(areas.std(ddof=1))
        low, high = (float(q) for q in np.quantile(areas, [tail, 1.0 - tail]))
    return AucBootstrap(
        n=v.size,
        n_positive=above.size,
        auc=area,
        std_error=error,
        ci_low=low,
        ci_high=high,
        n_resamples=n_resamples,
        method="not estimated" if reason else f"stratified bootstrap, {n_resamples} resamples, percentile interval",
        confidence=confidence,
        reason=reason,
    )


def compare_aucs(
    first: ArrayLike, second: ArrayLike, positive: ArrayLike, *, confidence: float = 0.95
) -> AucDifference:
    """Compare how well two scores of the same samples separate the classes (paired DeLong test).

    Parameters
    ----------
    first, second : array-like of float, shape (n,)
        Scores; their units may differ. NaN in either leaves the sample out.
    positive : array-like, shape (n,)
        True/False or 1/0; NaN is missing.
    confidence : float
        Level of the interval.

    Raises
    ------
    InputError
        If lengths differ or a value is infinite.

    Notes
    -----
    The variance of the difference is that of the differences of the placements, in each class by itself. Two scores of
    which one was fitted to these samples are not compared fairly by this.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson, Biometrics 1988, doi:10.2307/2531595.
    """
    check_confidence(confidence)
    a, b, y = complete(
        first=as_vector(first, name="first"),
        second=as_vector(second, name="second"),
        positive=as_binary(positive, name="positive"),
    )
    chosen = y == 1.0
    m, n = int(chosen.sum()), int((~chosen).sum())
    reason = _why_not(m, n)
    one = two = error = p_value = float("nan")
    if not reason:
        pairs_a, pairs_b = _pairs(a[chosen], a[~chosen]), _pairs(b[chosen], b[~chosen])
        one, two, gap = float(pairs_a.mean()), float(pairs_b.mean()), pairs_a - pairs_b
        error = float(np.sqrt(gap.mean(axis=1).var(ddof=1) / m + gap.mean(axis=0).var(ddof=1) / n))
        reason = "no_difference_in_ranks" if error == 0.0 else ""
    if reason:
        error = float("nan")
    else:
        p_value = float(2.0 * stats.norm.sf(abs(one - two) / error))
    half = float(stats.norm.ppf(0.5 + confidence / 2.0)) * error
    return AucDifference(
        n=y.size,
        n_positive=m,
        first=one,
        second=two,
        difference=one - two,
        std_error=error,
        ci_low=one - two - half,
        ci_high=one - two + half,
        p_value=p_value,
        method="not estimated" if reason else "paired DeLong test of two AUCs",
        confidence=confidence,
        reason=reason,
    )


def _why_not(m: int, n: int) -> str:
    if m + n == 0:
        return "empty"
    if min(m, n) == 0:
        return "one_class"
    return "one_sample_in_a_class" if min(m, n) == 1 else ""


def _pairs(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 * ((above[:, None] > below).astype(np.float64) + (above[:, None] >= below)))


def _resampled(pairs: NDArray[np.float64], n_resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    m, n = pairs.shape
    areas = []
    for start in range(0, n_resamples, _CHUNK):
        size = min(_CHUNK, n_resamples - start)
        chosen = rng.multinomial(m, np.full(m, 1.0 / m), size=size).astype(np.float64)
        others = rng.multinomial(n, np.full(n, 1.0 / n), size=size)
        areas.append(((chosen @ pairs) * others).sum(axis=1) / (m * n))
    return np.concatenate(areas)
