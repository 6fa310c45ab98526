"""How two runs' tables differ, row by row: what came, what went, what changed beyond rounding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["KEYS", "THRESHOLDS", "Change", "compare_tables"]

KEYS: Mapping[str, tuple[str, ...]] = {
    "cohorts": ("cohort_id",),
    "samples": ("cohort_id", "sample_id"),
    "scores": ("cohort_id", "sample_id", "method", "feature"),
    "fractions": ("cohort_id", "sample_id", "method", "feature"),
    "agreement": ("cohort_id", "cell_type"),
    "accuracy": ("cohort_id", "method", "cell_type"),
    "subtypes": ("cohort_id", "sample_id", "model"),
    "subtype_models": ("cohort_id", "model"),
    "features": ("cohort_id", "sample_id", "feature"),
    "cell_samples": ("cohort_id", "sample_id"),
    "cell_groups": ("cohort_id", "sample_id", "label"),
    "cell_quality": ("cohort_id", "sample_id", "measure", "low"),
    "cell_markers": ("cohort_id", "group", "gene"),
    "trends": ("focus", "entity_id"),
    "trend_counts": ("focus", "entity_id", "quarter", "kind"),
    "trend_pairs": ("focus", "entity_a", "entity_b"),
    "lead_times": ("entity_id",),
    "lead_curve": ("months",),
    "backtest": ("frozen_on", "outcome", "ranking", "k"),
    "backtest_entities": ("frozen_on", "entity_id"),
    "horizon_sources": ("kind", "source"),
    "horizon_areas": ("focus",),
    "horizon_documents": ("focus", "entity_a", "entity_b", "kind", "doc_id"),
    "horizon_changes": ("watch", "kind", "doc_id", "on", "entity", "before", "after"),
    "landscape_trials": ("subject", "doc_id"),
    "landscape_counts": ("subject", "axis", "value"),
    "landscape_crossed": ("subject", "row_axis", "row", "column_axis", "column"),
    "landscape_first": ("subject", "doc_id"),
    "landscape_partners": ("subject", "partner"),
    "landscape_formats": ("subject", "modality", "phase"),
    "landscape_actors": ("subject", "sponsor", "sponsor_class"),
    "landscape_gaps": ("subject", "kind", "value", "phase"),
    "answers": ("cohort_id", "question_id", "feature", "source", "effect_name", "adjusted_for"),
    "pooled": ("question_id", "feature", "source", "effect_name", "adjusted_for", "stratum"),
    "screens": ("cohort_id", "question_id", "feature", "source", "effect_name", "adjusted_for"),
    "screens_pooled": ("question_id", "feature", "source", "effect_name", "adjusted_for", "stratum"),
    "meta_regression": ("question_id", "feature", "source", "effect_name", "adjusted_for", "moderator", "level"),
    "moderators": ("question_id", "cohort_id", "moderator"),
    "cuts": ("cohort_id", "question_id", "feature", "source"),
    "visits": ("question_id", "cohort_id", "sample_id", "feature", "source"),
    "leave_one_out": ("question_id", "feature", "source", "effect_name", "adjusted_for", "stratum", "left_out_cohort"),
    "expression": ("cohort_id", "question_id", "feature"),
    "expression_fits": ("cohort_id", "question_id"),
    "expression_sets": ("cohort_id", "question_id", "gene_set"),
    "predictions": ("cohort_id", "sample_id", "model", "predictor"),
    "model_performance": ("cohort_id", "model", "predictor", "compared_with", "measure", "scheme"),
    "model_curves": ("model", "predictor", "cohort_id", "curve", "x"),
    "model_coefficients": ("model", "left_out", "column"),
    "curves": ("cohort_id", "endpoint", "feature", "source", "group", "time_months"),
    "incidence": ("cohort_id", "question_id", "feature", "source", "group", "cause", "time_months"),
    "quality": ("cohort_id", "check"),
    "overlaps": ("cohort_a", "sample_a", "cohort_b", "sample_b"),
    "gene_mapping": ("cohort_id", "input_id", "gene_symbol"),
    "warnings": ("code", "where", "message"),
    "methods": ("name",),
    "signatures": ("name",),
    "tripod": ("model", "item"),
    "remark": ("item",),
    "leading_edge": ("cohort_id", "sample_id", "method", "feature", "gene_symbol"),
    "sample_flags": ("cohort_id", "sample_id", "check"),
}
"""Columns that say which row is which."""

THRESHOLDS = (0.05, 0.1, 0.25)
"""Limits of q whose crossing is pointed out."""

_RELATIVE, _ABSOLUTE = 1e-9, 1e-12
_NUMBERS = ("effect", "std_error", "ci_low", "ci_high", "p_value", "q_value")
_COUNT = "n-th with this key"
_Told = tuple[str, tuple[dict[str, Any], ...]]


@dataclass(frozen=True)
class Change:
    """One thing that differs between two tables.

    Parameters
    ----------
    table : str
        Its name.
    kind : {"gained", "lost", "changed", "rounding", "columns", "table"}
        What happened: rows that only the second or the first run has, rows of both that differ, rows that differ in the
        last digits alone, columns or the whole table that only one has.
    count : int
        How many rows (or columns).
    summary : str
        One sentence.
    cohort, method : str
        Where all of it lies in one; else empty.
    details : tuple of dict
        JSON-able: one each, in the order of the key.
    """

    table: str
    kind: str
    count: int
    summary: str
    cohort: str = ""
    method: str = ""
    details: tuple[dict[str, Any], ...] = field(default=(), repr=False)


def compare_tables(name: str, first: pd.DataFrame, second: pd.DataFrame) -> list[Change]:
    """Return what differs between a table of one run and the same of another.

    Parameters
    ----------
    name : str
        In `KEYS`.
    first, second : pandas.DataFrame
        As `tmescope.study.run_records.read_run_table` returns them.

    Returns
    -------
    list of Change
        Empty where they are equal. Scores are told by cohort and method, all else by table and cohort.

    Notes
    -----
    Numbers are equal within 1e-9 of their size (or 1e-12); smaller differences are told as rounding. Missing equals
    missing. Rows that share a key are matched in their order.
    """
    keys = list(KEYS[name])
    one, two = _indexed(first, keys), _indexed(second, keys)
    found = list(_columns(name, first, second))
    found += _present(name, "lost", one.loc[~one.index.isin(two.index)])
    found += _present(name, "gained", two.loc[~two.index.isin(one.index)])
    shared = one.index[one.index.isin(two.index)]
    columns = [c for c in one.columns if c in two.columns]
    one, two = one.loc[shared, columns], two.loc[shared, columns]
    differs, rounded = _differences(one, two)
    found += _changed(_Rows(name, one, two, differs))
    n_rounded = int((rounded.any(axis=1) & ~differs.any(axis=1)).sum())
    if n_rounded:
        found.append(Change(name, "rounding", n_rounded, f"{n_rounded:,} rows differ in the last digits alone"))
    return found


def _indexed(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    numbered = table.assign(**{_COUNT: table.groupby(keys, dropna=False, sort=False).cumcount()})
    # a missing part of a key would equal nothing, not even itself
    parts = {k: numbered[k].astype(object).where(numbered[k].notna(), "") for k in (*keys, _COUNT)}
    numbered.index = pd.MultiIndex.from_frame(pd.DataFrame(parts))
    return numbered.drop(columns=[*keys, _COUNT])


def _columns(name: str, first: pd.DataFrame, second: pd.DataFrame) -> Iterator[Change]:
    for word, there, other in (("lost", first, second), ("gained", second, first)):
        only = [str(c) for c in there.columns if c not in other.columns]
        if only:
            yield Change(name, "columns", len(only), f"columns {word}: {', '.join(only)}", details=({word: only},))


def _present(name: str, kind: str, rows: pd.DataFrame) -> Iterator[Change]:
    for place, part in _by_place(name, rows):
        details = tuple(_key(name, index) for index in part.index)
        shown = "; ".join(", ".join(str(v) for v in d.values() if v != "") for d in details[:3])
        noun = "row" if len(part) == 1 else "rows"
        more = ", ..." if len(part) > 3 else ""
        yield Change(name, kind, len(part), f"{len(part):,} {noun} {kind}: {shown}{more}", *place, details=details)


def _by_place(name: str, rows: pd.DataFrame) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    if not len(rows):
        return
    levels = [k for k in ("cohort_id", "method") if k in KEYS[name]]
    if not levels:
        yield ("", ""), rows
        return
    for place, part in rows.groupby(level=levels if len(levels) > 1 else levels[0], sort=False):
        at = place if isinstance(place, tuple) else (place,)
        named = dict(zip(levels, at, strict=True))
        yield (str(named.get("cohort_id", "")), str(named.get("method", ""))), part


def _key(name: str, index: Any) -> dict[str, Any]:
    parts = index if isinstance(index, tuple) else (index,)
    return {k: _plain(v) for k, v in zip(KEYS[name], parts, strict=False)}


def _differences(one: pd.DataFrame, two: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    differs = pd.DataFrame(False, index=one.index, columns=one.columns)
    rounded = differs.copy()
    for column in one.columns:
        a, b = one[column], two[column]
        both_missing = (a.isna() & b.isna()).to_numpy(dtype=bool)
        one_missing = (a.isna() ^ b.isna()).to_numpy(dtype=bool)
        if pd.api.types.is_float_dtype(a.dtype) and pd.api.types.is_float_dtype(b.dtype):
            x, y = a.to_numpy(dtype=np.float64), b.to_numpy(dtype=np.float64)
            close = np.isclose(x, y, rtol=_RELATIVE, atol=_ABSOLUTE, equal_nan=True)
            differs[column] = ~close
            rounded[column] = close & (x != y) & ~both_missing
        else:
            known = [c.astype(object).where(c.notna(), "").to_numpy() for c in (a, b)]
            differs[column] = one_missing | ((known[0] != known[1]) & ~both_missing)
    return differs, rounded


@dataclass(frozen=True)
class _Rows:
    """Rows of one place that both runs have and that differ."""

    table: str
    one: pd.DataFrame
    two: pd.DataFrame
    differs: pd.DataFrame

    @property
    def columns(self) -> list[str]:
        return [str(c) for c in self.differs.columns if self.differs[c].any()]

    def cells(self) -> Iterator[dict[str, Any]]:
        columns = {c: (self.one[c].to_numpy(object), self.two[c].to_numpy(object)) for c in self.columns}
        differs = {c: self.differs[c].to_numpy(dtype=bool) for c in self.columns}
        for i, index in enumerate(self.differs.index):
            values = {c: [_plain(a[i]), _plain(b[i])] for c, (a, b) in columns.items() if differs[c][i]}
            yield {**_key(self.table, index), "changed": values}


def _changed(both: _Rows) -> Iterator[Change]:
    rows = both.differs.loc[both.differs.any(axis=1)]
    for place, part in _by_place(both.table, rows):
        own = _Rows(both.table, both.one.loc[part.index], both.two.loc[part.index], part)
        summary, details = _TELLERS.get(both.table, _any)(own)
        yield Change(both.table, "changed", len(part), summary, *place, details=details)


def _any(rows: _Rows) -> _Told:
    noun = "row" if len(rows.differs) == 1 else "rows"
    return f"{len(rows.differs):,} {noun} changed in {', '.join(rows.columns)}", tuple(rows.cells())


def _scores(rows: _Rows) -> _Told:
    names = rows.one.index.get_level_values("feature")
    x, y = (side["value"].to_numpy(dtype=np.float64) for side in (rows.one, rows.two))
    size = np.where(np.isnan(x) | np.isnan(y), -1.0, np.abs(y - x))
    largest = int(size.argmax())
    vanished, appeared = int((np.isnan(y) & ~np.isnan(x)).sum()), int((np.isnan(x) & ~np.isnan(y)).sum())
    features = list(dict.fromkeys(str(n) for n in names))
    counted = f"{len(x):,} {'score' if len(x) == 1 else 'scores'}"
    sets = f"{len(features):,} gene set{'' if len(features) == 1 else 's'}"
    parts = [f"{counted} of {sets} changed in {', '.join(rows.columns)}"]
    if size[largest] > 0:
        sample = rows.one.index.get_level_values("sample_id")[largest]
        parts.append(f"largest change {x[largest]:.6g} to {y[largest]:.6g} ({names[largest]}, {sample})")
    parts += [f"{n:,} {word}" for n, word in ((vanished, "became missing"), (appeared, "appeared")) if n]
    details = []
    for feature in features:
        own = np.asarray(names == feature)
        biggest = float(size[own].max())
        details.append(
            {"feature": feature, "count": int(own.sum()), "largest_change": biggest if biggest >= 0 else None}
        )
    return "; ".join(parts), tuple(details)


def _answers(rows: _Rows) -> _Told:
    details = list(rows.cells())
    before, after = (side["q_value"].to_numpy(dtype=np.float64) for side in (rows.one, rows.two))
    flips = []
    for detail, q, new in zip(details, before, after, strict=True):
        crossed = [limit for limit in THRESHOLDS if (q < limit) != (new < limit)]
        if crossed:
            detail["crossed"] = crossed
            name = f"{detail['feature']} ({detail['effect_name']}, {detail['source']})"
            flips.append(f"{name}: q {_short(q)} to {_short(new)}, across {', '.join(f'{c:g}' for c in crossed)}")
    told = [c for c in _NUMBERS if c in rows.columns] + [c for c in rows.columns if c not in _NUMBERS]
    noun = "answer" if len(details) == 1 else "answers"
    summary = f"{len(details):,} {noun} changed in {', '.join(told)}"
    if flips:
        shown = "; ".join(flips[:3]) + ("; ..." if len(flips) > 3 else "")
        return f"{summary}; {len(flips)} crossed a limit of q: {shown}", tuple(details)
    return f"{summary}; none crossed a limit of q ({', '.join(f'{t:g}' for t in THRESHOLDS)})", tuple(details)


_TELLERS: Mapping[str, Callable[[_Rows], _Told]] = {"scores": _scores, "fractions": _scores, "answers": _answers}


def _short(value: float) -> str:
    return "missing" if np.isnan(value) else f"{value:.3g}"


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and np.isinf(value):
        return str(value)
    return value
