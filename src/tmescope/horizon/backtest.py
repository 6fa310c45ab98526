"""What a ranking of a past day was worth: made with what was known then, judged by what came afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special, stats

from tmescope.foundation.errors import InputError
from tmescope.horizon.frozen import find_leaks, freeze, refuse_leaks
from tmescope.horizon.mention_index import KINDS, MentionIndex, index_mentions
from tmescope.horizon.quarters import begin_of, end_of, name_of, number_of
from tmescope.horizon.trend_counts import QuarterCounts, count_quarters
from tmescope.horizon.trends import TrendOptions, Trends, rank_trends
from tmescope.stats.retrieval import TopPrecision, precision_at

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["Backtest", "BacktestOptions", "backtest"]

_YEAR = 4
OUTCOMES = ("grew", "first_trial")
_MEASURES = (
    *("k", "n_hits", "n", "n_hits_total", "precision", "ci_low", "ci_high"),
    *("enrichment", "enrichment_low", "enrichment_high", "p_value"),
)
_COLUMNS = ("frozen_on", "outcome", "ranking", *_MEASURES)
RANKINGS = ("tmescope", "total_count", "last_year_count", "random")


@dataclass(frozen=True, kw_only=True)
class BacktestOptions:
    """What came true, and how it is looked at.

    Parameters
    ----------
    quarters : int
        Quarters after the frozen day in which something must come.
    growth : float
        Share of the literature in those quarters over that in the last year before, from which an entity grew.
    level : float
        An entity that grew has a one-sided exact p-value below this, too.
    least_after : int
        And as many documents afterwards.
    ks : tuple of int
        Lengths of the tops that are looked at.
    trends : TrendOptions
        How entities are ranked.
    resamples : int
        Of the bootstrap.
    """

    quarters: int = 8
    growth: float = 1.5
    level: float = 0.05
    least_after: int = 10
    ks: tuple[int, ...] = (10, 20, 50)
    trends: TrendOptions = field(default_factory=TrendOptions)
    resamples: int = 1000


@dataclass(frozen=True)
class Backtest:
    """A ranking of a past day and what came of it.

    Parameters
    ----------
    table : pandas.DataFrame
        The table ``backtest``: one row an outcome, ranking and k.
    entities : pandas.DataFrame
        The table ``backtest_entities``: one row a ranked entity.
    trends : Trends
        The ranking.
    frozen_on : datetime.date
    judged_from, judged_until : str
        First and last quarter by which it was judged.
    """

    table: pd.DataFrame
    entities: pd.DataFrame
    trends: Trends
    frozen_on: date
    judged_from: str
    judged_until: str


def backtest(
    frozen: duckdb.DuckDBPyConnection,
    later: duckdb.DuckDBPyConnection,
    *,
    day: date,
    since: date,
    rng: np.random.Generator,
    options: BacktestOptions | None = None,
    terms: pa.Table | None = None,
) -> Backtest:
    """Rank with what was known on a day, and measure how much of the top came true.

    Parameters
    ----------
    frozen : duckdb.DuckDBPyConnection
        Views of a lake as of `day` (``Lake.as_of``); they are frozen once more, and searched for leaks.
    later : duckdb.DuckDBPyConnection
        Views of what is current: only the judge reads them, after the ranking was made.
    day : datetime.date
        Last day that is known.
    since : datetime.date
        The quarter of this day is the first that slopes rest on.
    rng : numpy.random.Generator
        For the bootstrap.
    options : BacktestOptions, optional
        The defaults if omitted.
    terms : pyarrow.Table, optional
        When names came into use: see `tmescope.horizon.frozen.freeze`.

    Returns
    -------
    Backtest

    Raises
    ------
    MethodError
        If anything later than the day is in the frozen lake.
    InputError
        If the quarters after the day are not complete.

    Notes
    -----
    The quarter of the day counts as known only if the day ends it; it is judged from the next one on. ``grew``: the
    share of the literature in the quarters afterwards is at least `growth` times that of the last four quarters before,
    the exact one-sided conditional test of two Poisson counts says so, and there are enough documents; both shares are
    read from `later`, with the names of today. ``first_trial``: no trial named it by the day, and one does in the
    quarters afterwards.
    Limits of precision are exact, those of enrichment from a bootstrap over entities; the ranking ``random`` has the
    share of all entities for its precision, and the range of 95% of blind draws for its limits.
    """
    chosen = options or BacktestOptions()
    known = freeze(frozen, day, terms=terms)
    refuse_leaks(find_leaks(known, day, terms=terms), day)
    # the day itself is the last update of what was known, whatever came in by then
    index = index_mentions(known, updated_on=dict.fromkeys(KINDS, day), delay_days=0)
    trends = rank_trends(count_quarters(index, since=since, until=day), options=chosen.trends)
    index.close()
    truth = index_mentions(later)
    # a day within a quarter leaves the rest of it to nobody
    first = number_of(day) + 1
    span = (first, first + chosen.quarters - 1)
    _refuse_incomplete(truth, span, chosen.trends.kinds)
    entities = _judge(trends, truth, day, span=span, options=chosen)
    truth.close()
    return Backtest(
        table=_measure(entities, day, chosen, rng=rng),
        entities=entities,
        trends=trends,
        frozen_on=day,
        judged_from=name_of(span[0]),
        judged_until=name_of(span[1]),
    )


def _refuse_incomplete(truth: MentionIndex, span: tuple[int, int], kinds: tuple[str, ...]) -> None:
    for kind in kinds:
        if kind not in truth.coverage or not truth.coverage[kind].is_complete(span[1]):
            until = truth.coverage[kind].complete_until if kind in truth.coverage else "no day"
            raise InputError(
                f"documents of the kind {kind} are complete until {until}, and are judged until {end_of(span[1])}",
                expected="complete quarters after the day on which the lake is frozen",
                next_step="freeze an earlier day, or judge by fewer quarters",
            )


def _judge(
    trends: Trends, truth: MentionIndex, day: date, *, span: tuple[int, int], options: BacktestOptions
) -> pd.DataFrame:
    before = count_quarters(truth, since=begin_of(span[0] - _YEAR), until=end_of(span[0] - 1))
    after = count_quarters(truth, since=begin_of(span[0]), until=end_of(span[1]))
    columns = [KINDS.index(kind) for kind in options.trends.kinds]
    ids = trends.table["entity_id"]
    n_before, n_after = (_totals(counted, ids, columns) for counted in (before, after))
    sizes = [float(counted.corpus[:, columns].sum()) for counted in (before, after)]
    share = sizes[1] / max(sum(sizes), 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = (n_after / sizes[1]) / (n_before / sizes[0])
    # given both together, those afterwards are binomial where the share did not change
    p_value = special.bdtrc(np.maximum(n_after - 1, 0), n_before + n_after, share)
    p_value = np.where(n_after == 0, 1.0, p_value)
    grew = (growth >= options.growth) & (p_value < options.level) & (n_after >= options.least_after)
    table = trends.table
    return pd.DataFrame(
        {
            "frozen_on": day.isoformat(),
            "entity_id": ids,
            "entity_type": table["entity_type"],
            "rank": table["rank"],
            "n_documents": table["n_documents"],
            "n_last_year": table["n_last_year"],
            "lower_bound": table["lower_bound"],
            "n_before": n_before,
            "n_after": n_after,
            "growth": np.where(np.isfinite(growth), growth, np.nan),
            "growth_p_value": p_value,
            "grew": grew,
            "first_trial": _first_trials(truth, ids, day, last=end_of(span[1])),
            "had_trial": _had_trials(truth, ids, day),
        }
    )


def _totals(counted: QuarterCounts, ids: pd.Series[str], columns: list[int]) -> NDArray[np.int64]:
    totals = pd.Series(counted.counts[:, :, columns].sum(axis=(1, 2)), index=counted.entities["entity_id"].to_numpy())
    return np.asarray(totals.reindex(ids.to_numpy()).fillna(0).to_numpy(dtype=np.int64))


def _trial_days(truth: MentionIndex) -> pd.Series[pd.Timestamp]:
    found = truth.connection.execute(
        "SELECT entity_id, min(day) AS day FROM trend_mentions "
        "JOIN trend_entities USING (e) WHERE c = 3 GROUP BY entity_id ORDER BY entity_id"
    ).fetch_df()
    return pd.Series(pd.to_datetime(found["day"]).to_numpy(), index=found["entity_id"].to_numpy())


def _first_trials(truth: MentionIndex, ids: pd.Series[str], day: date, *, last: date) -> NDArray[np.bool_]:
    days = _trial_days(truth).reindex(ids.to_numpy())
    return np.asarray((days > pd.Timestamp(day)) & (days <= pd.Timestamp(last)))


def _had_trials(truth: MentionIndex, ids: pd.Series[str], day: date) -> NDArray[np.bool_]:
    return np.asarray(_trial_days(truth).reindex(ids.to_numpy()) <= pd.Timestamp(day))


def _measure(entities: pd.DataFrame, day: date, options: BacktestOptions, *, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for outcome in OUTCOMES:
        # what had a trial already cannot have a first one
        asked = entities[~entities["had_trial"]] if outcome == "first_trial" else entities
        if asked.empty:
            continue
        hit = asked[outcome].to_numpy(dtype=bool)
        scores = {
            "tmescope": -asked["rank"].to_numpy(dtype=float),
            "total_count": asked["n_documents"].to_numpy(dtype=float),
            "last_year_count": asked["n_last_year"].to_numpy(dtype=float),
        }
        for k in dict.fromkeys(min(k, len(asked)) for k in options.ks):
            for ranking, score in scores.items():
                found = precision_at(k, score, hit, rng=rng, resamples=options.resamples)
                rows.append(_row(day, outcome, ranking, found=found))
            rows.append(_row(day, outcome, "random", found=_blind(k, hit)))
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _blind(k: int, hit: NDArray[np.bool_]) -> TopPrecision:
    """Return what k items drawn blindly hold."""
    n, total, taken = hit.size, int(hit.sum()), min(k, hit.size)
    low, high = (float(stats.hypergeom.ppf(q, n, total, taken)) / taken for q in (0.025, 0.975))
    base = total / n
    known = 1.0 if total else float("nan")
    scale = 1.0 / base if total else float("nan")
    return TopPrecision(
        k=taken, n_hits=round(base * taken), n=n, n_hits_total=total, precision=base, ci_low=low, ci_high=high,
        enrichment=known, enrichment_low=low * scale, enrichment_high=high * scale, p_value=float("nan"),
        confidence=0.95,
    )  # fmt: skip


def _row(day: date, outcome: str, ranking: str, *, found: TopPrecision) -> dict[str, object]:
    return {
        "frozen_on": day.isoformat(),
        "outcome": outcome,
        "ranking": ranking,
        **{name: getattr(found, name) for name in _MEASURES},
    }
