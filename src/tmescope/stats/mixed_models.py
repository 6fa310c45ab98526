"""Values measured more than once in a patient: linear models with a random intercept per patient."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, stats

from tmescope.stats.arguments import as_codes, as_vector, check_confidence
from tmescope.stats.designs import as_matrix, check_columns, complete_rows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["MixedModel", "fit_random_intercepts"]

_LARGEST_RATIO = 1e8


@dataclass(frozen=True, kw_only=True)
class MixedModel:
    """Fixed effects of a model with random intercepts (restricted maximum likelihood).

    Parameters
    ----------
    n, n_patients, n_repeated : int
        Values without a missing covariate, the patients they come from, and the patients with two or more.
    intercept : float
        Mean where all covariates are zero.
    coefficients, std_errors, ci_low, ci_high, p_values : array of float64, shape (k,)
        Change per unit of each covariate, standard error, limits, two-sided p.
    degrees_of_freedom : array of float64, shape (k,)
        Of the t distribution of each: Satterthwaite's approximation.
    within_variance, between_variance : float
        Of values within a patient, and of patients' intercepts (zero where the best estimate lies there).
    restricted_log_likelihood : float
        At its maximum.
    method : str
        For the methods column of the answers.
    confidence : float
        Level of the intervals.
    reason : str
        ``empty``, ``constant``, ``collinear``, ``no_repeats`` (no patient has two values), ``too_few_samples``,
        ``no_variance``; empty otherwise.
    """

    n: int
    n_patients: int
    n_repeated: int
    intercept: float
    coefficients: NDArray[np.float64]
    std_errors: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    p_values: NDArray[np.float64]
    degrees_of_freedom: NDArray[np.float64]
    within_variance: float
    between_variance: float
    restricted_log_likelihood: float
    method: str
    confidence: float
    reason: str = ""


@dataclass(frozen=True)
class _Problem:
    y: NDArray[np.float64]
    x: NDArray[np.float64]
    patient: NDArray[np.intp]
    sizes: NDArray[np.float64]

    @cached_property
    def totals(self) -> NDArray[np.float64]:
        """Return each patient's sums of the columns of X."""
        return self._products[1][:, :-1]

    @cached_property
    def _products(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the products of the columns of X and y, and each patient's sums of them: no ratio changes them."""
        both = np.column_stack([self.x, self.y])
        sums = [np.bincount(self.patient, weights=column, minlength=self.sizes.size) for column in both.T]
        return both.T @ both, np.column_stack(sums)

    def sums(self, ratio: float) -> tuple[NDArray[np.float64], NDArray[np.float64], float, float]:
        """Return X'MX, X'My, y'My and log |V / s2| where V / s2 = I + ratio Z Z' and M is its inverse."""
        shrink = ratio / (1.0 + self.sizes * ratio)
        products, totals = self._products
        all_ = products - totals.T @ (totals * shrink[:, None])
        return all_[:-1, :-1], all_[:-1, -1], float(all_[-1, -1]), float(np.log1p(self.sizes * ratio).sum())

    def solve(self, ratio: float) -> tuple[NDArray[np.float64], NDArray[np.float64], float, float]:
        """Return slopes, inverse of X'MX, s2 and the profile restricted log likelihood."""
        normal, right, squares, log_det = self.sums(ratio)
        inverse = np.asarray(np.linalg.inv(normal), dtype=np.float64)
        slopes = inverse @ right
        df = self.y.size - slopes.size
        s2 = max((squares - float(right @ slopes)) / df, 0.0)
        if s2 <= 0.0:
            return slopes, inverse, s2, float("inf")
        level = -0.5 * (df * (np.log(2.0 * np.pi * s2) + 1.0) + log_det + np.linalg.slogdet(normal)[1])
        return slopes, inverse, s2, float(level)

    def levels(self, ratios: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the profile restricted log likelihood of many ratios at once, as `solve` gives it of one."""
        products, totals = self._products
        columns = products.shape[0]
        shares = ratios[:, None] / (1.0 + self.sizes * ratios[:, None])
        squares_of_sums = (totals[:, :, None] * totals[:, None, :]).reshape(self.sizes.size, -1)
        all_ = products - (shares @ squares_of_sums).reshape(-1, columns, columns)
        normal, right = all_[:, :-1, :-1], all_[:, :-1, -1]
        slopes = np.linalg.solve(normal, right[:, :, None])[:, :, 0]
        df = self.y.size - columns + 1
        s2 = np.maximum((all_[:, -1, -1] - (right * slopes).sum(axis=1)) / df, 0.0)
        log_det = np.log1p(self.sizes * ratios[:, None]).sum(axis=1) + np.linalg.slogdet(normal)[1]
        with np.errstate(divide="ignore"):
            return np.asarray(-0.5 * (df * (np.log(2.0 * np.pi * s2) + 1.0) + log_det), dtype=np.float64)

    def best_ratio(self) -> float:
        """Return the ratio of variances with the highest profile restricted likelihood."""
        grid = np.concatenate([[0.0], np.exp(np.linspace(-12.0, np.log(_LARGEST_RATIO), 60))])
        at = int(np.argmax(self.levels(grid)))
        if at == 0 and self._slope(1e-9) <= 0.0:
            return 0.0
        low, high = grid[max(at - 1, 0)], grid[min(at + 1, grid.size - 1)]
        if self._slope(low) <= 0.0 or self._slope(high) >= 0.0:
            return float(grid[at])
        return float(optimize.brentq(self._slope, low, high, xtol=1e-15, rtol=1e-13))

    def _slope(self, ratio: float) -> float:
        """Return the derivative of the profile restricted likelihood by the ratio."""
        slopes, inverse, s2, _ = self.solve(ratio)
        residual = self.y - self.x @ slopes
        totals = np.bincount(self.patient, weights=residual, minlength=self.sizes.size)
        scale = 1.0 / (1.0 + self.sizes * ratio)
        sums = self.totals
        lost = float((self.sizes * scale).sum())
        lost -= float(np.einsum("gi,ij,gj,g->", sums, inverse, sums, scale**2))
        return 0.5 * (float(((totals * scale) ** 2).sum()) / s2 - lost)


def fit_random_intercepts(
    values: ArrayLike, x: ArrayLike, patient: ArrayLike, *, confidence: float = 0.95
) -> MixedModel:
    """Fit ``value = a + x b + patient + error`` by restricted maximum likelihood.

    For pre/on samples: `x` is 1 on treatment, and for interaction with response also response and their product.
    Patients with one sample help to estimate the means; those with both tell the change within a patient.

    Parameters
    ----------
    values : array-like of float, shape (n,)
        Any unit; NaN is missing.
    x : array-like of float, shape (n, k)
        Covariates without an intercept; NaN leaves the value out.
    patient : array-like, shape (n,)
        Whole numbers from 0, one per patient.
    confidence : float
        Level of the two-sided intervals.

    Returns
    -------
    MixedModel

    Raises
    ------
    InputError
        If lengths differ, a value is infinite, or `confidence` is not in (0, 1).

    Notes
    -----
    One variance ratio is searched along the profile of the restricted likelihood, to the root of its derivative; slopes
    and the variance within patients follow in closed form. Degrees of freedom are Satterthwaite's, from the curvature
    of the restricted likelihood (the residual ones where the ratio is zero). With complete pairs and treatment as the
    only covariate, estimate, standard error and p are those of the paired t test wherever patients differ more than by
    chance. Cost O(n k^2) an evaluation, about 100.

    References
    ----------
    Laird and Ware, Biometrics 1982, doi:10.2307/2529876. Giesbrecht and Burns, Biometrics 1985, doi:10.2307/2530872.
    """
    check_confidence(confidence)
    v, y, codes = complete_rows(
        as_matrix(x, name="x"), as_vector(values, name="values"), as_codes(patient, name="patient")
    )
    patients, which, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    reason = _why_not(v, y, sizes)
    k = v.shape[1]
    slopes, errors, df = (np.full(k + 1, np.nan) for _ in range(3))
    within = between = level = float("nan")
    if not reason:
        centre, spread = v.mean(axis=0), v.std(axis=0)
        unit = float(y.std()) or 1.0
        z = np.column_stack([np.ones(y.size), (v - centre) / spread])
        problem = _Problem((y - y.mean()) / unit, z, which, sizes.astype(np.float64))
        ratio = problem.best_ratio()
        there, inverse, s2, level = problem.solve(ratio)
        back = np.diag(np.concatenate([[1.0], 1.0 / spread]))
        back[0, 1:] = -centre / spread
        slopes = unit * (back @ there)
        slopes[0] += y.mean()
        errors = unit * np.sqrt(np.diag(back @ inverse @ back.T) * s2)
        df = np.array([_satterthwaite(problem, ratio, row) for row in back])
        within, between = s2 * unit**2, ratio * s2 * unit**2
        level -= (y.size - k - 1) * float(np.log(unit)) + float(np.log(spread).sum())
    half = stats.t.ppf(0.5 + confidence / 2.0, df) * errors
    p_values = 2.0 * stats.t.sf(np.abs(slopes / errors), df)
    return MixedModel(
        n=y.size,
        n_patients=patients.size,
        n_repeated=int((sizes > 1).sum()),
        intercept=float(slopes[0]),
        coefficients=slopes[1:],
        std_errors=errors[1:],
        ci_low=(slopes - half)[1:],
        ci_high=(slopes + half)[1:],
        p_values=p_values[1:],
        degrees_of_freedom=df[1:],
        within_variance=within,
        between_variance=between,
        restricted_log_likelihood=level,
        method="not estimated"
        if reason
        else "mixed model, random intercept per patient, REML; t with Satterthwaite's degrees of freedom",
        confidence=confidence,
        reason=reason,
    )


def _why_not(x: NDArray[np.float64], y: NDArray[np.float64], sizes: NDArray[np.intp]) -> str:
    if y.size == 0:
        return "empty"
    check = check_columns(x)
    if check.reason:
        return check.reason
    if y.size <= x.shape[1] + 2:
        return "too_few_samples"
    if sizes.max() < 2:
        return "no_repeats"
    z = np.column_stack([np.ones(y.size), x])
    rest = y - z @ np.linalg.lstsq(z, y, rcond=None)[0]
    return "no_variance" if float(np.abs(rest).max()) <= 1e-10 * max(float(np.abs(y).max()), 1e-300) else ""


def _satterthwaite(problem: _Problem, ratio: float, row: NDArray[np.float64]) -> float:
    """Return 2 var^2 / (g' A g): A the covariance of the variances, g the gradient of the contrast's variance."""
    _, inverse, s2, _ = problem.solve(ratio)
    residual_df = float(problem.y.size - row.size)
    if ratio == 0.0:
        return residual_df
    sums = problem.totals
    scale = 1.0 / (1.0 + problem.sizes * ratio)
    # P = M - M X inverse X' M in units of s2; traces of P P, P ZZ', and (P ZZ')^2 by patients
    cross = (sums * scale[:, None]) @ inverse @ (sums * scale[:, None]).T
    inner = np.diag(problem.sizes * scale) - cross  # Z' P Z
    both = float((inner**2).sum())
    n, ratio_ = residual_df, ratio
    # V = s2 I + t ZZ'; P V P = P gives tr(PP) and tr(P P ZZ') from those of P ZZ'
    one = float(np.trace(inner))
    mixed = one - ratio_ * both
    plain = n - 2.0 * ratio_ * one + ratio_**2 * both
    information = 0.5 * np.array([[plain, mixed], [mixed, both]]) / s2**2
    gain = row @ inverse @ (sums * scale[:, None]).T
    weights = row @ inverse @ row
    # variance of the contrast: s2 c; its derivatives by s2 and by t at fixed V
    by_t = float(gain @ gain)
    by_s = float(weights) - ratio_ * by_t
    gradient = np.array([by_s, by_t])
    try:
        spread = float(gradient @ np.linalg.solve(information, gradient))
    except np.linalg.LinAlgError:
        return residual_df
    return float(2.0 * (s2 * weights) ** 2 / spread)
