"""How much the effect differs between studies: the variance tau2, by several estimators, with its interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import optimize, stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NO_SPREAD", "Between", "Spread", "between_variance", "usable_studies"]

Between = Literal["reml", "dl", "pm", "ml", "sj", "eb", "he", "hs", "fixed"]
_GRID = 60
_WIDEST = 1e12
_SMALLEST, _LARGEST = 1e-100, 1e100
_TIGHT = 4 * np.finfo(np.float64).eps


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Heterogeneity of studies.

    Parameters
    ----------
    tau2, tau2_low, tau2_high : float
        Variance between studies and its Q-profile limits (zero at the least).
    i2 : float
        Percent. h2 : ratio.
    h2 : float
    q, q_df, q_p_value : float
        Cochran's test.
    """

    tau2: float
    tau2_low: float
    tau2_high: float
    i2: float
    h2: float
    q: float
    q_df: int
    q_p_value: float


_NAN = float("nan")
NO_SPREAD = Spread(tau2=_NAN, tau2_low=_NAN, tau2_high=_NAN, i2=_NAN, h2=_NAN, q=_NAN, q_df=0, q_p_value=_NAN)
"""Of fewer than two studies: nothing is known."""


@dataclass(frozen=True)
class _Data:
    y: NDArray[np.float64]
    v: NDArray[np.float64]
    x: NDArray[np.float64]

    @property
    def df(self) -> int:
        return int(self.x.shape[0] - self.x.shape[1])

    def projected(self, tau2: float) -> NDArray[np.float64]:
        """Return P = W - W X (X'WX)^-1 X'W."""
        w = 1.0 / (self.v + tau2)
        wx = self.x * w[:, None]
        return np.asarray(np.diag(w) - wx @ np.linalg.solve(wx.T @ self.x, wx.T))

    def quadratic(self, tau2: float) -> float:
        """Return the generalised Q at this variance."""
        return float(self.y @ self.projected(tau2) @ self.y)


def usable_studies(y: NDArray[np.float64], s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which studies have numbers that can be pooled.

    Parameters
    ----------
    y, s : array of float, shape (k,)
        Effects and their standard errors, anything.

    Returns
    -------
    array of bool, shape (k,)
        Effect finite and at most 1e100; standard error between 1e-100 and 1e100 and within 1e12 times the median one:
        beyond that a variance or a weight is zero or infinite in double precision. Equal for effects and errors that
        are both multiplied by a number, up to the outer limits.
    """
    with np.errstate(invalid="ignore"):
        used = (np.abs(y) <= _LARGEST) & (s >= _SMALLEST) & (s <= _LARGEST)
        middle = float(np.median(s[used])) if used.any() else 1.0
        return np.asarray(used & (s >= middle / _WIDEST) & (s <= middle * _WIDEST))


def between_variance(
    y: NDArray[np.float64],
    v: NDArray[np.float64],
    *,
    estimator: Between = "reml",
    design: NDArray[np.float64] | None = None,
    confidence: float = 0.95,
) -> Spread:
    """Estimate the variance between studies.

    Parameters
    ----------
    y, v : array of float, shape (k,)
        Effects and their sampling variances, finite and positive; k >= 2.
    estimator : str
        reml, dl (DerSimonian-Laird), pm (Paule-Mandel), ml, sj (Sidik-Jonkman), eb (empirical Bayes; equals pm),
        he (Hedges), hs (Hunter-Schmidt) or fixed (zero).
    design : array of float, shape (k, p), optional
        Covariates with the intercept; the intercept alone if omitted.
    confidence : float
        Level of the limits.

    Returns
    -------
    Spread

    Notes
    -----
    Likelihoods are searched over a grid for their highest point, so that a local one is not taken, and their score is
    solved to the last digits. No estimate is below zero.
    """
    data = _Data(y, v, np.ones((y.size, 1)) if design is None else design)
    tau2 = _ESTIMATORS[estimator](data)
    q, df = data.quadratic(0.0), data.df
    low, high = _profile(data, confidence) if df else (float("nan"), float("nan"))
    typical = df / float(np.trace(data.projected(0.0))) if df else float("nan")
    if estimator == "fixed":
        i2, h2 = 100.0 * max(0.0, (q - df) / q) if q > 0.0 else 0.0, q / df
    else:
        i2, h2 = 100.0 * tau2 / (tau2 + typical), tau2 / typical + 1.0
    return Spread(
        tau2=tau2, tau2_low=low, tau2_high=high, i2=i2, h2=h2, q=q, q_df=df, q_p_value=float(stats.chi2.sf(q, df))
    )


def _dersimonian_laird(data: _Data) -> float:
    return max(0.0, (data.quadratic(0.0) - data.df) / float(np.trace(data.projected(0.0))))


def _paule_mandel(data: _Data) -> float:
    return _where(data, float(data.df))


def _sidik_jonkman(data: _Data) -> float:
    k = data.y.size
    start = float(np.var(data.y, ddof=1)) * (k - 1) / k
    return start * data.quadratic(start) / data.df if start > 0.0 else 0.0


def _hedges(data: _Data) -> float:
    unweighted = np.eye(data.y.size) - data.x @ np.linalg.pinv(data.x)
    return max(0.0, float(data.y @ unweighted @ data.y - np.diag(unweighted) @ data.v) / data.df)


def _hunter_schmidt(data: _Data) -> float:
    return max(0.0, (data.quadratic(0.0) - data.y.size) / float((1.0 / data.v).sum()))


def _restricted(data: _Data) -> float:
    def loss(tau2: float) -> float:
        w = 1.0 / (data.v + tau2)
        information = (data.x * w[:, None]).T @ data.x
        return float(-np.log(w).sum() + np.linalg.slogdet(information)[1] + data.quadratic(tau2))

    def score(tau2: float) -> float:
        p = data.projected(tau2)
        residual = p @ data.y
        return float(residual @ residual - np.trace(p))

    return _highest(data, loss, score)


def _likelihood(data: _Data) -> float:
    def loss(tau2: float) -> float:
        return float(np.log(data.v + tau2).sum() + data.quadratic(tau2))

    def score(tau2: float) -> float:
        residual = data.projected(tau2) @ data.y
        return float(residual @ residual - (1.0 / (data.v + tau2)).sum())

    return _highest(data, loss, score)


def _highest(data: _Data, loss: Callable[[float], float], score: Callable[[float], float]) -> float:
    """Return where the likelihood is highest: the score's root around the best point of a grid, or zero."""
    top = 4.0 * max(float(np.var(data.y, ddof=1)), 1e-300) + float(data.v.max())
    low = 1e-8 * float(data.v.min())
    grid = np.concatenate([[0.0], np.geomspace(low, top, _GRID)])
    best = int(np.argmin([loss(t) for t in grid]))
    left, right = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    if score(left) <= 0.0:
        return float(left) if best <= 1 else float(grid[best])
    if score(right) >= 0.0:
        return float(right)
    return float(optimize.brentq(score, left, right, xtol=1e-300, rtol=_TIGHT))


def _where(data: _Data, value: float) -> float:
    """Return the variance at which the generalised Q, which falls, has a value; zero where it never is so large."""
    if data.quadratic(0.0) <= value:
        return 0.0
    high = float(data.v.max() + np.var(data.y))
    while data.quadratic(high) > value:
        high *= 4.0
    return float(optimize.brentq(lambda t: data.quadratic(t) - value, 0.0, high, xtol=1e-300, rtol=_TIGHT))


def _profile(data: _Data, confidence: float) -> tuple[float, float]:
    tail = (1.0 - confidence) / 2.0
    return _where(data, float(stats.chi2.isf(tail, data.df))), _where(data, float(stats.chi2.ppf(tail, data.df)))


_ESTIMATORS: dict[str, Callable[[_Data], float]] = {
    "reml": _restricted,
    "dl": _dersimonian_laird,
    "pm": _paule_mandel,
    "eb": _paule_mandel,
    "ml": _likelihood,
    "sj": _sidik_jonkman,
    "he": _hedges,
    "hs": _hunter_schmidt,
    "fixed": lambda _data: 0.0,
}
