"""How well a score separates two groups of samples: area under the ROC curve, interval and test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from tmescope.stats.arguments import as_binary, as_vector, check_confidence, complete

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["AucEstimate", "auc"]

_EXACT_BELOW = 50


@dataclass(frozen=True, kw_only=True)
class AucEstimate:
    """Area under the ROC curve of one score against one binary endpoint.

    Parameters
    ----------
    n, n_positive : int
        Samples in which neither value is missing, and how many of them are positive.
    auc : float
        Probability that a positive sample scores above a negative one, ties counted one half.
    std_error : float
        DeLong standard error; NaN where it is not defined (see `degenerate` and `reason`).
    ci_low, ci_high : float
        Two-sided confidence limits within [0, 1]; they are not symmetric about the area.
    p_value : float
        Two-sided Mann-Whitney test of equal distributions.
    method : str
        How interval and p-value were found, for the methods column of the answers.
    confidence : float
        Level of the interval.
    degenerate : bool
        True where the groups do not overlap (AUC 0 or 1): the DeLong variance is then zero whatever the
        sample size, and the interval is the exact bound instead.
    reason : str
        Why numbers are NaN: ``empty``, ``one_class``, ``constant``, ``one_sample_in_a_class``;
        ``perfect_separation`` where only `std_error` is; empty otherwise.
    """

    n: int
    n_positive: int
    auc: float
    std_error: float
    ci_low: float
    ci_high: float
    p_value: float
    method: str
    confidence: float
    degenerate: bool = False
    reason: str = ""


def auc(scores: ArrayLike, positive: ArrayLike, *, confidence: float = 0.95) -> AucEstimate:
    """Estimate the area under the ROC curve with DeLong's interval and a Mann-Whitney test.

    Answers whether high scores go with the positive class, without a cut-point. Samples must be independent:
    do not use it on several samples of one patient, nor to compare two scores on the same samples.

    Parameters
    ----------
    scores : array-like of float, shape (n,)
        Any unit or scale: only the order matters. NaN is missing.
    positive : array-like, shape (n,)
        True/False or 1/0; NaN is missing.
    confidence : float
        Level of the two-sided interval.

    Returns
    -------
    AucEstimate
        All numbers NaN, with `reason`, where one class is empty or all scores are equal.

    Raises
    ------
    InputError
        If lengths differ, a score is infinite, `positive` has other values, or `confidence` is not in (0, 1).

    Notes
    -----
    Missing pairs are dropped; ties count one half (midranks). The variance is DeLong's, from
    midranks in O(n log n). Limits are ``Phi(q ± z * se / phi(q))`` with ``q = Phi^-1(auc)``: the interval of the normal
    quantile of the area, by the delta method, carried back. Limits ``auc ± z * se`` cover too rarely in small cohorts:
    docs/methods/response.md has the coverage of both and of other intervals. The p-value is exact where there
    are no ties and both classes have fewer than 50 samples, otherwise the normal approximation with the
    variance corrected for ties and a continuity correction of one half.

    Where the classes do not overlap, the variance estimate is zero and would claim certainty. The interval is
    then the Clopper-Pearson bound of k = min(positives, negatives) disjoint pairs, all of them concordant:
    [(alpha/2)^(1/k), 1], mirrored for an AUC of 0. It holds for any two distributions, because non-overlap
    implies k concordant independent pairs, whose probability is AUC^k; and it is the best such bound,
    attained when the larger class has one value. It can therefore be wide while the p-value, which supposes
    equal distributions, is small.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson, Biometrics 1988, doi:10.2307/2531595. Sun and Xu,
    IEEE Signal Processing Letters 2014, doi:10.1109/LSP.2014.2337313. Clopper and Pearson, Biometrika 1934,
    doi:10.1093/biomet/26.4.404.
    """
    check_confidence(confidence)
    x, y = complete(scores=as_vector(scores, name="scores"), positive=as_binary(positive, name="positive"))
    above, below = x[y == 1.0], x[y == 0.0]
    reason = _why_not(x, above.size)
    if reason:
        return _missing(x.size, above.size, confidence=confidence, reason=reason)
    area, variance = _delong(above, below)
    p_value, test = _mann_whitney(above, below)
    tail = (1.0 - confidence) / 2.0
    degenerate = bool(above.min() > below.max() or above.max() < below.min())
    if degenerate:
        bound = tail ** (1.0 / min(above.size, below.size))
        low, high = (bound, 1.0) if area > 0.5 else (0.0, 1.0 - bound)
        std_error, reason = float("nan"), "perfect_separation"
        interval = "exact bound from disjoint pairs (the classes do not overlap)"
    else:
        std_error = float(np.sqrt(variance))
        low, high = _probit_limits(area, std_error, tail=tail)
        if np.isnan(std_error):
            reason = "one_sample_in_a_class"
        interval = "DeLong interval on the probit scale"
    return AucEstimate(
        n=x.size,
        n_positive=above.size,
        auc=area,
        std_error=std_error,
        ci_low=low,
        ci_high=high,
        p_value=p_value,
        method=f"{interval}; {test}",
        confidence=confidence,
        degenerate=degenerate,
        reason=reason,
    )


def _probit_limits(area: float, std_error: float, *, tail: float) -> tuple[float, float]:
    """Return limits of an area between 0 and 1, symmetric for its normal quantile; NaN without a standard error."""
    centre = stats.norm.ppf(area)
    half = stats.norm.ppf(1.0 - tail) * std_error / stats.norm.pdf(centre)
    return float(stats.norm.cdf(centre - half)), float(stats.norm.cdf(centre + half))


def _why_not(scores: NDArray[np.float64], n_positive: int) -> str:
    if scores.size == 0:
        return "empty"
    if n_positive in {0, scores.size}:
        return "one_class"
    return "constant" if np.ptp(scores) == 0.0 else ""


def _missing(n: int, n_positive: int, *, confidence: float, reason: str) -> AucEstimate:
    nan = float("nan")
    return AucEstimate(
        n=n,
        n_positive=n_positive,
        auc=nan,
        std_error=nan,
        ci_low=nan,
        ci_high=nan,
        p_value=nan,
        method="not estimated",
        confidence=confidence,
        reason=reason,
    )


def _delong(above: NDArray[np.float64], below: NDArray[np.float64]) -> tuple[float, float]:
    """Return the area and its DeLong variance (NaN where a class has one sample)."""
    m, n = above.size, below.size
    joint = stats.rankdata(np.concatenate([above, below]))
    area = float((joint[:m].sum() - m * (m + 1) / 2.0) / (m * n))
    # the share of the other class that lies below each sample, by subtracting ranks within the own class
    placed_above = (joint[:m] - stats.rankdata(above)) / n
    placed_below = 1.0 - (joint[m:] - stats.rankdata(below)) / m
    if m < 2 or n < 2:
        return area, float("nan")
    return area, float(placed_above.var(ddof=1) / m + placed_below.var(ddof=1) / n)


def _mann_whitney(above: NDArray[np.float64], below: NDArray[np.float64]) -> tuple[float, str]:
    both = np.concatenate([above, below])
    exact = np.unique(both).size == both.size and max(above.size, below.size) < _EXACT_BELOW
    result = stats.mannwhitneyu(
        above, below, alternative="two-sided", method="exact" if exact else "asymptotic", use_continuity=True
    )
    name = "exact Mann-Whitney p" if exact else "Mann-Whitney p by normal approximation, corrected for ties"
    return float(result.pvalue), name
