"""Ordered outcomes, such as CR > PR > SD > PD: the proportional-odds model and a test of its assumption."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special, stats

from tmescope.stats.arguments import as_codes, check_confidence
from tmescope.stats.designs import as_matrix, check_columns, complete_rows
from tmescope.stats.logistic_models import LikelihoodRatioTest, fit_logistic

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["OrdinalModel", "check_proportional_odds", "fit_ordinal"]

_MAX_STEPS = 80
_STEP_TOLERANCE = 1e-11
_SINGULAR = 1e14


@dataclass(frozen=True, kw_only=True)
class OrdinalModel:
    """Coefficients of a proportional-odds model with Wald's intervals.

    Parameters
    ----------
    n : int
        Samples without a missing value.
    levels : tuple of int
        Codes that occur, ascending; codes between them that do not occur have no say.
    counts : tuple of int
        Samples of each level.
    thresholds : array of float64, shape (levels - 1,)
        Log odds of lying at or below each level but the last where all covariates are zero.
    coefficients, std_errors, ci_low, ci_high, p_values : array of float64, shape (k,)
        Log odds ratio of a higher level per unit of each covariate, its standard error, limits (log scale) and
        two-sided Wald p.
    covariance : array of float64, shape (levels - 1 + k, levels - 1 + k)
        Of the estimates, thresholds first.
    log_likelihood : float
        At the maximum.
    method : str
        For the methods column of the answers.
    confidence : float
        Level of the intervals.
    reason : str
        ``empty``, ``one_class``, ``constant``, ``collinear``, ``too_few_samples``, ``separation``, ``not_converged``;
        empty otherwise.
    columns : tuple of int
        Constant or collinear columns, those that separate.
    """

    n: int
    levels: tuple[int, ...]
    counts: tuple[int, ...]
    thresholds: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    std_errors: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    p_values: NDArray[np.float64]
    covariance: NDArray[np.float64]
    log_likelihood: float
    method: str
    confidence: float
    reason: str = ""
    columns: tuple[int, ...] = ()


def fit_ordinal(x: ArrayLike, codes: ArrayLike, *, confidence: float = 0.95) -> OrdinalModel:
    """Fit ``logit P(level <= j) = threshold_j - x b`` by maximum likelihood.

    Parameters
    ----------
    x : array-like of float, shape (n, k)
        Covariates in any units, without an intercept. NaN is missing and drops the sample.
    codes : array-like, shape (n,)
        Whole numbers from 0 that rise with the order of the outcome; NaN or -1 is missing.
    confidence : float
        Level of the two-sided intervals.

    Returns
    -------
    OrdinalModel
        All numbers NaN, with `reason`, where the likelihood has no single maximum. With two levels the same as
        `fit_logistic`.

    Raises
    ------
    InputError
        If lengths differ, a value is infinite, a code is no whole number, or `confidence` is not in (0, 1).

    Notes
    -----
    Newton steps on standardised covariates with the exact second derivatives; the likelihood is concave. Steps that do
    not settle are looked into by a linear programme: a direction in which no sample's chance ever falls and some rise
    means that there is no maximum (``separation``). Cost O(n (levels + k)^2) a step.

    References
    ----------
    McCullagh, J R Stat Soc B 1980, doi:10.1111/j.2517-6161.1980.tb01109.x.
    """
    check_confidence(confidence)
    v, known = complete_rows(as_matrix(x, name="x"), as_codes(codes, name="codes"))
    levels, c = np.unique(known, return_inverse=True)
    reason, columns = _why_not(v, levels.size)
    n_cuts = max(levels.size - 1, 0)
    estimates = np.full(n_cuts + v.shape[1], np.nan)
    covariance = np.full((estimates.size, estimates.size), np.nan)
    level = float("nan")
    if not reason:
        spread, centre = v.std(axis=0, ddof=1), v.mean(axis=0)
        problem = _Problem.of((v - centre) / spread, c, n_cuts=n_cuts)
        estimates, covariance, level = problem.fit()
        if np.isnan(estimates).any():
            columns = problem.separating()
            reason = "separation" if problem.is_separated() else "not_converged"
        # theta - (x - m) / s b: the thresholds of the caller's units are higher by m / s b
        back = np.diag(np.concatenate([np.ones(n_cuts), 1.0 / spread]))
        back[:n_cuts, n_cuts:] = centre / spread
        estimates, covariance = back @ estimates, back @ covariance @ back.T
    std_errors = np.sqrt(np.diag(covariance))[n_cuts:]
    slopes = estimates[n_cuts:]
    half = float(stats.norm.ppf(0.5 + confidence / 2.0)) * std_errors
    return OrdinalModel(
        n=c.size,
        levels=tuple(int(i) for i in levels),
        counts=tuple(int(i) for i in np.bincount(c, minlength=levels.size)),
        thresholds=estimates[:n_cuts],
        coefficients=slopes,
        std_errors=std_errors,
        ci_low=slopes - half,
        ci_high=slopes + half,
        p_values=2.0 * stats.norm.sf(np.abs(slopes) / std_errors),
        covariance=covariance,
        log_likelihood=level,
        method="not estimated" if reason else "proportional-odds logistic regression; Wald interval and p",
        confidence=confidence,
        reason=reason,
        columns=columns,
    )


def check_proportional_odds(x: ArrayLike, codes: ArrayLike) -> LikelihoodRatioTest:
    """Test whether the odds ratios are the same at every cut of an ordered outcome (Brant).

    Parameters
    ----------
    x, codes : array-like
        As in `fit_ordinal`.

    Returns
    -------
    LikelihoodRatioTest
        Wald statistic of equal coefficients over the binary regressions of all cuts, with (levels - 2) k degrees of
        freedom; NaN with ``two_levels`` where there is one cut only, or with the reason (such as ``separation``) of a
        cut that has no estimate.

    Raises
    ------
    InputError
        As `fit_ordinal`.

    Notes
    -----
    The estimates of cuts j < l covary as ``(X' W_jj X)^-1 X' W_jl X (X' W_ll X)^-1`` with ``W_jl = P_l - P_j P_l``, P_j
    the fitted chance of lying above cut j. With few samples in a level the test rejects too often.

    References
    ----------
    Brant, Biometrics 1990, doi:10.2307/2532457.
    """
    v, known = complete_rows(as_matrix(x, name="x"), as_codes(codes, name="codes"))
    levels, c = np.unique(known, return_inverse=True)
    if levels.size < 3:
        return _untested("two_levels" if levels.size == 2 else "one_class" if levels.size else "empty")
    models = [fit_logistic(v, c > j) for j in range(levels.size - 1)]
    reason = next((m.reason for m in models if m.reason), "")
    if reason:
        return _untested(reason)
    spread = v.std(axis=0, ddof=1)
    z = np.column_stack([np.ones(c.size), (v - v.mean(axis=0)) / spread])
    above = [special.expit(m.intercept + v @ m.coefficients) for m in models]
    inverse = [np.linalg.inv(z.T @ (z * (p * (1.0 - p))[:, None])) for p in above]
    k, n_cuts = v.shape[1], len(models)
    slopes = np.concatenate([m.coefficients * spread for m in models])
    covariance = np.empty((k * n_cuts, k * n_cuts))
    for j in range(n_cuts):
        for m in range(j, n_cuts):
            both = z.T @ (z * (above[m] - above[j] * above[m])[:, None])
            block = (inverse[j] @ both @ inverse[m])[1:, 1:]
            covariance[j * k : (j + 1) * k, m * k : (m + 1) * k] = block
            covariance[m * k : (m + 1) * k, j * k : (j + 1) * k] = block.T
    contrast = np.hstack([np.tile(np.eye(k), (n_cuts - 1, 1)), -np.eye(k * (n_cuts - 1))])
    difference = contrast @ slopes
    try:
        statistic = float(difference @ np.linalg.solve(contrast @ covariance @ contrast.T, difference))
    except np.linalg.LinAlgError:
        return _untested("collinear")
    degrees = float(difference.size)
    return LikelihoodRatioTest(
        statistic=statistic, degrees_of_freedom=degrees, p_value=float(stats.chi2.sf(statistic, degrees))
    )


@dataclass(frozen=True)
class _Problem:
    """Upper and lower bound of each sample as linear functions of thresholds and slopes; absent ones are infinite."""

    upper: NDArray[np.float64]
    lower: NDArray[np.float64]
    has_upper: NDArray[np.bool_]
    has_lower: NDArray[np.bool_]
    n_cuts: int
    start: NDArray[np.float64]

    @classmethod
    def of(cls, z: NDArray[np.float64], c: NDArray[np.intp], *, n_cuts: int) -> _Problem:
        cut = np.eye(n_cuts + 1)[:, :n_cuts]
        has_upper, has_lower = c < n_cuts, c > 0
        upper = np.hstack([cut[c], -z]) * has_upper[:, None]
        lower = np.hstack([cut[np.maximum(c - 1, 0)], -z]) * has_lower[:, None]
        below = np.cumsum(np.bincount(c, minlength=n_cuts + 1))[:-1] / c.size
        start = np.concatenate([special.logit(below), np.zeros(z.shape[1])])
        return cls(upper, lower, has_upper, has_lower, n_cuts, start)

    def level(self, b: NDArray[np.float64]) -> float:
        """Return the log likelihood; minus infinity where thresholds are out of order."""
        if (np.diff(b[: self.n_cuts]) <= 0.0).any():
            return -np.inf
        high, low = self._bounds(b)
        return float((special.log_expit(high) + special.log_expit(-low) + np.log1p(-np.exp(low - high))).sum())

    def derivatives(self, b: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the score and the information."""
        high, low = self._bounds(b)
        gap = high - low
        with np.errstate(over="ignore"):
            share, both = 1.0 / np.expm1(gap), 0.25 / np.sinh(gap / 2.0) ** 2
        first, second = special.expit(-high) + share, -special.expit(low) - share
        score = self.upper.T @ first + self.lower.T @ second
        at_high = special.expit(high) * special.expit(-high) + both
        at_low = special.expit(low) * special.expit(-low) + both
        cross = self.upper.T @ (self.lower * both[:, None])
        information = (
            self.upper.T @ (self.upper * at_high[:, None])
            + self.lower.T @ (self.lower * at_low[:, None])
            - cross
            - cross.T
        )
        return score, information

    def fit(self) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Return estimates, covariance and log likelihood; NaN where the steps do not settle."""
        b, level = self.start, self.level(self.start)
        for _ in range(_MAX_STEPS):
            score, information = self.derivatives(b)
            if np.linalg.cond(information) > _SINGULAR:
                break
            step = np.linalg.solve(information, score)
            new = self.level(b + step)
            while new < level - 1e-9 * abs(level):
                step = step / 2.0
                new = self.level(b + step)
            b, level = b + step, new
            if np.abs(step).max() <= _STEP_TOLERANCE * (1.0 + np.abs(b).max()):
                return b, np.asarray(np.linalg.inv(self.derivatives(b)[1]), dtype=np.float64), level
        return np.full(b.size, np.nan), np.full((b.size, b.size), np.nan), float("nan")

    def separating(self) -> tuple[int, ...]:
        """Return the covariates of a direction in which no chance falls and some rise."""
        return tuple(int(i) for i in np.flatnonzero(np.abs(self._direction()[self.n_cuts :]) > 1e-9))

    def is_separated(self) -> bool:
        """Return whether such a direction exists."""
        return bool(np.abs(self._direction()).max() > 0.0)

    def _direction(self) -> NDArray[np.float64]:
        rises = np.vstack([self.upper[self.has_upper], -self.lower[self.has_lower]])
        found = optimize.linprog(
            -rises.sum(axis=0), A_ub=-rises, b_ub=np.zeros(len(rises)), bounds=(-1.0, 1.0), method="highs-ds"
        )
        if found.x is None or -found.fun <= 1e-7:
            return np.zeros(self.start.size)
        return np.asarray(found.x)

    def _bounds(self, b: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        high = np.where(self.has_upper, self.upper @ b, np.inf)
        return high, np.where(self.has_lower, self.lower @ b, -np.inf)


def _why_not(x: NDArray[np.float64], n_levels: int) -> tuple[str, tuple[int, ...]]:
    if n_levels < 2:
        return ("one_class" if n_levels else "empty"), ()
    check = check_columns(x)
    if check.constant:
        return "constant", check.constant
    if len(x) <= x.shape[1] + n_levels - 1:
        return "too_few_samples", ()
    return check.reason, check.collinear


def _untested(reason: str) -> LikelihoodRatioTest:
    nan = float("nan")
    return LikelihoodRatioTest(statistic=nan, degrees_of_freedom=nan, p_value=nan, reason=reason)
