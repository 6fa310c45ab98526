"""Rank tests: two groups, several groups, and a trend over ordered groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_binary, as_codes, as_vector, complete

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["RankTest", "jonckheere_terpstra", "kruskal_wallis", "wilcoxon_rank_sum"]

_EXACT_UP_TO = 50


@dataclass(frozen=True, kw_only=True)
class RankTest:
    """Statistic and p-value of a rank test.

    Parameters
    ----------
    n : int
        Samples without a missing value.
    group_sizes : tuple of int
        Of the groups that occur, in the order of their codes.
    statistic : float
        Mann-Whitney's U of the second group, Kruskal-Wallis' H, or Jonckheere's J: pairs of samples of two groups in
        which the later group has the higher value, ties as one half.
    effect : float
        The share of such pairs, 0.5 where groups do not differ; for Kruskal-Wallis epsilon squared, H / (n - 1).
    p_value : float
        Two-sided.
    method : str
        For the methods column of the answers.
    reason : str
        ``empty``, ``one_class``, ``constant``; empty otherwise.
    """

    n: int
    group_sizes: tuple[int, ...]
    statistic: float
    effect: float
    p_value: float
    method: str
    reason: str = ""


def wilcoxon_rank_sum(values: ArrayLike, in_group: ArrayLike, *, method: str = "auto") -> RankTest:
    """Test whether values of a group tend to be higher or lower than those of the rest (Wilcoxon, Mann-Whitney).

    Parameters
    ----------
    values : array-like of float, shape (n,)
        Any unit; NaN is missing.
    in_group : array-like, shape (n,)
        True/1 in the group, False/0 outside; NaN is missing.
    method : {"auto", "exact", "asymptotic"}
        ``exact`` counts all ways to choose the group, ties included; ``auto`` does that up to 50 samples.

    Returns
    -------
    RankTest

    Raises
    ------
    InputError
        If lengths differ, a value is infinite, or `method` has another name.

    Notes
    -----
    Exact: the distribution of the sum of midranks over all choices of the group, built up sample by sample in whole
    numbers (twice the midranks); p is the chance of a sum at least as far from its mean. Cost O(n^2 * sum of ranks).
    Asymptotic: normal, variance corrected for ties, continuity correction one half.

    References
    ----------
    Mann and Whitney, Annals of Mathematical Statistics 1947, doi:10.1214/aoms/1177730491. Streitberg and Roehmel,
    Statistical Software Newsletter 1986 (the shift algorithm for ties).
    """
    if method not in {"auto", "exact", "asymptotic"}:
        raise InputError(
            f"the method {method!r} is not known", where="argument method", expected="auto, exact or asymptotic"
        )
    v, g = complete(values=as_vector(values, name="values"), in_group=as_binary(in_group, name="in_group"))
    sizes, reason = _groups(v, g)
    if reason:
        return _missing(v.size, sizes, reason)
    ranks, chosen = stats.rankdata(v), g == 1.0
    m, n = int(chosen.sum()), int((~chosen).sum())
    u = float(ranks[chosen].sum() - m * (m + 1) / 2.0)
    exact = method == "exact" or (method == "auto" and v.size <= _EXACT_UP_TO)
    if exact:
        p_value, name = _exact(ranks, m, total=float(ranks[chosen].sum())), "Wilcoxon rank-sum test, exact p"
    else:
        _, counts = np.unique(v, return_counts=True)
        size = float(v.size)
        ties = float((counts.astype(np.float64) ** 3 - counts).sum()) / (size * (size - 1.0))
        deviation = max(abs(u - m * n / 2.0) - 0.5, 0.0) / np.sqrt(m * n / 12.0 * (size + 1.0 - ties))
        p_value = float(2.0 * stats.norm.sf(deviation))
        name = "Wilcoxon rank-sum test, normal approximation corrected for ties and continuity"
    return RankTest(
        n=v.size,
        group_sizes=sizes,
        statistic=u,
        effect=u / (m * n),
        p_value=min(p_value, 1.0),
        method=name,
    )


def kruskal_wallis(values: ArrayLike, codes: ArrayLike) -> RankTest:
    """Test whether values differ between groups, whatever the order of the groups.

    Parameters
    ----------
    values : array-like of float, shape (n,)
        Any unit; NaN is missing.
    codes : array-like, shape (n,)
        Whole numbers from 0, one per group; NaN or -1 is missing.

    Returns
    -------
    RankTest

    Raises
    ------
    InputError
        If lengths differ, a value is infinite, or a code is no whole number.

    Notes
    -----
    ``H = 12 / (n (n + 1)) sum n_i (mean rank_i - (n + 1) / 2)^2``, divided by ``1 - sum(t^3 - t) / (n^3 - n)`` for
    ties; chi-squared with one degree of freedom less than there are groups.

    References
    ----------
    Kruskal and Wallis, JASA 1952, doi:10.1080/01621459.1952.10483441.
    """
    v, g = complete(values=as_vector(values, name="values"), codes=as_codes(codes, name="codes"))
    sizes, reason = _groups(v, g)
    if reason:
        return _missing(v.size, sizes, reason)
    ranks = stats.rankdata(v)
    means = np.array([ranks[g == code].mean() for code in np.unique(g)])
    # the variance of the midranks carries the correction for ties
    h = float((np.array(sizes) * (means - ranks.mean()) ** 2).sum() / ranks.var(ddof=1))
    return RankTest(
        n=v.size,
        group_sizes=sizes,
        statistic=h,
        effect=h / (v.size - 1),
        p_value=float(stats.chi2.sf(h, len(sizes) - 1)),
        method="Kruskal-Wallis test, chi-squared p corrected for ties",
    )


def jonckheere_terpstra(values: ArrayLike, codes: ArrayLike) -> RankTest:
    """Test whether values rise or fall over ordered groups, such as PD < SD < PR < CR.

    Parameters
    ----------
    values : array-like of float, shape (n,)
        Any unit; NaN is missing.
    codes : array-like, shape (n,)
        Whole numbers from 0 in the order of the groups; NaN or -1 is missing.

    Returns
    -------
    RankTest

    Raises
    ------
    InputError
        If lengths differ, a value is infinite, or a code is no whole number.

    Notes
    -----
    J is the sum of Mann-Whitney counts over all pairs of groups; its variance under exchangeability is that of
    Kendall's S over four with ties in both variables. Normal p without continuity correction; with two groups the
    asymptotic Mann-Whitney test.

    References
    ----------
    Jonckheere, Biometrika 1954, doi:10.1093/biomet/41.1-2.133. Terpstra, Indagationes Mathematicae 1952,
    doi:10.1016/S1385-7258(52)50043-X.
    """
    v, g = complete(values=as_vector(values, name="values"), codes=as_codes(codes, name="codes"))
    sizes, reason = _groups(v, g)
    if reason:
        return _missing(v.size, sizes, reason)
    parts = [np.sort(v[g == code]) for code in np.unique(g)]
    j = 0.0
    for i, low in enumerate(parts):
        for high in parts[i + 1 :]:
            below = np.searchsorted(low, high, side="left") + np.searchsorted(low, high, side="right")
            j += float(below.sum()) / 2.0
    n = float(v.size)
    pairs = (n**2 - float((np.array(sizes, dtype=np.float64) ** 2).sum())) / 2.0
    _, counts = np.unique(v, return_counts=True)
    variance = _kendall_variance(n, np.array(sizes, dtype=np.float64), counts.astype(np.float64)) / 4.0
    z = (j - pairs / 2.0) / np.sqrt(variance)
    return RankTest(
        n=v.size,
        group_sizes=sizes,
        statistic=j,
        effect=j / pairs,
        p_value=float(2.0 * stats.norm.sf(abs(z))),
        method="Jonckheere-Terpstra trend test, normal approximation corrected for ties",
    )


def _kendall_variance(n: float, a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the variance of Kendall's S with tied groups of sizes `a` in one variable and `b` in the other."""

    def moments(t: NDArray[np.float64]) -> tuple[float, float, float]:
        two = float((t * (t - 1.0)).sum())
        return float((t * (t - 1.0) * (2.0 * t + 5.0)).sum()), two, float((t * (t - 1.0) * (t - 2.0)).sum())

    (five_a, two_a, three_a), (five_b, two_b, three_b) = moments(a), moments(b)
    variance = (n * (n - 1.0) * (2.0 * n + 5.0) - five_a - five_b) / 18.0
    if n > 2.0:
        variance += three_a * three_b / (9.0 * n * (n - 1.0) * (n - 2.0))
    return variance + two_a * two_b / (2.0 * n * (n - 1.0))


def _exact(ranks: NDArray[np.float64], m: int, *, total: float) -> float:
    """Return the chance that the ranks of m samples chosen at random sum up as far from their mean as `total`."""
    doubled = np.rint(2.0 * ranks).astype(np.int64)
    ways = np.zeros((m + 1, int(doubled.sum()) + 1))
    ways[0, 0] = 1.0
    for rank in doubled:
        ways[1:, rank:] += ways[:-1, : ways.shape[1] - rank].copy()
    sums = np.arange(ways.shape[1], dtype=np.float64) / 2.0
    mean = m * float(ranks.mean())
    far = np.abs(sums - mean) >= abs(total - mean) - 1e-9
    return float(ways[m, far].sum() / ways[m].sum())


def _groups(values: NDArray[np.float64], codes: NDArray[np.float64]) -> tuple[tuple[int, ...], str]:
    sizes = tuple(int(n) for n in np.unique(codes, return_counts=True)[1])
    if not sizes:
        return sizes, "empty"
    if len(sizes) == 1:
        return sizes, "one_class"
    return sizes, "constant" if np.ptp(values) == 0.0 else ""


def _missing(n: int, sizes: tuple[int, ...], reason: str) -> RankTest:
    nan = float("nan")
    return RankTest(
        n=n, group_sizes=sizes, statistic=nan, effect=nan, p_value=nan, method="not estimated", reason=reason
    )
