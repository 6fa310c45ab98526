"""What rises in a lake or a focus area of it: entities and pairs by their names, measured once for every door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from tmescope.horizon.entity_names import name_indexed
from tmescope.horizon.pairs import PairOptions, Pairs, rank_pairs
from tmescope.horizon.trend_counts import QuarterCounts, count_quarters
from tmescope.horizon.trends import Trends, rank_trends

if TYPE_CHECKING:
    from tmescope.horizon.mention_index import MentionIndex

__all__ = ["Rising", "measure_rising"]


@dataclass(frozen=True)
class Rising:
    """What rises.

    Parameters
    ----------
    counts : QuarterCounts
        Documents of each entity and quarter.
    trends : Trends
        Entities by the lower bound of their slope.
    pairs : Pairs, optional
        Pairs of entities that papers name; None where there are no papers, or they were not asked for.
    """

    counts: QuarterCounts
    trends: Trends
    pairs: Pairs | None


def measure_rising(
    index: MentionIndex,
    *,
    since: date,
    entity_types: Sequence[str] = (),
    focus: str | None = None,
    with_pairs: bool = True,
) -> Rising:
    """Rank entities by how fast their share surely rises, and pairs by how much more often than by chance they meet.

    Parameters
    ----------
    index : MentionIndex
    since : datetime.date
        The quarter of this day is the first.
    entity_types : sequence of str
        Types that count; all if empty.
    focus : str, optional
        Name of the area whose documents `tmescope.horizon.focus_documents.select_area` chose: these alone count then,
        and the tables say so. All documents if omitted.
    with_pairs : bool
        Whether pairs are ranked too, which costs more than all else.

    Returns
    -------
    Rising
        Entities and pairs under their names, see `tmescope.horizon.entity_names.name_indexed`.

    Raises
    ------
    InputError
        If there are too few complete quarters.
    """
    types, in_focus = tuple(entity_types), focus is not None
    counts = count_quarters(index, since=since, entity_types=types, in_focus=in_focus)
    names = name_indexed(index, counts.entities["entity_id"].tolist())
    trends = rank_trends(counts, focus=focus or "", names=names)
    pairs = None
    if with_pairs and "paper" in index.coverage:
        options = PairOptions(entity_types=types)
        pairs = rank_pairs(index, since=since, options=options, in_focus=in_focus, focus=focus or "", names=names)
    return Rising(counts, trends, pairs)
