"""Time to event of the samples of one cohort, checked once for every question about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.foundation.errors import EndpointError, SampleError, examples
from tmescope.foundation.result import RunWarning
from tmescope.stats.arguments import as_codes, as_times

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FollowUp", "merge_warnings", "per_sd", "read_follow_up"]

FEW_EVENTS = 20
FEW_PATIENTS = 10


@dataclass(frozen=True)
class FollowUp:
    """Samples with a known endpoint.

    Parameters
    ----------
    sample_ids : pandas.Index
        In the order of the outcome.
    time, event : array of float, shape (n,)
        Months, and the event code (0 censored, 1 event, 2 ... competing events).
    entry : array of float or None
        Months from which the samples are at risk.
    n_without : int
        Samples of the outcome whose time or event is missing.
    warnings : tuple of RunWarning
        No events, few events, few patients, times of zero, all censored before the first event.
    """

    sample_ids: pd.Index[str]
    time: NDArray[np.float64]
    event: NDArray[np.float64]
    entry: NDArray[np.float64] | None
    n_without: int
    warnings: tuple[RunWarning, ...]


def read_follow_up(outcome: pd.DataFrame, *, where: str, cause: int = 1) -> FollowUp:
    """Read the endpoint of one cohort.

    Parameters
    ----------
    outcome : pandas.DataFrame
        Index sample_id, one sample per patient; columns time_months (NaN where missing), event (True/1 where it was
        seen; whole numbers above 1 for competing events; missing allowed) and, where samples enter late, entry_months.
    where : str
        Cohort and endpoint, for messages.
    cause : int
        Code of the event asked for.

    Returns
    -------
    FollowUp
        A time of zero is kept: such a patient is at risk at time zero only. A sample whose time is not after its entry
        was never at risk, and counts as without endpoint.

    Raises
    ------
    SampleError
        If a sample has two rows.
    EndpointError
        If a column is missing, or a time is negative.
    """
    twice = outcome.index[outcome.index.duplicated()]
    if len(twice):
        raise SampleError(
            f"{len(twice)} samples have two outcomes, for example {examples(str(v) for v in twice[:4])}",
            where=where,
            expected="one row a sample, one sample a patient",
        )
    absent = [name for name in ("time_months", "event") if name not in outcome.columns]
    if absent:
        raise EndpointError(
            f"the outcome has no column {', '.join(absent)}", where=where, expected="time_months, event"
        )
    time = as_times(outcome["time_months"], name=f"time_months of {where}")
    event = as_codes(outcome["event"].astype("Float64"), name=f"event of {where}")
    known = ~np.isnan(time) & ~np.isnan(event)
    entry = None
    if "entry_months" in outcome.columns:
        entry = as_times(outcome["entry_months"], name=f"entry_months of {where}")
        known &= ~np.isnan(entry) & (np.nan_to_num(entry) < np.nan_to_num(time))
        entry = entry[known]
    t, e = time[known], event[known]
    warnings = _warn(t, e == cause, where=where)
    return FollowUp(outcome.index[known], t, e, entry, int((~known).sum()), warnings)


def _warn(t: NDArray[np.float64], own: NDArray[np.bool_], *, where: str) -> tuple[RunWarning, ...]:
    found = []
    n_events = int(own.sum())
    if t.size < FEW_PATIENTS:
        found.append(
            RunWarning("answers.few_patients", f"{t.size} patients: too few to estimate anything", where, t.size)
        )
    if n_events == 0:
        found.append(RunWarning("answers.no_events", f"none of {t.size} patients has the event", where, t.size))
    elif n_events < FEW_EVENTS:
        message = f"{n_events} events: hazard ratios rest on few patients"
        found.append(RunWarning("answers.few_events", message, where, n_events))
    if n_events and t.size > n_events and t[~own].max() < t[own].min():
        message = "all who are censored leave before the first event: they tell nothing"
        found.append(RunWarning("answers.censored_before_events", message, where, int((~own).sum())))
    if n_events > 1 and np.unique(t[own]).size == 1:
        message = f"all {n_events} events have the same time: their order is not known"
        found.append(RunWarning("answers.one_event_time", message, where, n_events))
    zero = int((t == 0.0).sum())
    if zero:
        message = f"{zero} patients have a time of zero: they are at risk at time zero only"
        found.append(RunWarning("answers.time_zero", message, where, zero))
    return tuple(found)


def per_sd(values: NDArray[np.float64], *, is_group: bool) -> tuple[NDArray[np.float64], str]:
    """Return the values in standard deviations (n - 1) of these patients, and why they cannot be.

    Parameters
    ----------
    values : array of float, shape (n,)
        Without missing ones.
    is_group : bool
        Groups stay 0 and 1.
    """
    if is_group or values.size < 2:
        return values, ""
    spread = float(values.std(ddof=1))
    if np.ptp(values) <= 1e-12 * np.abs(values).max():
        return values, "constant"
    return np.asarray((values - values.mean()) / spread, dtype=np.float64), ""


def merge_warnings(warnings: Iterable[RunWarning]) -> tuple[RunWarning, ...]:
    """Join warnings of the same code, message and place into one that counts and has three examples.

    Parameters
    ----------
    warnings : iterable of RunWarning
        In the order in which they arose.
    """
    merged: dict[tuple[str, str, str], RunWarning] = {}
    for warning in warnings:
        key = (warning.code, warning.message, warning.where)
        known = merged.get(key)
        if known is None:
            merged[key] = warning
        else:
            together = tuple(dict.fromkeys((*known.examples, *warning.examples)))[:3]
            merged[key] = replace(known, count=known.count + warning.count, examples=together)
    return tuple(merged.values())
