"""Landmark analysis: follow-up that starts anew at a fixed time, for those who are still under observation then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_binary, as_times

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Landmark", "start_at_landmark"]


@dataclass(frozen=True, kw_only=True)
class Landmark:
    """Follow-up from a landmark on.

    Parameters
    ----------
    time, event : array of float, shape (n,)
        Time since the landmark, and the event; NaN for those who were dropped, so that positions stay.
    kept : array of bool, shape (n,)
        At risk after the landmark.
    at : float
        The landmark.
    n, n_events : int
        Subjects kept, and their events.
    n_early_events, n_early_censored, n_missing : int
        Dropped: event at or before the landmark, censored at or before it, time or event missing.
    """

    time: NDArray[np.float64]
    event: NDArray[np.float64]
    kept: NDArray[np.bool_]
    at: float
    n: int
    n_events: int
    n_early_events: int
    n_early_censored: int
    n_missing: int


def start_at_landmark(time: ArrayLike, event: ArrayLike, *, at: float) -> Landmark:
    """Restart follow-up at a landmark, so that what was measured up to then can be used without looking ahead.

    The answer holds for patients who reach the landmark.

    Parameters
    ----------
    time : array-like of float, shape (n,)
        Follow-up, any unit. NaN is missing.
    event : array-like, shape (n,)
        True/1 for an event, False/0 for censoring. NaN is missing.
    at : float
        The landmark, zero or more, in the unit of `time`.

    Returns
    -------
    Landmark

    Raises
    ------
    InputError
        If lengths differ, an event is neither 0 nor 1, or the landmark is negative.
    EndpointError
        If a time is negative.

    Notes
    -----
    Kept are those with time above the landmark: who leaves at it exactly is no longer at risk after it.

    References
    ----------
    Anderson, Cain and Gelber, J Clin Oncol 1983, doi:10.1200/JCO.1983.1.11.710.
    """
    if not at >= 0.0 or not np.isfinite(at):
        raise InputError(f"the landmark is {at!r}", where="argument at", expected="a time, zero or more")
    t, d = as_times(time, name="time"), as_binary(event, name="event")
    if t.size != d.size:
        raise InputError(f"time has {t.size} values and event {d.size}", expected="one value per subject in each")
    missing = np.isnan(t) | np.isnan(d)
    early = ~missing & (t <= at)
    kept = ~missing & ~early
    return Landmark(
        time=np.where(kept, t - at, np.nan),
        event=np.where(kept, d, np.nan),
        kept=kept,
        at=float(at),
        n=int(kept.sum()),
        n_events=int(d[kept].sum()),
        n_early_events=int(d[early].sum()),
        n_early_censored=int((d[early] == 0.0).sum()),
        n_missing=int(missing.sum()),
    )
