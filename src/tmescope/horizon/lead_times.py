"""How long it takes from the first paper on a thing to the first trial of it, with those that no trial followed yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.foundation.errors import InputError
from tmescope.stats.survival import KaplanMeierCurve, kaplan_meier

if TYPE_CHECKING:
    from tmescope.horizon.mention_index import MentionIndex

__all__ = ["LeadTimes", "lead_times"]

_MONTH = 365.25 / 12.0
_WASH_OUT = timedelta(days=365)

_FIRST = """
WITH firsts AS (SELECT e, min(day) FILTER (WHERE c <> 3) AS paper_on,
                min(day) FILTER (WHERE c = 3 AND day <= ?) AS trial_on
                FROM trend_mentions GROUP BY e)
SELECT entity_id, entity_type, paper_on, trial_on FROM firsts JOIN trend_entities USING (e)
WHERE len(?::VARCHAR[]) = 0 OR list_contains(?::VARCHAR[], entity_type) ORDER BY entity_id
"""


@dataclass(frozen=True)
class LeadTimes:
    """Times from the first paper to the first trial.

    Parameters
    ----------
    table : pandas.DataFrame
        The table ``lead_times``. ``reason`` is empty where the entity counts; ``no_paper``; ``known_before`` where its
        first paper is of the first year of documents, so that there may be an earlier one; ``trial_first`` where no
        paper came before the trial; ``after_the_end`` where its first paper came after the last day of trials.
    curve : KaplanMeierCurve
        Share of entities that no trial has followed, by months.
    ends_on : datetime.date
        Last day on which a trial would be known: entities without one are censored there.
    """

    table: pd.DataFrame
    curve: KaplanMeierCurve
    ends_on: date

    def curve_table(self) -> pd.DataFrame:
        """Return the table ``lead_curve``."""
        c = self.curve
        return pd.DataFrame(
            {
                "months": c.time,
                "at_risk": c.at_risk,
                "n_followed": c.n_events,
                "share": c.survival,
                "ci_low": c.ci_low,
                "ci_high": c.ci_high,
            }
        )


def lead_times(index: MentionIndex, *, entity_types: Sequence[str] = (), since: date | None = None) -> LeadTimes:
    """Measure how long after the first paper (or review or preprint) the first trial of an entity was posted.

    Parameters
    ----------
    index : MentionIndex
    entity_types : sequence of str
        Types that count; all if empty. Mixed types make a curve that is of none of them.
    since : datetime.date, optional
        First papers before this day may have had earlier ones; a year after the first document if omitted.

    Returns
    -------
    LeadTimes

    Raises
    ------
    InputError
        If there are no papers or no trials.

    Notes
    -----
    Kaplan-Meier: an entity that no trial follows is censored on the last complete day of trials, never dropped, since
    the mean of the followed ones alone would be far too short. That a trial names an entity does not say that the
    papers led to it.
    """
    papers = [c for kind, c in index.coverage.items() if kind != "trial"]
    if not papers or "trial" not in index.coverage:
        raise InputError(
            f"there are documents of the kinds {', '.join(sorted(index.coverage))}",
            expected="papers or preprints, and trials",
            next_step="read both with tmescope horizon ingest",
        )
    ends_on = index.coverage["trial"].complete_until
    begins_on = since or min(c.first_on for c in papers) + _WASH_OUT
    types = list(entity_types)
    found = index.connection.execute(_FIRST, [ends_on, types, types]).fetch_df()
    paper, trial = pd.to_datetime(found["paper_on"]), pd.to_datetime(found["trial_on"])
    end, begin = pd.Timestamp(ends_on), pd.Timestamp(begins_on)
    reason = np.select(
        [paper.isna(), paper < begin, trial <= paper, paper > end],
        ["no_paper", "known_before", "trial_first", "after_the_end"],
        default="",
    )
    counts = reason == ""
    months = ((trial.fillna(end) - paper).dt.days / _MONTH).where(counts)
    table = pd.DataFrame(
        {
            "entity_id": found["entity_id"],
            "entity_type": found["entity_type"],
            "first_paper_on": paper.dt.strftime("%Y-%m-%d"),
            "first_trial_on": trial.dt.strftime("%Y-%m-%d"),
            "months": months,
            "followed": trial.notna(),
            "reason": reason,
        }
    )
    followed = trial.notna().to_numpy(dtype=float)
    curve = kaplan_meier(months.to_numpy(dtype=float)[counts], followed[counts])
    return LeadTimes(table, curve, ends_on)
