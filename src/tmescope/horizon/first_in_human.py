"""Which trial may have been the first in humans, as far as dates of a registry tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tmescope.horizon.subjects import SubjectTrial
from tmescope.horizon.trial_words import latest_day

__all__ = ["Earliest", "find_earliest"]

_EARLY = frozenset({"EARLY_PHASE1", "PHASE1"})
_NEVER = frozenset({"WITHDRAWN", "NOT_YET_RECRUITING"})


@dataclass(frozen=True)
class Earliest:
    """One trial that may have been the first.

    Parameters
    ----------
    trial : SubjectTrial
        An interventional trial of phase 1 (also early phase 1, and phases 1 and 2).
    day : date
        The first day that its date may mean.
    precision : str
        ``day``, ``month`` or ``year``.
    dated_by : str
        ``start``, or ``first posted`` where there is no date of start.
    certain : bool
        Whether no other trial can have been earlier or on the same day.
    """

    trial: SubjectTrial
    day: date
    precision: str
    dated_by: str
    certain: bool


def find_earliest(trials: Sequence[SubjectTrial]) -> list[Earliest]:
    """Return the trials that may have been the first in humans.

    Parameters
    ----------
    trials : sequence of SubjectTrial
        Of one subject.

    Returns
    -------
    list of Earliest
        All whose date may be the earliest: with dates that are known to a month alone there can be several.

    Notes
    -----
    Left out are trials that never treated anybody (withdrawn) or have not begun (not yet recruiting, a start that is
    estimated), and those that a lake of the day knows only by younger versions. The earliest trial that a registry
    lists need not be the first in humans: older trials, and those of countries with registries of their own, may not be
    in it; and a trial that names a target need not be of a drug against it.
    """
    dated = [found for one in trials if (found := _date(one))]
    if not dated:
        return []
    bound = min(latest_day(day, precision) for _, day, precision, _ in dated)
    first = sorted((d for d in dated if d[1] <= bound), key=lambda d: (d[1], d[0].doc_id))
    return [Earliest(*found, certain=len(first) == 1) for found in first]


def _date(one: SubjectTrial) -> tuple[SubjectTrial, date, str, str] | None:
    fields = one.fields
    is_early = fields["study_type"] == "INTERVENTIONAL" and _EARLY.intersection(fields["phases"] or ())
    if one.late or not is_early or fields["status"] in _NEVER or fields["start_type"] == "ESTIMATED":
        return None
    if fields["start_on"]:
        return one, fields["start_on"], fields["start_precision"] or "day", "start"
    if fields["first_posted_on"]:
        return one, fields["first_posted_on"], fields["first_posted_precision"] or "day", "first posted"
    return None
