"""Effects that were estimated with very different precision, drawn towards zero by what all of them show together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Matrix = NDArray[np.float64]

__all__ = ["ShrunkEffects", "shrink_effects"]

_NULL_PRIOR = 10.0
_ROUNDS = 500
_TOLERANCE = 1e-6
_HALVINGS = 50
_MOST_EFFECTS = 5000
"""Effects from which the prior is estimated; of more, evenly spread ones are taken."""


@dataclass(frozen=True, kw_only=True)
class ShrunkEffects:
    """Posterior of n effects.

    Parameters
    ----------
    mean, std_dev : array of float, shape (n,)
        Posterior mean and standard deviation; NaN where the effect or its error is.
    lower_bound : array of float, shape (n,)
        Quantile of the posterior at `level`: with a chance of ``1 - level`` the effect is at least that. Zero where the
        posterior has so much of its mass at zero that the quantile lies in it.
    false_sign : array of float, shape (n,)
        Chance that the effect is not of the sign of its estimate (local false sign rate).
    prior_sd, prior_share : array of float, shape (k,)
        Components of the prior, normal around zero; the first is zero itself.
    level : float
    """

    mean: Matrix
    std_dev: Matrix
    lower_bound: Matrix
    false_sign: Matrix
    prior_sd: Matrix
    prior_share: Matrix
    level: float


def shrink_effects(effect: ArrayLike, std_error: ArrayLike, *, level: float = 0.05) -> ShrunkEffects:
    """Shrink many effects to zero by a prior that is estimated from all of them.

    Parameters
    ----------
    effect, std_error : array-like of float, shape (n,)
        Estimates and their standard errors, in one unit. NaN is an effect that could not be estimated.
    level : float
        Of the lower bound.

    Returns
    -------
    ShrunkEffects

    Raises
    ------
    InputError
        If lengths differ, an error is not above zero, or `level` is not between 0 and 1.

    Notes
    -----
    The prior is a mixture of a point at zero and of normal distributions around zero whose standard deviations are a
    grid with ratio sqrt 2 from a tenth of the least error to twice the largest effect beyond its error. Its shares are
    those of greatest likelihood, by expectation and maximisation in accelerated steps (Varadhan and Roland), with a
    Dirichlet prior that counts nine further effects of zero. Given the shares the posterior of each effect is a
    mixture, and everything follows in closed form but the bound, which is found by halving. Of more than 5,000 effects
    evenly spread ones estimate the shares.

    References
    ----------
    Stephens, Biostatistics 2017, doi:10.1093/biostatistics/kxw041. Varadhan and Roland, Scandinavian Journal of
    Statistics 2008, doi:10.1111/j.1467-9469.2007.00585.x.
    """
    b, se = _checked(effect, std_error, level)
    known = ~(np.isnan(b) | np.isnan(se))
    if not known.any():
        nothing = np.full(b.size, np.nan)
        return ShrunkEffects(
            mean=nothing, std_dev=nothing, lower_bound=nothing, false_sign=nothing, prior_sd=np.zeros(1),
            prior_share=np.ones(1), level=level,
        )  # fmt: skip
    b, se = b[known], se[known]
    scales = _grid(b, se)
    taken = np.unique(np.linspace(0, b.size - 1, min(b.size, _MOST_EFFECTS)).astype(np.int64))
    shares = _shares(b[taken], se[taken], scales)
    weight, centre, spread = _posterior(b, se, scales, shares=shares)
    mean = (weight * centre).sum(axis=1)
    variance = (weight * (spread**2 + centre**2)).sum(axis=1) - mean**2
    below = _below(np.zeros((b.size, 1)), weight, centre, spread=spread)
    other_sign = np.where(mean >= 0.0, below + weight[:, 0], 1.0 - below)
    bound = _quantile(level, weight, centre, spread=spread)
    return ShrunkEffects(
        mean=_spread(mean, known),
        std_dev=_spread(np.sqrt(np.maximum(variance, 0.0)), known),
        lower_bound=_spread(bound, known),
        false_sign=_spread(np.clip(other_sign, 0.0, 1.0), known),
        prior_sd=scales,
        prior_share=shares,
        level=level,
    )


def _checked(effect: ArrayLike, std_error: ArrayLike, level: float) -> tuple[Matrix, Matrix]:
    b, se = as_vector(effect, name="effect"), as_vector(std_error, name="std_error")
    if b.size != se.size or (se <= 0.0).any():
        raise InputError(
            f"there are {b.size} effects and {se.size} errors, {int((se <= 0.0).sum())} of them not above zero",
            expected="one standard error above zero for each effect",
        )
    if not 0.0 < level < 1.0:
        raise InputError(f"the level is {level!r}", where="argument level", expected="a number between 0 and 1")
    return b, se


def _grid(b: Matrix, se: Matrix) -> Matrix:
    low = se.min() / 10.0
    beyond = float((b**2 - se**2).max())
    high = 2.0 * np.sqrt(beyond) if beyond > 0.0 else 8.0 * low
    n = int(np.ceil(np.log2(max(high / low, 2.0)) * 2.0))
    return np.concatenate([[0.0], low * np.sqrt(2.0) ** np.arange(n + 1)])


def _shares(b: Matrix, se: Matrix, scales: Matrix) -> Matrix:
    """Return the shares of the components of greatest penalised likelihood."""
    sd = np.sqrt(se[:, None] ** 2 + scales[None, :] ** 2)
    logs = -0.5 * (b[:, None] / sd) ** 2 - np.log(sd)
    density = np.exp(logs - logs.max(axis=1, keepdims=True))
    prior = np.zeros(scales.size)
    prior[0] = _NULL_PRIOR - 1.0

    def step(shares: Matrix) -> tuple[Matrix, float]:
        """Return better shares, and how likely the given ones are."""
        likelihood = density @ shares
        new = shares * (density.T @ (1.0 / likelihood)) + prior
        height = float(np.log(likelihood).sum()) + prior[0] * float(np.log(max(shares[0], 1e-300)))
        return new / new.sum(), height

    shares = np.full(scales.size, 1.0 / scales.size)
    for _ in range(_ROUNDS):
        first, _ = step(shares)
        second, reached = step(first)
        moved = first - shares
        bent = second - first - moved
        length = float(np.linalg.norm(bent))
        reach = max(float(np.linalg.norm(moved)) / length, 1.0) if length > 0.0 else 1.0
        # as far along the curve as it is long, if that is no worse
        ahead = np.maximum(shares + 2.0 * reach * moved + reach**2 * bent, 0.0)
        new, height = step(ahead / ahead.sum())
        new = new if height >= reached else second
        change = float(np.abs(new - shares).max())
        shares = new
        if change < _TOLERANCE:
            break
    return shares


def _posterior(b: Matrix, se: Matrix, scales: Matrix, *, shares: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Return weight, mean and standard deviation of each component for each effect."""
    kept = shares > 1e-9
    kept[0] = True
    prior, own = scales[None, kept] ** 2, se[:, None] ** 2
    sd = np.sqrt(own + prior)
    with np.errstate(divide="ignore"):
        logs = np.log(shares[kept])[None, :] - 0.5 * (b[:, None] / sd) ** 2 - np.log(sd)
    weight = np.exp(logs - logs.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    pull = prior / (own + prior)
    return weight, pull * b[:, None], np.sqrt(pull * own)


def _below(at: Matrix, weight: Matrix, centre: Matrix, *, spread: Matrix) -> Matrix:
    """Return the chance of an effect below a value, without the point at zero."""
    return np.asarray((weight[:, 1:] * special.ndtr((at - centre[:, 1:]) / spread[:, 1:])).sum(axis=1))


def _quantile(level: float, weight: Matrix, centre: Matrix, *, spread: Matrix) -> Matrix:
    if weight.shape[1] == 1:
        return np.zeros(len(weight))
    reach = 12.0 * spread.max(axis=1)
    low, high = centre.min(axis=1) - reach, centre.max(axis=1) + reach
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        chance = _below(middle[:, None], weight, centre, spread=spread) + weight[:, 0] * (middle >= 0.0)
        low, high = np.where(chance < level, middle, low), np.where(chance < level, high, middle)
    at_zero = _below(np.zeros((len(weight), 1)), weight, centre, spread=spread)
    is_zero = (at_zero <= level) & (at_zero + weight[:, 0] >= level)
    return np.where(is_zero, 0.0, (low + high) / 2.0)


def _spread(values: Matrix, known: NDArray[np.bool_]) -> Matrix:
    out = np.full(known.size, np.nan)
    out[known] = values
    return out
