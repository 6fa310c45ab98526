"""What a lake knows now of some entities that it did not know on a day: a watch without a memory of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from tmescope.horizon.alerts import KINDS, Alert, find_alerts
from tmescope.horizon.sightings import sight
from tmescope.horizon.watches import Watch

if TYPE_CHECKING:
    import pandas as pd

    from tmescope.store.lake import Lake

__all__ = ["find_changes"]

_APPEARANCES = frozenset({"new_trial", "new_paper", "first_paper", "first_together"})


def find_changes(lake: Lake, watches: Sequence[Watch], *, since: date, until: date | None = None) -> pd.DataFrame:
    """Return what is new for watches since a day, by what the lake says was known then.

    Parameters
    ----------
    lake : Lake
        With papers and trials.
    watches : sequence of Watch
        What is looked for; their names stand in the table.
    since : datetime.date
        What was known at the end of this day is known.
    until : datetime.date, optional
        The day whose knowledge is compared; all that the lake has if omitted.

    Returns
    -------
    pandas.DataFrame
        Schema ``horizon_changes``: one row a change, by watch, kind and document.

    Notes
    -----
    Unlike a watch that runs, this cannot tell what a source changed without a date: a retraction is dated by the
    version of the paper that says so. What was posted or entered by the day is no news where the lake has younger
    versions of it alone: what it named on the day is not known. Nor is what has no day of its own: a registry's short
    answer may leave out when the trial was posted.
    """
    import pandas as pd

    from tmescope.store.tables import SCHEMAS, shape_table

    before = lake.as_of(since)
    now = lake.connect() if until is None else lake.as_of(until)
    rows = [
        _row(one)
        for watch in watches
        for one in find_alerts(now, watch, before=sight(before, watch), now=sight(now, watch))
        if one.kind not in _APPEARANCES or one.on > since.isoformat()
    ]
    return shape_table("horizon_changes", pd.DataFrame(rows, columns=list(SCHEMAS["horizon_changes"].columns)))


def _row(one: Alert) -> dict[str, str | None]:
    return {
        "watch": one.watch,
        "kind": one.kind,
        "what": KINDS[one.kind],
        "doc_id": one.doc_id,
        "title": one.title,
        "on": one.on or None,
        "entity": one.entity or None,
        "before": one.before or None,
        "after": one.after or None,
        "related": ";".join(one.related) or None,
    }
