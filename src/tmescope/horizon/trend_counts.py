"""How many papers, reviews, preprints and trials name an entity in each quarter, and which ones they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.foundation.errors import InputError, UnknownNameError
from tmescope.horizon.mention_index import KINDS, MentionIndex
from tmescope.horizon.quarters import begin_of, name_of, number_of, read_quarter

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["QuarterCounts", "count_quarters", "documents_of"]

_LATE_BEGIN = timedelta(days=14)
"""A quarter whose first document is of a later day began before the documents did."""


@dataclass(frozen=True)
class QuarterCounts:
    """Documents of each entity, quarter and kind.

    Parameters
    ----------
    entities : pandas.DataFrame
        entity_id, entity_type, first_on (first day on which a document of any kind that is counted named it).
    quarters : tuple of int
        Running numbers, without gaps.
    counts : array of int, shape (n_entities, n_quarters, 4)
        By kind in the order of `KINDS`.
    corpus : array of int, shape (n_quarters, 4)
        All documents.
    masked : array of bool, shape (n_quarters, 4)
        Quarters that are not complete yet, or began before there were documents of the kind.
    """

    entities: pd.DataFrame
    quarters: tuple[int, ...]
    counts: NDArray[np.int64]
    corpus: NDArray[np.int64]
    masked: NDArray[np.bool_]

    def table(self, focus: str = "") -> pd.DataFrame:
        """Return the table ``trend_counts``: one row an entity, quarter and kind with documents.

        Parameters
        ----------
        focus : str
            Name of the focus area, for the table.

        Returns
        -------
        pandas.DataFrame
            focus, entity_id, quarter, kind, n, corpus, masked; in this order.
        """
        entity, quarter, kind = np.nonzero(self.counts)
        names = np.array([name_of(q) for q in self.quarters], dtype=object)
        return pd.DataFrame(
            {
                "focus": focus,
                "entity_id": self.entities["entity_id"].to_numpy()[entity],
                "quarter": names[quarter],
                "kind": np.array(KINDS, dtype=object)[kind],
                "n": self.counts[entity, quarter, kind],
                "corpus": self.corpus[quarter, kind],
                "masked": self.masked[quarter, kind],
            }
        )


def count_quarters(
    index: MentionIndex,
    *,
    since: date,
    until: date | None = None,
    entity_types: Sequence[str] = (),
    in_focus: bool = False,
) -> QuarterCounts:
    """Count the distinct documents that name each entity in each quarter, by the day on which they were entered.

    Parameters
    ----------
    index : MentionIndex
    since : datetime.date
        The quarter of this day is the first.
    until : datetime.date, optional
        The quarter of this day is the last; that of the last document if omitted.
    entity_types : sequence of str
        Count these types alone; all if empty.
    in_focus : bool
        Count among the documents of `tmescope.horizon.focus_documents.select_area` alone, of which the corpus then
        is made too.

    Returns
    -------
    QuarterCounts

    Raises
    ------
    InputError
        If no quarter is left.
    """
    last = number_of(until or max(c.updated_on for c in index.coverage.values()))
    quarters = tuple(range(number_of(since), last + 1))
    if not quarters:
        raise InputError(
            f"counting begins {since} and ends {until or name_of(last)}",
            where="argument since",
            expected="an earlier day",
        )
    scope = _scope(in_focus)
    chosen = "AND e IN (SELECT e FROM trend_entities WHERE list_contains(?::VARCHAR[], entity_type)) "
    given: list[Any] = [quarters[0], last, *([list(entity_types)] if entity_types else [])]
    corpus = np.zeros((len(quarters), len(KINDS)), dtype=np.int64)
    q, c, n = _columns(
        index,
        f"SELECT q, c, count(*) AS n FROM trend_documents{scope} WHERE q BETWEEN ? AND ? GROUP BY q, c",  # noqa: S608
        [quarters[0], last],
    )
    corpus[q - quarters[0], c] = n
    e, q, c, n = _columns(
        index,
        f"SELECT e, q, c, n FROM {_cells(in_focus)} WHERE q BETWEEN ? AND ? {chosen if entity_types else ''}",  # noqa: S608 - ours
        given,
    )
    codes, place = np.unique(e, return_inverse=True)
    counts = np.zeros((len(codes), len(quarters), len(KINDS)), dtype=np.int64)
    counts[place, q - quarters[0], c] = n
    return QuarterCounts(_entities(index, codes, in_focus=in_focus), quarters, counts, corpus, _masked(index, quarters))


def documents_of(
    index: MentionIndex,
    entity_ids: str | Sequence[str],
    *,
    quarter: str | None = None,
    kind: str | None = None,
    in_focus: bool = False,
    since: date | None = None,
    complete: bool = False,
) -> pd.DataFrame:
    """Open a number to the documents behind it.

    Parameters
    ----------
    index : MentionIndex
    entity_ids : str or sequence of str
        Entity, or several that a document must all name.
    quarter : str, optional
        Such as ``2021Q4``; all if omitted.
    kind : str, optional
        One of `KINDS`; all if omitted.
    in_focus : bool
        Those of `tmescope.horizon.focus_documents.select_area` alone.
    since : datetime.date, optional
        The quarter of this day is the first; all are if omitted.
    complete : bool
        Leave out papers of quarters that a ranking leaves out: not complete, or begun before there were papers.

    Returns
    -------
    pandas.DataFrame
        doc_id, kind, entered_on, quarter, title; by day, then doc_id.

    Raises
    ------
    UnknownNameError
        If nothing mentions an entity, or there is no such kind.
    InputError
        If the quarter is none.
    """
    names = [entity_ids] if isinstance(entity_ids, str) else list(entity_ids)
    codes = [index.code_of(name) for name in names]
    if kind is not None and kind not in KINDS:
        raise UnknownNameError.of("kind of document", kind, KINDS)
    number = None if quarter is None else read_quarter(quarter)
    scope, first = _scope(in_focus), None if since is None else number_of(since)
    table = index.connection.execute(
        f"WITH chosen AS (SELECT d FROM trend_mentions{scope} WHERE e IN (SELECT unnest(?::INTEGER[])) "  # noqa: S608
        "AND (?::INTEGER IS NULL OR q = ?) AND (?::INTEGER IS NULL OR c = ?) AND (?::INTEGER IS NULL OR q >= ?) "
        "GROUP BY d HAVING count(*) = ?) "
        "SELECT t.doc_id, t.c, t.day AS entered_on, t.q, v.title FROM chosen JOIN trend_documents t USING (d) "
        "JOIN documents v USING (doc_id) ORDER BY t.day, t.doc_id",
        [codes, number, number, *([None if kind is None else KINDS.index(kind)] * 2), first, first, len(set(codes))],
    ).fetch_df()
    if complete:
        numbers = tuple(int(q) for q in table["q"].unique())
        left_out = [q for q, one in zip(numbers, _masked(index, numbers)[:, 0], strict=True) if one]
        table = table[(table["c"] != 0) | ~table["q"].isin(left_out)].reset_index(drop=True)
    table["kind"] = np.array(KINDS, dtype=object)[table.pop("c").to_numpy(dtype=np.int64)]
    table["quarter"] = [name_of(int(q)) for q in table.pop("q")]
    return table[["doc_id", "kind", "entered_on", "quarter", "title"]]


def _scope(in_focus: bool) -> str:
    return " SEMI JOIN trend_focus USING (d)" if in_focus else ""


def _cells(in_focus: bool) -> str:
    """Return the relation of e, q, c, n, first_on."""
    if not in_focus:
        return "trend_cells"
    return f"(SELECT e, q, c, count(*) AS n, min(day) AS first_on FROM trend_mentions{_scope(True)} GROUP BY e, q, c)"  # noqa: S608


def _columns(index: MentionIndex, query: str, given: list[Any]) -> list[NDArray[np.int64]]:
    """Return the columns of an answer of whole numbers."""
    found = index.connection.execute(query, given).fetchnumpy()
    return [np.asarray(column, dtype=np.int64) for column in found.values()]


def _entities(index: MentionIndex, codes: NDArray[np.int64], *, in_focus: bool) -> pd.DataFrame:
    table: pd.DataFrame = index.connection.execute(
        "SELECT entity_id, entity_type, f.first_on FROM trend_entities JOIN (SELECT e, min(first_on) AS first_on "  # noqa: S608
        f"FROM {_cells(in_focus)} GROUP BY e) f USING (e) WHERE e IN (SELECT unnest(?::INTEGER[])) ORDER BY e",
        [codes.tolist()],
    ).fetch_df()
    return table


def _masked(index: MentionIndex, quarters: tuple[int, ...]) -> NDArray[np.bool_]:
    masked = np.ones((len(quarters), len(KINDS)), dtype=bool)
    for column, kind in enumerate(KINDS):
        if kind in index.coverage:
            own = index.coverage[kind]
            masked[:, column] = [begin_of(q) + _LATE_BEGIN < own.first_on or not own.is_complete(q) for q in quarters]
    return masked
