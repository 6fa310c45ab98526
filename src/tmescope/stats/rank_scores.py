"""How much earlier or later than expected each patient had the event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_binary, as_times, complete

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["log_rank_scores"]


def log_rank_scores(time: ArrayLike, event: ArrayLike) -> NDArray[np.float64]:
    """Return the log-rank score of each patient: events seen less events expected by then.

    Parameters
    ----------
    time : array-like of float, shape (n,)
        Follow-up, any unit, zero or more; none missing.
    event : array-like, shape (n,)
        True/1 for an event, False/0 for censoring; none missing.

    Raises
    ------
    InputError
        If lengths differ or a value is missing.

    Notes
    -----
    ``event_i - sum over j with time_j <= time_i of event_j / (n - #{k: time_k <= time_j} + 1)``. At a tied
    time every event is counted against those who are left after the tie, the last of it included, as
    Hothorn and Lausen do: with many ties these are not the scores of the log-rank test itself.

    References
    ----------
    Hothorn and Lausen, Computational Statistics & Data Analysis 2003, doi:10.1016/S0167-9473(02)00225-6.
    """
    t, d = as_times(time, name="time"), as_binary(event, name="event")
    known_t, known_d = complete(time=t, event=d)
    if known_t.size < t.size:
        raise InputError(
            f"{t.size - known_t.size} times or events are missing",
            where="arguments time, event",
            expected="none missing: scores depend on every patient",
            next_step="leave these patients out",
        )
    times, place, n_at = np.unique(known_t, return_inverse=True, return_counts=True)
    deaths = np.bincount(place, weights=known_d, minlength=times.size)
    expected = np.cumsum(deaths / (known_t.size - np.cumsum(n_at) + 1))
    return np.asarray(known_d - expected[place], dtype=np.float64)
