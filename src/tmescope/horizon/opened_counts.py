"""Numbers of a ranking opened to the newest of the documents behind them, for many entities and pairs at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from tmescope.horizon.mention_index import KINDS, MentionIndex
from tmescope.horizon.quarters import number_of

__all__ = ["open_counts"]

_OPEN = """
WITH named AS (SELECT w.k, m.d, m.c, m.day FROM trend_mentions m JOIN opened_wanted w USING (e){scope}
               WHERE m.q >= ? AND (m.c <> 0 OR m.q IN (SELECT unnest(?::INTEGER[])))
               GROUP BY w.k, w.size, m.d, m.c, m.day HAVING count(*) = w.size),
placed AS (SELECT *, count(*) OVER (PARTITION BY k, c) AS n, row_number() OVER (PARTITION BY k, c ORDER BY day DESC, d)
           AS place FROM named)
SELECT k, p.c, n, doc_id, CAST(p.day AS VARCHAR) AS entered_on, v.title
FROM placed p JOIN trend_documents t USING (d) LEFT JOIN documents v USING (doc_id)
WHERE place <= ? ORDER BY k, p.c, p.day DESC, doc_id
"""


def open_counts(
    index: MentionIndex,
    wanted: Sequence[tuple[str, ...]],
    *,
    since: date,
    quarters: Sequence[int],
    most: int = 50,
    focus: str | None = None,
) -> pd.DataFrame:
    """Return the newest documents behind the numbers of entities and pairs.

    Parameters
    ----------
    index : MentionIndex
    wanted : sequence of tuple of str
        Entities: one, or two that a document must both name.
    since : datetime.date
        The quarter of this day is the first that counts.
    quarters : sequence of int
        Running numbers of those that papers are counted in; other kinds are in all.
    most : int
        Documents of each kind that are listed.
    focus : str, optional
        Name of the area of which the documents were chosen by `tmescope.horizon.focus_documents.select_area`, among
        which is counted; among all if omitted.

    Returns
    -------
    pandas.DataFrame
        The table ``horizon_documents``: of each entity or pair and kind the newest documents, and in ``n`` how many
        there are in all; in the order of `wanted`.

    Notes
    -----
    One query for all of them: titles are read once. Of documents of one day those whose doc_id comes first are listed,
    as `MentionIndex` numbers documents in this order.
    """
    codes = {one: index.codes_of(one) for one in wanted}
    rows = [(k, e, len(one)) for k, one in enumerate(wanted) for e in codes[one]]
    given = pd.DataFrame(rows, columns=["k", "e", "size"]).astype("int32")
    index.connection.register("opened_wanted", given)
    try:
        found = index.connection.execute(
            _OPEN.format(scope="" if focus is None else " SEMI JOIN trend_focus f ON f.d = m.d"),
            [number_of(since), [int(q) for q in quarters], most],
        ).fetch_df()
    finally:
        index.connection.unregister("opened_wanted")
    places = found.pop("k").to_numpy(dtype=np.int64)
    return pd.DataFrame(
        {
            "focus": focus or "",
            "entity_a": [wanted[k][0] for k in places],
            "entity_b": [wanted[k][1] if len(wanted[k]) > 1 else None for k in places],
            "kind": np.array(KINDS, dtype=object)[found["c"].to_numpy(dtype=np.int64)],
            "n": found["n"],
            "doc_id": found["doc_id"],
            "entered_on": found["entered_on"],
            "title": found["title"],
        }
    )
