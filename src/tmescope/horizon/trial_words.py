"""Words of the trial registry: phases as categories, statuses in groups, dates that are known to a month alone."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date

__all__ = ["ACTIVE", "NO_PHASE", "PHASES", "UNKNOWN_THEN", "latest_day", "name_phase", "order_phases"]

PHASES = ("EARLY_PHASE1", "PHASE1", "PHASE1/PHASE2", "PHASE2", "PHASE2/PHASE3", "PHASE3", "PHASE4", "NA")
"""Categories of phase in their order. A trial of phases 1 and 2 is in a category of its own: counted once."""

NO_PHASE = "no phase given"
"""Category of trials whose record has no phase, such as observational studies."""

UNKNOWN_THEN = "not known then"
"""Category where the lake only holds versions of the trial that are younger than the day that was asked about."""

ACTIVE = frozenset({"RECRUITING", "NOT_YET_RECRUITING", "ACTIVE_NOT_RECRUITING", "ENROLLING_BY_INVITATION"})
"""Statuses of trials that run or are about to."""


def name_phase(phases: Sequence[str] | None) -> str:
    """Return the category of a list of phases: ``PHASE1/PHASE2`` is one of its own.

    Parameters
    ----------
    phases : sequence of str, optional
        As the registry lists them; missing or empty is `NO_PHASE`.
    """
    return "/".join(sorted(phases, key=_place)) if phases else NO_PHASE


def order_phases(names: Sequence[str]) -> list[str]:
    """Return categories of phase in the order of development; unheard-of ones follow by name."""
    return sorted(set(names), key=_place)


def _place(name: str) -> tuple[int, str]:
    return (PHASES.index(name), "") if name in PHASES else (len(PHASES) + (name in {NO_PHASE, UNKNOWN_THEN}), name)


def latest_day(day: date, precision: str | None) -> date:
    """Return the last day that a date may mean.

    Parameters
    ----------
    day : date
        The first day that it may mean.
    precision : str, optional
        ``day``, ``month`` or ``year``; a day where it is missing.
    """
    if precision == "year":
        return date(day.year, 12, 31)
    if precision == "month":
        return date(day.year, day.month, calendar.monthrange(day.year, day.month)[1])
    return day
