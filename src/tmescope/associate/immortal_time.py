"""Samples taken after time zero: patients had to live until then, and must not be credited with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.foundation.errors import EndpointError
from tmescope.foundation.result import RunWarning
from tmescope.stats.arguments import as_times, as_vector
from tmescope.stats.landmarks import start_at_landmark

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Sampling", "enter_at_sampling", "restart_at_landmark", "warn_of_immortal_time"]

_NEXT = "enter them at their sampling (enter_at_sampling), or restart at a landmark (restart_at_landmark)"


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """When the samples of a cohort were taken; at least one of the two.

    Parameters
    ----------
    months : pandas.Series, optional
        Index sample_id; months from time zero of the endpoint to the sample; below zero before it. NaN is unknown.
    timepoint : pandas.Series, optional
        Index sample_id; name of the time point.
    baseline : collection of str
        Names that mean at or before time zero; compared without regard to case.
    """

    months: pd.Series | None = None
    timepoint: pd.Series | None = None
    baseline: Collection[str] = ("baseline", "pre", "pre-treatment", "pretreatment", "screening")


def warn_of_immortal_time(outcome: pd.DataFrame, sampling: Sampling, *, where: str) -> tuple[RunWarning, ...]:
    """Warn where time is counted from time zero for samples that were taken after it.

    Parameters
    ----------
    outcome : pandas.DataFrame
        Index sample_id; columns time_months, event, and entry_months where late entry is declared already.
    sampling : Sampling
        When the samples were taken.
    where : str
        Cohort and endpoint, for the message.

    Returns
    -------
    tuple of RunWarning
        ``survival.immortal_time`` with the number of samples; empty where all were taken by time zero, or enter late as
        they should.

    Raises
    ------
    EndpointError
        If neither months nor time points are given.
    """
    if sampling.months is None and sampling.timepoint is None:
        raise EndpointError("nothing says when the samples were taken", where=where, expected="months or timepoint")
    late = _taken_late(outcome, sampling)
    if "entry_months" in outcome.columns:
        entry = as_times(outcome["entry_months"], name="entry_months")
        months = np.zeros(len(outcome)) if sampling.months is None else _months(outcome, sampling.months)
        late &= ~np.isnan(entry)  # of unknown sampling: the models leave them out
        late &= ~(entry > 0.0) | (entry < np.nan_to_num(months))
    if not late.any():
        return ()
    ids = tuple(str(i) for i in outcome.index[late][:3])
    message = (
        f"{int(late.sum())} of {len(outcome)} samples were taken after time zero, from which time is counted: "
        f"their patients could not have the event before. {_NEXT}"
    )
    return (RunWarning("survival.immortal_time", message, where, int(late.sum()), ids),)


def _taken_late(outcome: pd.DataFrame, sampling: Sampling) -> np.ndarray:
    late = np.zeros(len(outcome), dtype=bool)
    if sampling.timepoint is not None:
        names = sampling.timepoint.reindex(outcome.index)
        known = {name.casefold() for name in sampling.baseline}
        late |= (names.notna() & ~names.astype("str").str.strip().str.casefold().isin(known)).to_numpy()
    if sampling.months is not None:
        months = _months(outcome, sampling.months)
        late = np.where(np.isnan(months), late, months > 0.0)  # a date says more than a name
    return np.asarray(late, dtype=bool)


def _months(outcome: pd.DataFrame, months: pd.Series) -> np.ndarray:
    return as_vector(months.reindex(outcome.index), name="months of sampling")


def enter_at_sampling(
    outcome: pd.DataFrame, months: pd.Series, *, where: str
) -> tuple[pd.DataFrame, tuple[RunWarning, ...]]:
    """Let patients enter the risk sets when they were sampled (left truncation): the honest analysis of late samples.

    Parameters
    ----------
    outcome : pandas.DataFrame
        Index sample_id; columns time_months and event, counted from time zero.
    months : pandas.Series
        Index sample_id; months from time zero to the sample. Before time zero counts as zero; NaN is unknown.
    where : str
        Cohort and endpoint, for the messages.

    Returns
    -------
    outcome : pandas.DataFrame
        With the column entry_months, for `associate_hazard`; NaN where the sampling is unknown, so that the sample is
        left out there.
    warnings : tuple of RunWarning
        Samples of unknown time, and samples taken at or after the end of follow-up, which are never at risk.
    """
    entry = np.maximum(_months(outcome, months), 0.0)
    time = as_times(outcome["time_months"], name="time_months")
    unknown, after = np.isnan(entry) & ~np.isnan(time), (entry >= time) & (entry > 0.0)
    found = []
    for code, who, words in (
        ("survival.unknown_sampling", unknown, "samples were taken at an unknown time: they are left out"),
        ("survival.sampled_after_end", after, "samples were taken at or after the end of follow-up: never at risk"),
    ):
        if who.any():
            ids = tuple(str(i) for i in outcome.index[who][:3])
            found.append(RunWarning(code, f"{int(who.sum())} {words}", where, int(who.sum()), ids))
    return outcome.assign(entry_months=entry), tuple(found)


def restart_at_landmark(
    outcome: pd.DataFrame, *, at_months: float, where: str
) -> tuple[pd.DataFrame, tuple[RunWarning, ...]]:
    """Count time from a landmark by which all samples were taken; patients who left by then are dropped and counted.

    Parameters
    ----------
    outcome : pandas.DataFrame
        Index sample_id; columns time_months and event, without late entry.
    at_months : float
        The landmark, zero or more, stated beforehand.
    where : str
        Cohort and endpoint, for the message.

    Returns
    -------
    outcome : pandas.DataFrame
        The patients still under observation, with time since the landmark.
    warnings : tuple of RunWarning
        How many were dropped, with and without the event.

    Raises
    ------
    InputError
        If the landmark is negative.
    """
    own = outcome["event"].astype("Float64")
    found = start_at_landmark(outcome["time_months"], (own == 1.0).astype("Float64"), at=at_months)
    kept = outcome[found.kept].assign(time_months=found.time[found.kept])
    n_early = found.n_early_events + found.n_early_censored
    others = " or had a competing event" if (outcome["event"].astype("Float64") > 1.0).any() else ""
    message = (
        f"{found.n_early_events} patients had the event by the landmark of {at_months:g} months and "
        f"{found.n_early_censored} had left{others}: the answer is about the {found.n} who remained"
    )
    return kept, (RunWarning("survival.landmark", message, where, n_early),)
