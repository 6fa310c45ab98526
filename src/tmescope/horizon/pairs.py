"""Which entities papers name together far more than chance would, and since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.foundation.errors import InputError, UnknownNameError
from tmescope.horizon.mention_index import KINDS, MentionIndex
from tmescope.horizon.quarters import begin_of, number_of
from tmescope.stats.gamma_poisson import GammaMixture, fit_gamma_mixture, shrink_ratios

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PairOptions", "Pairs", "find_novel", "rank_pairs"]

_MOST_CELLS = 20_000
"""Pairs from which the prior is estimated; of more, evenly spread ones are taken."""
_FEWEST_CELLS = 10
_BLOCK = 200_000
_YEAR = 4

_NAMED = """
WITH named AS MATERIALIZED (SELECT d, e, q, day FROM trend_mentions{scope}
                            WHERE list_contains(?::INTEGER[], c) AND q <= ?{chosen}{near}),
pairs AS (SELECT (a.e::BIGINT << 32) | b.e AS k, a.d, a.day, a.q
          FROM named a JOIN named b ON a.d = b.d AND a.e < b.e {both})
"""
_MET = """
SELECT k, count(*) FILTER (WHERE q >= ?) AS n, min(day) AS first_on FROM pairs GROUP BY k HAVING n > 0
"""
_CONFIRMED = """,
met AS (SELECT k, pairs.day, g FROM pairs SEMI JOIN trend_met USING (k) JOIN trend_documents USING (d)),
groups AS (SELECT k, g, min(day) AS day FROM met WHERE g IS NOT NULL GROUP BY k, g),
grouped AS (SELECT k, count(*) AS n_groups, min(day, ?) AS days FROM groups GROUP BY k),
papers AS (SELECT k, min(day, ?) AS days FROM met GROUP BY k)
SELECT coalesce(n_groups, 0) AS n_groups,
       CASE WHEN len(papers.days) = ? AND len(grouped.days) = ?
            THEN greatest(papers.days[-1], grouped.days[-1]) END AS confirmed_on
FROM papers LEFT JOIN grouped USING (k) ORDER BY k
"""

_CHOSEN = " AND e IN (SELECT e FROM trend_entities WHERE list_contains(?::VARCHAR[], entity_type))"


@dataclass(frozen=True, kw_only=True)
class PairOptions:
    """Which pairs are ranked, and when a new one is confirmed.

    Parameters
    ----------
    kinds : tuple of str
        Kinds of documents that count, added up.
    least : int
        Pairs with fewer documents are not ranked; they count for the prior.
    papers, groups : int
        Documents, and different groups of authors, that confirm a pair.
    entity_types : tuple of str
        Types of both entities; all if empty.
    with_one_of : tuple of str
        Entities of which a pair holds one at least; all pairs if empty.
    """

    kinds: tuple[str, ...] = ("paper",)
    least: int = 3
    papers: int = 3
    groups: int = 2
    entity_types: tuple[str, ...] = ()
    with_one_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pairs:
    """Pairs by the lower bound of their shrunken ratio.

    Parameters
    ----------
    table : pandas.DataFrame
        The table ``trend_pairs``.
    prior : GammaMixture, optional
        Prior of all pairs; None where too few met, and ratios are missing.
    n_met : int
        Pairs that at least one document names.
    since : datetime.date
        First day of the documents that were counted.
    begins_on : datetime.date
        First day of all documents of these kinds: a pair that met then may have met before.
    """

    table: pd.DataFrame
    prior: GammaMixture | None
    n_met: int
    since: date
    begins_on: date


def rank_pairs(
    index: MentionIndex,
    *,
    since: date,
    until: date | None = None,
    options: PairOptions | None = None,
    in_focus: bool = False,
    focus: str = "",
    names: Mapping[str, str] | None = None,
) -> Pairs:
    """Rank pairs of entities by how much more often documents name both than chance would.

    Parameters
    ----------
    index : MentionIndex
    since : datetime.date
        Documents entered before its quarter count for the first meeting only.
    until : datetime.date, optional
        The quarter of this day is the last; the last complete one if omitted.
    options : PairOptions, optional
        The defaults if omitted.
    in_focus : bool
        Among the documents of `tmescope.horizon.focus_documents.select_area` alone.
    focus : str
        Name of the focus area, for the table.
    names : mapping of str to str, optional
        What entities are called; their identifiers if omitted.

    Returns
    -------
    Pairs

    Raises
    ------
    UnknownNameError
        If there is no such kind of document.
    InputError
        If there are no documents of these kinds.

    Notes
    -----
    Expected is the sum over quarters of ``n_a n_b / N``, so that two things which both came up lately are not taken to
    belong together for that alone. Observed over expected is shrunk by a prior that all pairs which met share
    (`tmescope.stats.gamma_poisson`); ranked by its 5% quantile. ``novel_on`` is the first meeting of a pair that the
    third paper and the second group confirmed; see `find_novel` for which of them are new.
    """
    chosen = options or PairOptions()
    for kind in chosen.kinds:
        if kind not in KINDS:
            raise UnknownNameError.of("kind of document", kind, KINDS)
    there = [index.coverage[k] for k in chosen.kinds if k in index.coverage]
    if not there:
        raise InputError(f"there is no {' or '.join(chosen.kinds)}", expected="documents of these kinds")
    first, last = number_of(since), min(c.last_complete for c in there) if until is None else number_of(until)
    named, given = _named(index, chosen, last, in_focus=in_focus)
    met = _meet(index, named, [*given, first])
    expected = _expect(index, chosen, (first, last), met=met, in_focus=in_focus)
    observed = met["n"].to_numpy(dtype=np.int64)
    prior = _prior(observed, expected)
    shown = observed >= chosen.least
    table = _label(index, met[shown].assign(expected=expected[shown]))
    table = _confirm(index, named, table, chosen=chosen, given=given)
    for name in ("shrunk_ratio", "ratio_low", "ratio_high"):
        table[name] = np.nan
    if prior is not None and shown.any():
        found = shrink_ratios(observed[shown], expected[shown], prior)
        table["shrunk_ratio"], table["ratio_low"], table["ratio_high"] = found.ratio, found.ratio_low, found.ratio_high
    table = table.sort_values(
        ["ratio_low", "n", "entity_a", "entity_b"],
        ascending=[False, False, True, True],
        kind="stable",
        ignore_index=True,
    )
    known = names or {}
    table = table.assign(
        focus=focus, **{f"name_{k}": [known.get(e, e) for e in table[f"entity_{k}"]] for k in ("a", "b")}
    )
    columns = ["focus", "entity_a", "entity_b", "name_a", "name_b", "n", "expected"]
    found_columns = ["shrunk_ratio", "ratio_low", "ratio_high", "first_on", "confirmed_on", "novel_on", "n_groups"]
    return Pairs(
        table=table[[*columns, *found_columns]],
        prior=prior,
        n_met=len(met),
        since=begin_of(first),
        begins_on=min(c.first_on for c in there),
    )


def find_novel(pairs: Pairs, *, since: date, least_ratio: float = 0.0) -> pd.DataFrame:
    """Return the pairs that met for the first time since a day and were confirmed, the newest first.

    Parameters
    ----------
    pairs : Pairs
    since : datetime.date
        First day of the first meeting.
    least_ratio : float
        Of the lower bound of observed over expected: common things meet by chance too, sooner or later.

    Returns
    -------
    pandas.DataFrame
        Rows of ``trend_pairs``.

    Raises
    ------
    InputError
        If the documents begin less than a year before that day: everything would look new.
    """
    if number_of(since) - number_of(pairs.begins_on) < _YEAR:
        raise InputError(
            f"the documents begin on {pairs.begins_on}, and what is new is asked for since {since}",
            where="argument since",
            expected="a year of documents before that day",
            next_step="ask for a later day, or read earlier documents",
        )
    table = pairs.table
    is_new = table["novel_on"].notna() & (table["novel_on"] >= since.isoformat())
    if least_ratio > 0.0:
        is_new &= table["ratio_low"] >= least_ratio
    return table[is_new].sort_values(
        ["novel_on", "n", "entity_a", "entity_b"],
        ascending=[False, False, True, True],
        kind="stable",
        ignore_index=True,
    )


def _named(index: MentionIndex, chosen: PairOptions, last: int, *, in_focus: bool) -> tuple[str, list[Any]]:
    """Return the beginning of a query: each pair with every document that names it; and what is given to it."""
    listed = _listed(index.codes_of(chosen.with_one_of))
    one = bool(chosen.with_one_of)
    query = _NAMED.format(
        scope=_scope(in_focus),
        both=f"AND (a.e IN ({listed}) OR b.e IN ({listed}))" if one else "",
        near=f" AND d IN (SELECT d FROM trend_mentions WHERE e IN ({listed}))" if one else "",  # noqa: S608 - numbers
        chosen=_CHOSEN if chosen.entity_types else "",
    )
    return query, [_kinds(chosen), last, *([list(chosen.entity_types)] if chosen.entity_types else [])]


def _meet(index: MentionIndex, named: str, given: list[Any]) -> pd.DataFrame:
    """Return k, a, b, n, first_on of every pair that met, in the order of its entities."""
    found: pd.DataFrame = index.connection.execute(named + _MET, given).fetch_df()
    met = found.sort_values("k", ignore_index=True)
    k = met["k"].to_numpy(dtype=np.int64)
    return met.assign(a=k >> 32, b=k & 0xFFFFFFFF)


def _confirm(
    index: MentionIndex, named: str, table: pd.DataFrame, *, chosen: PairOptions, given: list[Any]
) -> pd.DataFrame:
    """Add to pairs how many groups wrote of them, and when the last paper and group that are needed came."""
    index.connection.register("trend_met", table[["k"]])
    try:
        found = index.connection.execute(
            named + _CONFIRMED, [*given, chosen.groups, chosen.papers, chosen.papers, chosen.groups]
        ).fetch_df()
    finally:
        index.connection.unregister("trend_met")
    table = table.drop(columns="k").assign(
        n_groups=found["n_groups"].to_numpy(dtype=np.int64), confirmed_on=_days(found["confirmed_on"])
    )
    table["novel_on"] = table["first_on"].where(table["confirmed_on"].notna())
    return table


def _listed(codes: Sequence[int]) -> str:
    return ", ".join(str(int(c)) for c in codes) or "-1"


def _kinds(chosen: PairOptions) -> list[int]:
    return [KINDS.index(kind) for kind in chosen.kinds]


def _scope(in_focus: bool) -> str:
    return " SEMI JOIN trend_focus USING (d)" if in_focus else ""


def _expect(
    index: MentionIndex, chosen: PairOptions, span: tuple[int, int], *, met: pd.DataFrame, in_focus: bool
) -> NDArray[np.float64]:
    """Return how many documents would name both of each pair by chance, added up over quarters."""
    n_quarters = span[1] - span[0] + 1
    given = [_kinds(chosen), *span]
    where = f"{_scope(in_focus)} WHERE list_contains(?::INTEGER[], c) AND q BETWEEN ? AND ?"
    own = index.connection.execute(
        f"SELECT e, q, count(*) AS n FROM trend_mentions{where} GROUP BY e, q",  # noqa: S608 - our own names
        given,
    ).fetchnumpy()
    whole = index.connection.execute(
        f"SELECT q, count(*) AS n FROM trend_documents{where} GROUP BY q",  # noqa: S608 - our own names
        given,
    ).fetchnumpy()
    corpus = np.zeros(n_quarters)
    corpus[np.asarray(whole["q"], dtype=np.int64) - span[0]] = whole["n"]
    codes = np.asarray(own["e"], dtype=np.int64)
    margins = np.zeros((int(codes.max(initial=0)) + 1, n_quarters))
    margins[codes, np.asarray(own["q"], dtype=np.int64) - span[0]] = own["n"]
    margins /= np.sqrt(np.maximum(corpus, 1.0))
    a, b = met["a"].to_numpy(dtype=np.int64), met["b"].to_numpy(dtype=np.int64)
    parts = [
        np.einsum("ij,ij->i", margins[a[i : i + _BLOCK]], margins[b[i : i + _BLOCK]]) for i in range(0, len(a), _BLOCK)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _prior(observed: NDArray[np.int64], expected: NDArray[np.float64]) -> GammaMixture | None:
    if observed.size < _FEWEST_CELLS:
        return None
    taken = np.unique(np.linspace(0, observed.size - 1, min(observed.size, _MOST_CELLS)).astype(np.int64))
    return fit_gamma_mixture(observed[taken], expected[taken])


def _label(index: MentionIndex, met: pd.DataFrame) -> pd.DataFrame:
    names = index.connection.execute("SELECT entity_id FROM trend_entities ORDER BY e").fetchnumpy()["entity_id"]
    return met.assign(
        entity_a=np.asarray(names, dtype=object)[met["a"].to_numpy(dtype=np.int64)],
        entity_b=np.asarray(names, dtype=object)[met["b"].to_numpy(dtype=np.int64)],
        first_on=_days(met["first_on"]),
    ).drop(columns=["a", "b"])


def _days(column: pd.Series[Any]) -> Any:
    return pd.to_datetime(column).dt.strftime("%Y-%m-%d").to_numpy()
