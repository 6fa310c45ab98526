"""What is written about more and more: slopes of entities, shrunk, ranked by what they surely are at least."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import special

from tmescope.foundation.errors import InputError, UnknownNameError
from tmescope.horizon.mention_index import KINDS
from tmescope.horizon.quarters import name_of
from tmescope.stats.bursts import find_bursts
from tmescope.stats.count_slopes import CountSlopes, fit_count_slopes, pool_dispersion
from tmescope.stats.multiplicity import benjamini_hochberg
from tmescope.stats.slope_shrinkage import ShrunkEffects, shrink_effects

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.horizon.trend_counts import QuarterCounts

__all__ = ["TrendOptions", "Trends", "rank_trends"]

_YEAR = 4
_LEAST_FILLED = 3
_LEAST_QUARTERS = 8
_UNEVEN = 1e-3
_ORDER = (
    "entity_id", "entity_type", "name", "focus", "rank", "n_documents", "n_reviews", "n_preprints", "n_trials",
    "n_last_year", "slope", "std_error", "ci_low", "ci_high", "shrunk_slope", "lower_bound", "p_value", "q_value",
    "burst", "first_on", "flags",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TrendOptions:
    """How trends are ranked.

    Parameters
    ----------
    kinds : tuple of str
        Kinds of documents that slopes are of, added up; reviews, preprints and trials are counted beside them.
    least : int
        Entities with fewer of these documents are not ranked.
    few : int
        Entities with fewer carry the flag ``few``.
    level : float
        Of the lower bound.
    confidence : float
        Of the limits of slopes.
    """

    kinds: tuple[str, ...] = ("paper",)
    least: int = 3
    few: int = 10
    level: float = 0.05
    confidence: float = 0.95


@dataclass(frozen=True)
class Trends:
    """Entities by their surest rise.

    Parameters
    ----------
    table : pandas.DataFrame
        The table ``trends``.
    dispersion : float
        Negative binomial dispersion that all entities share.
    quarters : tuple of str
        Quarters that the slopes rest on.
    masked : tuple of str
        Quarters that were left out because they are not complete.
    n_unranked : int
        Entities with fewer documents than are ranked.
    shrinkage : ShrunkEffects
        With the prior that was estimated.
    notes : tuple of str
        What a reader must know, in plain words.
    """

    table: pd.DataFrame
    dispersion: float
    quarters: tuple[str, ...]
    masked: tuple[str, ...]
    n_unranked: int
    shrinkage: ShrunkEffects
    notes: tuple[str, ...] = field(default=())


def rank_trends(
    counted: QuarterCounts,
    *,
    options: TrendOptions | None = None,
    focus: str = "",
    names: Mapping[str, str] | None = None,
) -> Trends:
    """Rank entities by how fast their share of the literature surely rises.

    Parameters
    ----------
    counted : QuarterCounts
        Of `tmescope.horizon.trend_counts.count_quarters`.
    options : TrendOptions, optional
        The defaults if omitted.
    focus : str
        Name of the focus area, for the table.
    names : mapping of str to str, optional
        What entities are called; their identifiers if omitted.

    Returns
    -------
    Trends
        Sorted by `lower_bound`, then by `shrunk_slope`, the number of documents and the identifier; entities without a
        slope are last. ``flags`` may hold ``few`` (under ten documents), ``one_end`` (all in the first or the last
        quarter: no slope), ``uneven`` (varies far more than the others) and ``new`` (first named within the last two
        years).

    Raises
    ------
    UnknownNameError
        If there is no such kind of document.
    InputError
        If fewer than eight quarters are complete, or fewer than three of them have documents.

    Notes
    -----
    Slopes are changes of the logarithm of the share in a year. See docs/methods/horizon-trends.md.
    """
    chosen = options or TrendOptions()
    kinds = _columns(chosen.kinds)
    used: NDArray[np.bool_] = np.asarray(~counted.masked[:, kinds].any(axis=1))
    if used.sum() < _LEAST_QUARTERS:
        raise InputError(
            f"{int(used.sum())} of {used.size} quarters are complete",
            where="argument since",
            expected=f"{_LEAST_QUARTERS} complete quarters or more",
            next_step="begin earlier, or read more recent documents",
        )
    series, corpus = counted.counts[:, used][:, :, kinds].sum(axis=2), counted.corpus[used][:, kinds].sum(axis=1)
    if (n_filled := int((corpus > 0).sum())) < _LEAST_FILLED:
        raise InputError(
            f"{n_filled} of {len(corpus)} complete quarters have {' or '.join(chosen.kinds)}s",
            where="argument since",
            expected=f"{_LEAST_FILLED} quarters with some or more: a slope needs them",
            next_step="begin earlier, read more documents with tmescope horizon ingest, or leave the focus out",
        )
    ranked = np.flatnonzero(series.sum(axis=1) >= chosen.least)
    series, years = series[ranked], np.flatnonzero(used) / _YEAR
    dispersion = pool_dispersion(series, corpus, years) if len(series) else 0.0
    fits = fit_count_slopes(series, corpus, years, dispersion=dispersion, confidence=chosen.confidence)
    shrunk = shrink_effects(fits.slope, fits.std_error, level=chosen.level)
    columns: dict[str, Any] = {"focus": focus, **_evidence(counted, ranked), **_estimates(fits, shrunk)}
    numbers = np.array(counted.quarters)[used]
    entities = counted.entities.iloc[ranked].reset_index(drop=True)
    columns |= {
        "name": [(names or {}).get(e, e) for e in entities["entity_id"]],
        "n_last_year": series[:, numbers > numbers.max() - _YEAR].sum(axis=1),
        "burst": _bursts(series, corpus, numbers),
        "flags": _flags(fits, entities, numbers, few=chosen.few),
    }
    table = _sorted(entities, columns)
    return Trends(
        table=table,
        dispersion=dispersion,
        quarters=tuple(name_of(int(q)) for q in numbers),
        masked=tuple(name_of(q) for q, keep in zip(counted.quarters, used, strict=True) if not keep),
        n_unranked=len(counted.entities) - len(ranked),
        shrinkage=shrunk,
        notes=_notes(dispersion, counted, used, n_unranked=len(counted.entities) - len(ranked), least=chosen.least),
    )


def _evidence(counted: QuarterCounts, ranked: NDArray[np.int64]) -> dict[str, Any]:
    """Return how many documents of the other kinds name each entity."""
    return {f"n_{k}s": counted.counts[ranked][:, :, KINDS.index(k)].sum(axis=1) for k in KINDS[1:]}


def _estimates(fits: CountSlopes, shrunk: ShrunkEffects) -> dict[str, Any]:
    return {
        "n_documents": fits.total,
        "slope": fits.slope,
        "std_error": fits.std_error,
        "ci_low": fits.ci_low,
        "ci_high": fits.ci_high,
        "shrunk_slope": shrunk.mean,
        "lower_bound": shrunk.lower_bound,
        "p_value": fits.p_value,
        "q_value": benjamini_hochberg(fits.p_value),
    }


def _sorted(entities: pd.DataFrame, columns: Mapping[str, Any]) -> pd.DataFrame:
    """Return the table ``trends``, the surest rise first."""
    days = pd.to_datetime(entities["first_on"]).dt.strftime("%Y-%m-%d")
    table = entities.assign(first_on=days, **columns).sort_values(
        ["lower_bound", "shrunk_slope", "n_documents", "entity_id"],
        ascending=[False, False, False, True],
        kind="stable",
        ignore_index=True,
    )
    return table.assign(rank=np.arange(1, len(table) + 1))[list(_ORDER)]


def _columns(kinds: Sequence[str]) -> list[int]:
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownNameError.of("kind of document", kind, KINDS)
    return [KINDS.index(kind) for kind in kinds]


def _bursts(series: NDArray[np.int64], corpus: NDArray[np.int64], numbers: NDArray[np.int64]) -> list[str]:
    """Return the last burst of each entity as its first and last quarter; empty without one."""
    out = []
    for row in find_bursts(series, corpus):
        inside = np.flatnonzero(row)
        if not inside.size:
            out.append("")
            continue
        first = last = int(inside[-1])
        while first > 0 and row[first - 1]:
            first -= 1
        out.append(f"{name_of(int(numbers[first]))}-{name_of(int(numbers[last]))}")
    return out


def _flags(fits: CountSlopes, table: pd.DataFrame, numbers: NDArray[np.int64], *, few: int) -> list[str]:
    df = max(len(numbers) - 2, 1)
    uneven = special.chdtrc(df, np.nan_to_num(fits.pearson) * df) < _UNEVEN
    first = pd.to_datetime(table["first_on"])
    quarter = 4 * first.dt.year + (first.dt.month - 1) // 3
    new = (quarter > int(numbers.max()) - 2 * _YEAR).to_numpy()
    parts = (
        np.where(fits.total < few, "few", ""),
        np.array(fits.reason, dtype=object),
        np.where(uneven, "uneven", ""),
        np.where(new, "new", ""),
    )
    return [";".join(str(p) for p in row if p) for row in zip(*parts, strict=True)]


def _spread(dispersion: float) -> str:
    """Return in words how much the papers of a quarter vary about an entity's line."""
    if f"{dispersion:.2g}" == "0":
        return "Papers vary about the slopes no more than chance alone makes them (dispersion 0)."
    beyond = f"{100 * math.sqrt(dispersion):.2g}%"
    return (
        f"Papers vary about the slopes by {beyond} of what is expected beside chance (dispersion {dispersion:.3g}, "
        "shared by all entities)."
    )


def _notes(
    dispersion: float, counted: QuarterCounts, used: NDArray[np.bool_], *, n_unranked: int, least: int
) -> tuple[str, ...]:
    names = [name_of(q) for q, keep in zip(counted.quarters, used, strict=True) if not keep]
    notes = [f"Slopes rest on {int(used.sum())} complete quarters. {_spread(dispersion)}"]
    if names:
        notes.append(f"Not complete, and left out: {', '.join(names)}.")
    if n_unranked:
        notes.append(f"{n_unranked} entities with fewer than {least} documents are not ranked.")
    return tuple(notes)
