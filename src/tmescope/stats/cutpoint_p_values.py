"""What a p-value has to pay for a cut that was looked for: four corrections of a maximally selected statistic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["exact_gauss", "lausen_1992", "lausen_1994", "permuted"]

_MOST_CUTS = 3000
_ROUNDING = 1e-9
_CHUNK = 1 << 20


def lausen_1992(statistic: float, *, min_prop: float, max_prop: float) -> float:
    """Return the p-value of a maximum from the limiting process (conservative; for many patients).

    Parameters
    ----------
    statistic : float
        Maximum of the absolute standardised statistics.
    min_prop, max_prop : float
        Shares of the patients between which the cut was looked for.

    Notes
    -----
    ``4 f(b) / b + f(b) (b - 1/b) log(max (1 - min) / ((1 - max) min))`` with the normal density f; 1 below b = 1, where
    the formula does not hold, and never above 1.

    References
    ----------
    Lausen and Schumacher, Biometrics 1992, 48:73-85. Miller and Siegmund, Biometrics 1982, 38:1011-1016.
    """
    if not statistic >= 1.0:
        return 1.0 if statistic < 1.0 else float("nan")
    density = float(np.exp(-(statistic**2) / 2.0) / np.sqrt(2.0 * np.pi))
    width = np.log(max_prop * (1.0 - min_prop) / ((1.0 - max_prop) * min_prop))
    p = 4.0 * density / statistic + density * (statistic - 1.0 / statistic) * width
    return float(min(max(p, 0.0), 1.0))


def lausen_1994(statistic: float, n_low: NDArray[np.int64], n: int) -> float:
    """Return the p-value of a maximum over the cuts that there are (improved Bonferroni; conservative).

    Parameters
    ----------
    statistic : float
        Maximum of the absolute standardised statistics.
    n_low : array of int, shape (k,)
        Size of the lower group at each cut that was tried, increasing.
    n : int
        Patients.

    Notes
    -----
    ``2 (1 - F(b)) + sum exp(-b^2 / 2) / pi (t - (b^2 / 4 - 1) t^3 / 6)`` over neighbouring cuts, ``t^2 = 1 - r^2``
    with r their correlation. A bound on a probability, clipped to [0, 1].

    References
    ----------
    Lausen, Sauerbrei and Schumacher 1994, in Dirschedl and Ostermann (eds), Computational Statistics, 483-496.
    """
    if np.isnan(statistic):
        return float("nan")
    distance = np.sqrt(1.0 - _correlations(n_low, n) ** 2)
    square = statistic**2
    steps = (distance - (square / 4.0 - 1.0) * distance**3 / 6.0) * np.exp(-square / 2.0) / np.pi
    return float(min(max(2.0 * float(special.ndtr(-statistic)) + float(steps.sum()), 0.0), 1.0))


def exact_gauss(statistic: float, n_low: NDArray[np.int64], n: int) -> float:
    """Return the p-value of a maximum of normal statistics with the correlation that the cuts have.

    Parameters
    ----------
    statistic, n_low, n
        As for `lausen_1994`.

    Returns
    -------
    float
        NaN above 3,000 cuts, where it would cost minutes and `lausen_1992` is as good.

    Notes
    -----
    Neighbouring statistics have the correlation ``r^2 = m1 (n - m2) / ((n - m1) m2)``, and given the one between them
    two others are independent: a Markov chain. So the multivariate normal probability that all stay within the
    maximum is a product of one-dimensional integrals, done one after the other by Gauss and Legendre's rule on
    half the range (densities are symmetric), with nodes closer than the narrowest step needs. It has no random
    part; against many more nodes it agrees to 1e-10. Cost: cuts x nodes^2.

    References
    ----------
    Hothorn and Lausen, Computational Statistics & Data Analysis 2003, doi:10.1016/S0167-9473(02)00225-6. The recursion
    over one-dimensional integrals is the one known from group-sequential tests.
    """
    if np.isnan(statistic) or n_low.size > _MOST_CUTS:
        return float("nan")
    if statistic <= 0.0:
        return 1.0
    correlations = _correlations(n_low, n)
    spreads = np.sqrt(1.0 - correlations**2)
    n_nodes = 16 + int(2.0 * statistic / spreads.min(initial=1.0))
    unit, weights = np.polynomial.legendre.leggauss(n_nodes)
    nodes, weights = (unit + 1.0) * statistic / 2.0, weights * statistic / 2.0
    density = 2.0 * np.exp(-(nodes**2) / 2.0)
    for r, s in zip(correlations, spreads, strict=True):
        moved = r * nodes
        kernel = np.exp(-(((nodes[:, None] - moved) / s) ** 2) / 2.0)
        kernel += np.exp(-(((nodes[:, None] + moved) / s) ** 2) / 2.0)
        density = kernel @ (weights * density) / (s * np.sqrt(2.0 * np.pi))
    inside = float((weights * density).sum()) / np.sqrt(2.0 * np.pi)
    return float(min(max(1.0 - inside, 0.0), 1.0))


def permuted(
    statistic: float,
    scores: NDArray[np.float64],
    weights: NDArray[np.float64],
    *,
    n_permutations: int,
    rng: np.random.Generator,
) -> float:
    """Return the share of random orders of the patients whose maximum is at least as large.

    Parameters
    ----------
    statistic : float
        Maximum of the absolute standardised statistics.
    scores : array of float, shape (n,)
        Scores of the patients less their mean; they are sorted first, so that their order does not matter.
    weights : array of float, shape (k,)
        What the sum of the i + 1 lowest patients' scores is multiplied by; zero where no cut may lie.
    n_permutations : int
        Orders drawn.
    rng : numpy.random.Generator
        Where the orders come from.

    Notes
    -----
    ``(1 + hits) / (1 + n_permutations)``, which is never zero and never rejects too often (Phipson and Smyth 2010,
    doi:10.2202/1544-6115.1585). Maxima that differ by less than 1e-9 of their size are equal.
    """
    from tmescope.kernels.permuted_maxima import permuted_maxima

    if np.isnan(statistic) or n_permutations < 1:
        return float("nan")
    centred = np.sort(scores)
    at_once = max(1, _CHUNK // max(weights.size, 1))
    hits = 0
    for start in range(0, n_permutations, at_once):
        draws = rng.random((min(at_once, n_permutations - start), weights.size))
        maxima = np.empty(len(draws))
        permuted_maxima(centred, weights, draws, maxima)
        hits += int((maxima >= statistic * (1.0 - _ROUNDING)).sum())
    return (1 + hits) / (1 + n_permutations)


def _correlations(n_low: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    before, after = n_low[:-1].astype(np.float64), n_low[1:].astype(np.float64)
    return np.asarray(np.sqrt(before * (n - after) / ((n - before) * after)), dtype=np.float64)
