"""Whether hazard ratios of a Cox model stay the same over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats

from tmescope.foundation.errors import EndpointError, InputError
from tmescope.stats.cox_model import ChiSquare, CoxModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ProportionalityTest", "check_proportional_hazards"]

TRANSFORMS = ("km", "rank", "identity", "log")


@dataclass(frozen=True, kw_only=True)
class ProportionalityTest:
    """Score test that no log hazard ratio changes with g(time).

    Parameters
    ----------
    terms : mapping of str to ChiSquare
        One test a term; NaN for a term without coefficient.
    overall : ChiSquare
        All terms together.
    transform : str
        The function g.
    method : str
        For the methods column.
    reason : str
        That of the model, or ``one_event_time``; empty where the test could be made.
    """

    terms: Mapping[str, ChiSquare]
    overall: ChiSquare
    transform: str
    method: str
    reason: str = ""


def check_proportional_hazards(
    model: CoxModel,
    *,
    transform: Literal["km", "rank", "identity", "log"] = "km",
    terms: Mapping[str, Sequence[str]] | None = None,
) -> ProportionalityTest:
    """Test whether the hazard ratios of a Cox model change with time.

    A small p-value says that a ratio is an average over a changing effect, not that it is wrong; with many events
    small changes become significant, with few large ones do not.

    Parameters
    ----------
    model : CoxModel
        Fitted with `fit_cox`.
    transform : {"km", "rank", "identity", "log"}
        Time scale g on which a change is looked for: one less the Kaplan-Meier estimate before the time, rank
        among all times, the time itself, its natural logarithm.
    terms : mapping of str to sequence of str, optional
        Columns that make up a term (levels of one factor), by its name; one term a column where None.

    Returns
    -------
    ProportionalityTest

    Raises
    ------
    InputError
        If the transform or a column is unknown.
    EndpointError
        If the logarithm of a time of zero is asked for.

    Notes
    -----
    The score test of ``x g(t)`` added to the model (Grambsch and Therneau's test without its approximation of
    the variance, as in R's survival 3): with u the score of the added part and I the full information, each term's
    statistic is ``(0, u_t)' I_t^-1 (0, u_t)`` over all coefficients and the added part of the term. Times are
    transformed over all rows, and the Kaplan-Meier estimate has no strata or weights. Versions before 3 of that
    package, and ports of them, use an approximation whose p-values can differ a good deal.

    References
    ----------
    Grambsch and Therneau, Biometrika 1994, doi:10.1093/biomet/81.3.515.
    """
    if transform not in TRANSFORMS:
        raise InputError(f"the transform is {transform!r}", where="argument transform", expected=", ".join(TRANSFORMS))
    columns = _columns(model, terms)
    nothing = ChiSquare(statistic=float("nan"), df=0, p_value=float("nan"))
    reason = model.reason
    scales = () if reason else tuple(_scale(model, s.times, transform) for s in model.risk_sets.strata)
    if not reason and max(float(np.ptp(g)) for g in scales) == 0.0 and len({g[0] for g in scales}) == 1:
        reason = "one_event_time"
    if reason:
        return ProportionalityTest(
            terms=dict.fromkeys(columns, nothing),
            overall=nothing,
            transform=transform,
            method="not estimated",
            reason=reason,
        )
    centre = float(np.concatenate(scales).mean())  # changes nothing but the rounding
    score, (zero, one, two) = model.risk_sets.weighted_moments(model.standardised, tuple(g - centre for g in scales))
    information = np.block([[zero, one], [one, two]])
    return ProportionalityTest(
        terms={name: _test(score, information, added) for name, added in columns.items()},
        overall=_test(score, information, np.arange(score.size)),
        transform=transform,
        method=f"score test of proportional hazards against {transform} of time",
    )


def _columns(model: CoxModel, terms: Mapping[str, Sequence[str]] | None) -> dict[str, NDArray[np.int64]]:
    """Return the estimated columns of each term."""
    kept = [name for name, reason in zip(model.names, model.term_reasons, strict=True) if not reason]
    terms = {name: (name,) for name in model.names} if terms is None else terms
    unknown = sorted({column for names in terms.values() for column in names} - set(model.names))
    if unknown:
        raise InputError(
            f"the model has no column {', '.join(unknown[:3])}",
            where="argument terms",
            expected=f"columns among {', '.join(model.names[:5])}",
        )
    return {
        term: np.array([kept.index(name) for name in names if name in kept], dtype=np.int64)
        for term, names in terms.items()
    }


def _test(score: NDArray[np.float64], information: NDArray[np.float64], added: NDArray[np.int64]) -> ChiSquare:
    p = score.size
    if added.size == 0:
        return ChiSquare(statistic=float("nan"), df=0, p_value=float("nan"))
    used = np.concatenate([np.arange(p), p + added])
    u = np.concatenate([np.zeros(p), score[added]])
    try:
        statistic = float(u @ np.linalg.solve(information[np.ix_(used, used)], u))
    except np.linalg.LinAlgError:  # fewer event times than coefficients and changes: nothing to tell them apart by
        statistic = float("nan")
    return ChiSquare(statistic=statistic, df=added.size, p_value=float(stats.chi2.sf(statistic, added.size)))


def _scale(model: CoxModel, at: NDArray[np.float64], transform: str) -> NDArray[np.float64]:
    times = model.rows.time
    if transform == "identity":
        return at
    if transform == "log":
        if at.min() <= 0.0:
            raise EndpointError(
                "an event has time zero, which has no logarithm",
                where="argument transform",
                expected="another transform: km, rank or identity",
            )
        return np.asarray(np.log(at))
    if transform == "rank":
        return _ranks(times, at)
    return _failed_before(model, at)


def _ranks(times: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    ordered = np.sort(times)
    first, behind = np.searchsorted(ordered, at, side="left"), np.searchsorted(ordered, at, side="right")
    return np.asarray((first + 1 + behind) / 2.0)


def _failed_before(model: CoxModel, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return one less the Kaplan-Meier estimate just before the times, all strata together."""
    rows = model.rows
    events, deaths = np.unique(rows.time[rows.event == 1.0], return_counts=True)
    ended = np.searchsorted(np.sort(rows.time), events, side="left")
    not_entered = rows.time.size - np.searchsorted(np.sort(rows.entry), events, side="left")
    at_risk = rows.time.size - ended - not_entered
    survival = np.concatenate([[1.0], np.cumprod(1.0 - deaths / at_risk)])
    return np.asarray(1.0 - survival[np.searchsorted(events, at, side="left")])
