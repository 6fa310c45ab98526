"""Observed against expected counts of very many cells, shrunk by what all show: whose ratio is surely high."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Vector = NDArray[np.float64]

__all__ = ["GammaMixture", "ShrunkRatios", "fit_gamma_mixture", "shrink_ratios"]

_START = ((0.2, 0.1, 2.0, 4.0, 1.0 / 3.0), (0.5, 0.5, 4.0, 4.0, 0.2), (2.0, 4.0, 10.0, 10.0, 0.05))
"""Shape and rate of both parts, and the share of the first; the first start is that of the paper."""
_LIMIT = 12.0
_HALVINGS = 80


@dataclass(frozen=True, kw_only=True)
class GammaMixture:
    """Prior of the ratio of observed to expected: two gamma distributions.

    Parameters
    ----------
    shape_1, rate_1, shape_2, rate_2 : float
        Of the two gamma distributions; their means are shape over rate.
    share : float
        Of the first.
    log_likelihood : float
        Of the counts from which it was estimated; NaN where it was given.
    converged : bool
    """

    shape_1: float
    rate_1: float
    shape_2: float
    rate_2: float
    share: float
    log_likelihood: float = float("nan")
    converged: bool = True


@dataclass(frozen=True, kw_only=True)
class ShrunkRatios:
    """Posterior of the ratio of observed to expected of n cells.

    Parameters
    ----------
    ratio : array of float, shape (n,)
        Exponential of the posterior mean of the logarithm (EBGM in the paper).
    ratio_low, ratio_high : array of float, shape (n,)
        Posterior quantiles at 5% and 95% (EB05 and EB95).
    first : array of float, shape (n,)
        Chance that the cell is of the first part of the prior.
    """

    ratio: Vector
    ratio_low: Vector
    ratio_high: Vector
    first: Vector


def fit_gamma_mixture(observed: ArrayLike, expected: ArrayLike, *, least: int = 1) -> GammaMixture:
    """Estimate the prior of the ratios of observed to expected from the cells that were observed.

    Parameters
    ----------
    observed : array-like of int, shape (n,)
        Counts of the cells; those below `least` are left out.
    expected : array-like of float, shape (n,)
        Counts that would be expected if nothing went together; above zero.
    least : int
        Cells with fewer counts are unknown (most pairs are never seen, and are not listed): the likelihood is that of
        counts that are at least this. Zero where all cells are given.

    Returns
    -------
    GammaMixture
        ``converged`` is False where the likelihood has no maximum within bounds; the best that was found is returned.

    Raises
    ------
    InputError
        If a count is no whole number, an expectation is not above zero, or fewer than ten cells are left.

    Notes
    -----
    Given the ratio the count is Poisson, so that it is a mixture of two negative binomials, truncated below `least`.
    The likelihood is climbed on the logarithms of shapes and rates and on the logit of the share, from three starts.

    References
    ----------
    DuMouchel, American Statistician 1999, doi:10.1080/00031305.1999.10474456. DuMouchel and Pregibon, KDD 2001,
    doi:10.1145/502512.502526.
    """
    n, e = _checked(observed, expected)
    n, e = n[n >= least], e[n >= least]
    if n.size < 10:
        raise InputError(
            f"{n.size} cells have {least} counts or more", where="argument observed", expected="at least ten cells"
        )
    problem = _Problem(n, e, least)
    bounds = [(-_LIMIT, _LIMIT)] * 4 + [(-_LIMIT, _LIMIT)]
    tried = [optimize.minimize(problem.loss, _packed(s), jac=True, method="L-BFGS-B", bounds=bounds) for s in _START]
    best = min(tried, key=lambda found: float(found.fun))
    shapes = np.exp(best.x[:4])
    at_bound = bool((np.abs(best.x[:4]) > _LIMIT - 1e-6).any())
    return GammaMixture(
        shape_1=float(shapes[0]),
        rate_1=float(shapes[1]),
        shape_2=float(shapes[2]),
        rate_2=float(shapes[3]),
        share=float(special.expit(best.x[4])),
        log_likelihood=-float(best.fun),
        converged=bool(best.success) and not at_bound,
    )


def shrink_ratios(observed: ArrayLike, expected: ArrayLike, prior: GammaMixture) -> ShrunkRatios:
    """Shrink the ratios of observed to expected counts by a prior.

    Parameters
    ----------
    observed, expected : array-like, shape (n,)
        As for `fit_gamma_mixture`; zero counts are allowed.
    prior : GammaMixture

    Returns
    -------
    ShrunkRatios

    Raises
    ------
    InputError
        If a count is no whole number or an expectation is not above zero.

    Notes
    -----
    The posterior is a mixture of ``Gamma(shape + n, rate + E)``. Quantiles are found by halving.
    """
    n, e = _checked(observed, expected)
    parts = ((prior.share, prior.shape_1, prior.rate_1), (1.0 - prior.share, prior.shape_2, prior.rate_2))
    with np.errstate(divide="ignore"):
        logs = [np.log(share) + _log_marginal(n, e, shape, rate=rate) for share, shape, rate in parts]
    first = special.expit(logs[0] - logs[1])
    means = [special.digamma(shape + n) - np.log(rate + e) for _, shape, rate in parts]
    low, high = (_quantile(level, n, e, parts=parts, first=first) for level in (0.05, 0.95))
    ratio = np.exp(first * means[0] + (1.0 - first) * means[1])
    return ShrunkRatios(ratio=ratio, ratio_low=low, ratio_high=high, first=first)


class _Problem:
    """Loss and gradient of a prior, on the logarithms of shapes and rates and the logit of the share."""

    def __init__(self, n: Vector, e: Vector, least: int) -> None:
        self.n, self.e, self.least = n, e, least
        # counts are few distinct numbers: what depends on them alone is looked up
        self.distinct, self.place = np.unique(n, return_inverse=True)
        self.constant = special.gammaln(self.distinct + 1.0)

    def loss(self, theta: Vector) -> tuple[float, Vector]:
        """Return minus the log-likelihood of counts that are at least `least`, and its gradient."""
        shares = np.array([special.expit(theta[4]), special.expit(-theta[4])])
        sizes = np.exp(theta[:4]).reshape(2, 2)
        seen = [self._part(shape, rate) for shape, rate in sizes]
        unseen = [self._hidden(shape, rate) for shape, rate in sizes]
        logs = np.array([np.log(share) + part[0] for share, part in zip(shares, seen, strict=True)])
        whole = np.logaddexp(logs[0], logs[1])
        own = np.exp(logs - whole)
        left = np.maximum(1.0 - shares @ [u[0] for u in unseen], 1e-300)
        gradient = np.empty(5)
        for k in range(2):
            for j in range(2):
                slope = own[k] * seen[k][1 + j] + shares[k] * unseen[k][1 + j] / left
                gradient[2 * k + j] = sizes[k, j] * float(slope.sum())
        tilt = own[0] - shares[0] + shares[0] * shares[1] * (unseen[0][0] - unseen[1][0]) / left
        gradient[4] = float(tilt.sum())
        return -float((whole - np.log(left)).sum()), -gradient

    def _part(self, shape: float, rate: float) -> tuple[Vector, Vector, Vector]:
        """Return the log-probability of each count, and its slopes along shape and rate."""
        base, ahead = np.log1p(self.e / rate), np.log1p(rate / self.e)
        looked_up = special.gammaln(shape + self.distinct) - special.gammaln(shape) - self.constant
        turned = special.digamma(shape + self.distinct) - special.digamma(shape)
        value = looked_up[self.place] - shape * base - self.n * ahead
        along_rate = (shape * self.e / rate - self.n) / (rate + self.e)
        return value, turned[self.place] - base, along_rate

    def _hidden(self, shape: float, rate: float) -> tuple[Vector, Vector, Vector]:
        """Return the chance of a count that nobody lists, and its slopes along shape and rate."""
        total = [np.zeros(self.n.size) for _ in range(3)]
        base = np.log1p(self.e / rate)
        for k in range(self.least):
            chance = np.exp(_log_marginal(np.full(self.n.size, float(k)), self.e, shape, rate=rate))
            total[0] += chance
            total[1] += chance * (special.digamma(shape + k) - special.digamma(shape) - base)
            total[2] += chance * (shape * self.e / rate - k) / (rate + self.e)
        return total[0], total[1], total[2]


def _packed(start: tuple[float, ...]) -> Vector:
    return np.array([*np.log(start[:4]), special.logit(start[4])])


def _checked(observed: ArrayLike, expected: ArrayLike) -> tuple[Vector, Vector]:
    n, e = as_vector(observed, name="observed"), as_vector(expected, name="expected")
    bad = int((~((n >= 0.0) & (n == np.floor(n)))).sum()) if n.size == e.size else 0
    if n.size != e.size or bad or not (e > 0.0).all():
        raise InputError(
            f"there are {n.size} counts ({bad} of them no whole numbers from zero) and {e.size} expectations "
            f"({int((~(e > 0.0)).sum())} of them not above zero)",
            expected="one count and one expectation above zero for each cell",
        )
    return n, e


def _log_marginal(n: Vector, e: Vector, shape: float, *, rate: float) -> Vector:
    """Return the log-probability of counts whose ratio is gamma distributed."""
    return np.asarray(
        special.gammaln(shape + n)
        - special.gammaln(shape)
        - special.gammaln(n + 1.0)
        - shape * np.log1p(e / rate)
        - n * np.log1p(rate / e)
    )


def _quantile(
    level: float, n: Vector, e: Vector, *, parts: tuple[tuple[float, float, float], ...], first: Vector
) -> Vector:
    """Return where the posterior has a share of its mass below: between the quantiles of its two parts."""
    found = np.array([special.gammaincinv(shape + n, level) / (rate + e) for _, shape, rate in parts])
    low, high = found.min(axis=0), found.max(axis=0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        below = [special.gammainc(shape + n, middle * (rate + e)) for _, shape, rate in parts]
        too_low = first * below[0] + (1.0 - first) * below[1] < level
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
        if (high - low <= 1e-13 * high).all():
            break
    return np.asarray((low + high) / 2.0)
