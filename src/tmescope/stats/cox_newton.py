"""Maximum of a partial likelihood, or the finding that it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.stats.risk_sets import Moments

__all__ = ["PartialLikelihood", "alias_reasons", "maximise"]

_MAX_STEPS = 60
_STEP_TOLERANCE = 1e-8
_ALIAS_TOLERANCE = 1e-8
_FLAT_GAIN = 1e-4
_LONG_STEP = 0.25
_LONG_WAY = 15.0
_EXACT = 1e-9
_FLAT = 0.1
"""Share of the spread along a late step within which an event counts as at the top of its risk set."""


class PartialLikelihood(Protocol):
    """What can be maximised: a concave likelihood with two derivatives."""

    @property
    def n_terms(self) -> int:
        """Return the number of coefficients."""

    def moments(self, coefficients: NDArray[np.float64], /) -> Moments:
        """Return likelihood, gradient and information."""

    def reach(self, step: NDArray[np.float64], /) -> float:
        """Return the largest difference of linear predictors along a step."""

    def never_falls(self, direction: NDArray[np.float64], /, slack: float) -> bool:
        """Return whether each event is at the top of its risk set along a direction, but for a share of its spread."""


def alias_reasons(x: NDArray[np.float64], *, strata: NDArray[np.float64], used: NDArray[np.bool_]) -> tuple[str, ...]:
    """Say which columns tell nothing that earlier ones do not: ``constant`` or ``collinear``, empty otherwise.

    Parameters
    ----------
    x : array of float, shape (n, p)
        Standardised covariates.
    strata : array of float, shape (n,)
        Columns are compared within strata, as the likelihood does.
    used : array of bool, shape (n,)
        Rows at risk at an event; the others tell nothing.
    """
    inside = x[used]
    _, member = np.unique(strata[used], return_inverse=True)
    sums = np.zeros((int(member.max()) + 1, x.shape[1]))
    np.add.at(sums, member, inside)
    centred = inside - (sums / np.bincount(member)[:, None])[member]
    basis: list[NDArray[np.float64]] = []
    found = []
    for column in centred.T:
        size = float(np.linalg.norm(column))
        if size <= _ALIAS_TOLERANCE * np.sqrt(column.size):
            found.append("constant")
            continue
        rest = column.copy()
        for _ in range(2):  # twice is enough to lose what rounding left
            for direction in basis:
                rest -= (direction @ rest) * direction
        left = float(np.linalg.norm(rest))
        found.append("" if left > _ALIAS_TOLERANCE * size else "collinear")
        if not found[-1]:
            basis.append(rest / left)
    return tuple(found)


def maximise(sets: PartialLikelihood) -> tuple[NDArray[np.float64], str]:
    """Return the coefficients of the maximum, or NaN and the reason why there are none.

    Parameters
    ----------
    sets : PartialLikelihood
        Of covariates none of which is constant or collinear.
    """
    beta = np.zeros(sets.n_terms)
    none = np.full(sets.n_terms, np.nan)
    now = sets.moments(beta)
    for _ in range(_MAX_STEPS):
        step = _newton_step(now.information, now.score)
        if step is None:
            return none, "monotone_likelihood"
        if _is_endless(sets, beta, step=step, gain=float(now.score @ step)):
            return none, "monotone_likelihood"
        new = sets.moments(beta + step)
        # rounding makes the likelihood wobble in its last digits near the maximum: no halving for that; NaN where
        # the step went so far that risks vanish in floating point
        while not new.log_likelihood >= now.log_likelihood - 1e-10 * abs(now.log_likelihood):
            if np.abs(step).max() <= _STEP_TOLERANCE:
                return none, "not_converged"
            step = step / 2.0
            new = sets.moments(beta + step)
        beta, now = beta + step, new
        if np.abs(step).max() <= _STEP_TOLERANCE * (1.0 + np.abs(beta).max()):
            # steps shrink quadratically: one more is exact to rounding
            last = _newton_step(now.information, now.score)
            if last is None or not _has_errors(sets, beta + last):
                return none, "monotone_likelihood"
            return beta + last, ""
    return none, "not_converged"


def _is_endless(sets: PartialLikelihood, beta: NDArray[np.float64], *, step: NDArray[np.float64], gain: float) -> bool:
    """Return whether the likelihood rises for ever: along the coefficients, or along a step that gains nothing."""
    if sets.reach(beta) > _LONG_WAY and sets.never_falls(beta, slack=_EXACT):
        return True
    return gain < _FLAT_GAIN and sets.reach(step) > _LONG_STEP and sets.never_falls(step, slack=_FLAT)


def _has_errors(sets: PartialLikelihood, beta: NDArray[np.float64]) -> bool:
    """Return whether the information at the maximum can be inverted, where a flat top ends in a long last step."""
    there = sets.moments(beta)
    return _newton_step(there.information, there.score) is not None


def _newton_step(information: NDArray[np.float64], score: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the Newton step; None where the information is singular in floating point."""
    spread = np.sqrt(np.clip(np.diag(information), 0.0, None))
    if not (spread > 0.0).all():
        return None
    scaled = information / np.outer(spread, spread)
    if np.linalg.eigvalsh(scaled)[0] < 1e-13:
        return None
    return np.asarray(np.linalg.solve(scaled, score / spread) / spread)
