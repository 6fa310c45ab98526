"""What penalised models minimise: the deviance of a logistic or Cox model as a function of the linear predictor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy import special

from tmescope.stats.risk_sets import RiskSets, Stratum, build_risk_sets

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CoxLoss", "LogisticLoss", "Loss", "cox_loss"]


_SMALLEST = 1e-290
"""Sum of risks below which a Cox model is not followed: floating point ends."""


class Loss(Protocol):
    """A convex function of the linear predictors of n rows, per row."""

    def measure(self, eta: NDArray[np.float64], /) -> tuple[float, NDArray[np.float64]]:
        """Return its value, and its gradient by the linear predictor of each row."""

    def bend(self, eta: NDArray[np.float64], x: NDArray[np.float64], /) -> NDArray[np.float64]:
        """Return its second derivative by the coefficients of the columns x."""


@dataclass(frozen=True)
class LogisticLoss:
    """Mean of the negative log-likelihood of a logistic model.

    Parameters
    ----------
    y : array of float64, shape (n,)
        1 and 0.
    """

    y: NDArray[np.float64]

    def measure(self, eta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return its value, and its gradient by the linear predictor of each row."""
        value = -float(special.log_expit((2.0 * self.y - 1.0) * eta).sum()) / self.y.size
        return value, (special.expit(eta) - self.y) / self.y.size

    def bend(self, eta: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return its second derivative by the coefficients of the columns x."""
        chance = special.expit(eta)
        half = x * np.sqrt(chance * (1.0 - chance) / self.y.size)[:, None]
        return np.asarray(half.T @ half, dtype=np.float64)


@dataclass(frozen=True)
class CoxLoss:
    """Negative log partial likelihood of a Cox model per row.

    Parameters
    ----------
    sets : RiskSets
        Rows by stratum and time; their matrices have no columns.
    """

    sets: RiskSets

    def measure(self, eta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return its value, and its gradient by the linear predictor of each row (minus the martingale residuals)."""
        value, gradient = 0.0, np.zeros(self.sets.n)
        for s in self.sets.strata:
            own, risk, shift = _risks(s, eta)
            total, _ = s.hazards(risk)
            if not (total > _SMALLEST).all():
                return float("nan"), gradient
            value -= float((own[s.dead] - shift).sum() - s.step_mass @ np.log(total))
            slope = risk * s.accumulate(s.step_mass / total)
            slope[s.dead] -= 1.0
            gradient[s.rows] = slope
        return value / self.sets.n, gradient / self.sets.n

    def bend(self, eta: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return its second derivative by the coefficients of the columns x."""
        found = np.zeros((x.shape[1], x.shape[1]))
        for s in self.sets.strata:
            _, risk, _ = _risks(s, eta)
            own = replace(s, x=x[s.rows])
            total, mean = own.hazards(risk)
            half = own.x * np.sqrt(risk * own.accumulate(s.step_mass / total))[:, None]
            other = mean * np.sqrt(s.step_mass)[:, None]
            found += half.T @ half - other.T @ other
        return np.asarray(found / self.sets.n, dtype=np.float64)

    def never_falls(self, eta: NDArray[np.float64]) -> bool:
        """Return whether each event has the largest linear predictor of its risk set: there is no maximum then."""
        strata = tuple(replace(s, x=eta[s.rows][:, None]) for s in self.sets.strata)
        return replace(self.sets, strata=strata, n_terms=1).never_falls(np.ones(1), slack=1e-9)


def cox_loss(
    time: NDArray[np.float64], event: NDArray[np.float64], strata: NDArray[np.float64], *, efron: bool
) -> CoxLoss:
    """Prepare the loss of a Cox model for complete rows.

    Parameters
    ----------
    time, event, strata : array of float64, shape (n,)
    efron : bool
        Efron's treatment of ties, or Breslow's.
    """
    rows = {"event": event, "entry": np.full(time.size, -np.inf), "strata": strata, "weights": np.ones(time.size)}
    return CoxLoss(build_risk_sets(np.zeros((time.size, 0)), time, rows=rows, efron=efron))


def _risks(s: Stratum, eta: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    own = eta[s.rows]
    shift = float(own.max())  # cancels in every ratio, and keeps the exponential finite
    return own, np.exp(own - shift), shift
