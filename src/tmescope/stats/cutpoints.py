"""Where to cut a feature, and what the p-value of a cut that was looked for is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_binary, as_times, as_vector, complete
from tmescope.stats.cutpoint_p_values import exact_gauss, lausen_1992, lausen_1994, permuted
from tmescope.stats.rank_scores import log_rank_scores
from tmescope.stats.survival import log_rank

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "CutPoint",
    "CutSearch",
    "cut_for_classes",
    "cut_for_ranks",
    "cut_for_survival",
]

_ROUNDING = 1e-10
_NOTHING = 1e-13
_METHOD = "maximally selected {} statistic; p corrected for the choice of the cut"


@dataclass(frozen=True)
class CutSearch:
    """Where cuts are looked for, and how many permutations say what the best is worth.

    Parameters
    ----------
    min_prop, max_prop : float
        The lower group holds at least floor(n * min_prop) patients (and one) and at most floor(n * max_prop).
    n_permutations : int
        Random orders behind `CutPoint.p_permutation`; 0 for none.
    exact_gauss : bool
        Whether `CutPoint.p_exact_gauss` is computed; what costs most beside the permutations.
    """

    min_prop: float = 0.1
    max_prop: float = 0.9
    n_permutations: int = 10_000
    exact_gauss: bool = True

    def __post_init__(self) -> None:
        if not 0.0 < self.min_prop < self.max_prop < 1.0:
            raise InputError(
                f"cuts are looked for between the shares {self.min_prop!r} and {self.max_prop!r}",
                where="arguments min_prop, max_prop",
                expected="0 < min_prop < max_prop < 1, such as 0.1 and 0.9",
            )
        if self.n_permutations < 0:
            raise InputError(
                f"the number of permutations is {self.n_permutations}", where="argument n_permutations", expected=">= 0"
            )


@dataclass(frozen=True, kw_only=True)
class CutPoint:
    """The cut with the largest absolute standardised statistic, with its p-value before and after correction.

    Parameters
    ----------
    n, n_events : int
        Patients with every value known; events, or patients of the positive class (for ranks, 0).
    cut : float
        Patients at or below it are low, the others high. An observed value of the feature.
    n_low, n_high : int
        Patients in the two groups.
    n_cuts : int
        Cuts that were tried.
    statistic : float
        Absolute standardised linear rank statistic at the cut (the maximum, M).
    direction : int
        1 where the high group has more events, more of the positive class or higher values than expected; -1 where
        fewer or lower, 0 where neither.
    p_naive : float
        What a test of the two groups gives that does not know that the cut was looked for. Never to be reported
        alone.
    p_lau92, p_lau94, p_exact_gauss, p_permutation : float
        Corrected: see `tmescope.stats.cutpoint_p_values`. NaN where not computed.
    n_permutations : int
        Permutations behind `p_permutation`.
    method : str
        For the methods column of the answers.
    reason : str
        Why numbers are NaN: ``empty``, ``no_events``, ``constant_outcome``, ``constant``, ``no_cut`` (ties leave
        none between the shares); empty otherwise.
    """

    n: int
    n_events: int
    cut: float
    n_low: int
    n_high: int
    n_cuts: int
    statistic: float
    direction: int
    p_naive: float
    p_lau92: float
    p_lau94: float
    p_exact_gauss: float
    p_permutation: float
    n_permutations: int
    method: str
    reason: str = ""


@dataclass(frozen=True)
class _Maximum:
    """The largest statistic with what its p-values need."""

    statistic: float
    cut: float
    n_low: int
    direction: int
    tried: NDArray[np.int64]
    centred: NDArray[np.float64]
    weights: NDArray[np.float64]


def cut_for_survival(
    values: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    *,
    search: CutSearch | None = None,
    rng: np.random.Generator | None = None,
) -> CutPoint:
    """Find the cut of a feature that separates survival best, with p-values that know that it was looked for.

    Answers whether there is any cut with a difference. The effect at the cut is too large by construction: take it
    from patients who did not choose the cut (`tmescope.stats.held_out`).

    Parameters
    ----------
    values : array-like of float, shape (n,)
        The feature, any monotone scale. NaN is missing.
    time : array-like of float, shape (n,)
        Follow-up, any unit, zero or more. NaN is missing.
    event : array-like, shape (n,)
        True/1 for an event, False/0 for censoring. NaN is missing.
    search : CutSearch, optional
        Where to look; shares 0.1 to 0.9 and 10,000 permutations if omitted.
    rng : numpy.random.Generator, optional
        For the permutations; seeded with 0 if omitted, so that the same data give the same answer.

    Returns
    -------
    CutPoint
        Numbers NaN, with `reason`, where there is nothing to cut.

    Raises
    ------
    InputError
        If lengths differ, or a value is infinite or no 0/1.
    EndpointError
        If a time is negative.

    Notes
    -----
    With scores a (`log_rank_scores`) and the m patients of the lower group, ``|sum a - m mean(a)|`` over its
    permutation standard deviation, for each cut between different values. Where several cuts reach the maximum (to
    1e-10 of it) the lowest is taken. ``p_naive`` is the log-rank test at the cut. Patients with a
    missing value are dropped. A rising transformation of the feature moves the cut with it and leaves all else as
    it was; a falling one swaps the groups, and near the shares at the ends other cuts may be tried. Cost: one sort,
    O(n) a permutation, and `tmescope.stats.cutpoint_p_values.exact_gauss`.

    References
    ----------
    Lausen and Schumacher, Biometrics 1992, 48:73-85. Hothorn and Lausen, Computational Statistics & Data
    Analysis 2003, doi:10.1016/S0167-9473(02)00225-6.
    """
    v, t, d = complete(
        values=as_vector(values, name="values"),
        time=as_times(time, name="time"),
        event=as_binary(event, name="event"),
    )
    scores = log_rank_scores(t, d)
    reason = "no_events" if t.size and not d.any() else ""
    found, why = _maximise(v, scores, search or CutSearch(), reason=reason)
    naive = float("nan") if found is None else log_rank(t, d, v > found.cut).p_value
    return _result(found, why=why, name="log-rank", n=v.size, n_events=int(d.sum()), p_naive=naive, asked=(search, rng))


def cut_for_classes(
    values: ArrayLike,
    positive: ArrayLike,
    *,
    search: CutSearch | None = None,
    rng: np.random.Generator | None = None,
) -> CutPoint:
    """Find the cut of a feature that separates two classes best, such as responders from the others.

    Parameters
    ----------
    values, search, rng
        As for `cut_for_survival`.
    positive : array-like, shape (n,)
        True/1 for the class of interest, False/0 for the other. NaN is missing.

    Returns
    -------
    CutPoint
        ``p_naive`` is the test of the difference of two shares with the permutation variance (the square of the
        statistic is Pearson's chi-square times (n - 1) / n).

    Raises
    ------
    InputError
        If lengths differ, or a value is infinite or no 0/1.

    Notes
    -----
    The scores are 1 and 0; all else as for `cut_for_survival`.

    References
    ----------
    Miller and Siegmund, Biometrics 1982, 38:1011-1016.
    """
    v, y = complete(values=as_vector(values, name="values"), positive=as_binary(positive, name="positive"))
    found, why = _maximise(v, y, search or CutSearch())
    naive = float("nan") if found is None else float(2.0 * stats.norm.sf(found.statistic))
    return _result(
        found, why=why, name="chi-square", n=v.size, n_events=int(y.sum()), p_naive=naive, asked=(search, rng)
    )


def cut_for_ranks(
    values: ArrayLike,
    outcome: ArrayLike,
    *,
    search: CutSearch | None = None,
    rng: np.random.Generator | None = None,
) -> CutPoint:
    """Find the cut of a feature that separates an ordered or numeric outcome best (Wilcoxon).

    Parameters
    ----------
    values, search, rng
        As for `cut_for_survival`.
    outcome : array-like of float, shape (n,)
        Numbers of which only the order counts; equal ones share their mean rank. NaN is missing.

    Returns
    -------
    CutPoint
        ``p_naive`` is Wilcoxon's test with the normal distribution, ties in the variance, no continuity correction.

    Raises
    ------
    InputError
        If lengths differ, or a value is infinite.

    Notes
    -----
    The scores are ranks; all else as for `cut_for_survival`.

    References
    ----------
    Lausen and Schumacher, Biometrics 1992, 48:73-85.
    """
    v, y = complete(values=as_vector(values, name="values"), outcome=as_vector(outcome, name="outcome"))
    found, why = _maximise(v, stats.rankdata(y), search or CutSearch())
    naive = float("nan") if found is None else float(2.0 * stats.norm.sf(found.statistic))
    return _result(found, why=why, name="Wilcoxon", n=v.size, n_events=0, p_naive=naive, asked=(search, rng))


def _maximise(
    values: NDArray[np.float64], scores: NDArray[np.float64], search: CutSearch, *, reason: str = ""
) -> tuple[_Maximum | None, str]:
    """Return the largest standardised statistic, or why there is none."""
    n = values.size
    # sums in the order of the scores, whatever that of the patients: rounding is then the same too
    centred = scores - np.sort(scores).mean() if n else scores
    square = float((np.sort(centred) ** 2).sum())
    why = _why_not(values, square=square, reason=reason)
    if why:
        return None, why
    order = np.lexsort((centred, values))  # equal values in the order of their scores: sums round alike
    ranked = values[order]
    ends = np.flatnonzero(ranked[1:] > ranked[:-1]) + 1
    tried = ends[(ends >= max(1, int(n * search.min_prop))) & (ends <= int(n * search.max_prop))]
    if tried.size == 0:
        return None, "no_cut"
    per_patient = square / (n * (n - 1.0))
    weights = np.zeros(int(tried[-1]))
    weights[tried - 1] = 1.0 / np.sqrt(tried * (n - tried) * per_patient)
    sums = np.cumsum(centred[order])
    sums[np.abs(sums) <= _NOTHING * np.abs(np.sort(centred)).sum()] = (
        0.0  # else the largest of nothing is what rounding left
    )
    statistics = np.abs(sums[tried - 1]) * weights[tried - 1]
    best = int(tried[np.flatnonzero(statistics >= statistics.max() * (1.0 - _ROUNDING))[0]])
    return (
        _Maximum(
            statistic=float(statistics.max()),
            cut=float(ranked[best - 1]),
            n_low=best,
            direction=-int(np.sign(sums[best - 1])),
            tried=tried,
            centred=centred,
            weights=weights,
        ),
        "",
    )


def _why_not(values: NDArray[np.float64], *, square: float, reason: str) -> str:
    if values.size == 0:
        return "empty"
    if reason:
        return reason
    if values.min() == values.max():
        return "constant"
    return "constant_outcome" if square <= 0.0 else ""


def _result(
    found: _Maximum | None,
    *,
    why: str,
    name: str,
    n: int,
    n_events: int,
    p_naive: float,
    asked: tuple[CutSearch | None, np.random.Generator | None],
) -> CutPoint:
    search, rng = asked[0] or CutSearch(), asked[1] or np.random.default_rng(0)
    if found is None:
        return _nothing(n, n_events, reason=why)
    m = found.statistic
    return CutPoint(
        n=n,
        n_events=n_events,
        cut=found.cut,
        n_low=found.n_low,
        n_high=n - found.n_low,
        n_cuts=found.tried.size,
        statistic=m,
        direction=found.direction,
        p_naive=p_naive,
        p_lau92=lausen_1992(m, min_prop=search.min_prop, max_prop=search.max_prop),
        p_lau94=lausen_1994(m, found.tried, n),
        p_exact_gauss=exact_gauss(m, found.tried, n) if search.exact_gauss else float("nan"),
        p_permutation=permuted(m, found.centred, found.weights, n_permutations=search.n_permutations, rng=rng),
        n_permutations=search.n_permutations,
        method=_METHOD.format(name),
    )


def _nothing(n: int, n_events: int, *, reason: str) -> CutPoint:
    nan = float("nan")
    return CutPoint(
        n=n,
        n_events=n_events,
        cut=nan,
        n_low=0,
        n_high=0,
        n_cuts=0,
        statistic=nan,
        direction=0,
        p_naive=nan,
        p_lau92=nan,
        p_lau94=nan,
        p_exact_gauss=nan,
        p_permutation=nan,
        n_permutations=0,
        method="not estimated",
        reason=reason,
    )
