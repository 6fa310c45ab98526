"""Tracks of what was measured beside expression (TMB, PD-L1 ...) and of how good the data of a sample are."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.numbers import decimal, plain
from tmescope.report.palette import CATEGORIES, MISSING_COLOUR, ORDERED, STATUS, category_colours
from tmescope.report.quality_lights import cohort_lights
from tmescope.report.tracks import Track

__all__ = ["MOST_FEATURES", "find_molecular_tracks", "find_quality_tracks"]

MOST_FEATURES = 6
"""Most tracks of further features; more would push the map off the page."""

_KEYS = ["cohort_id", "sample_id"]
_LIGHTS = {"green": "ok", "amber": "notice", "red": "problem", "grey": "unchecked"}
_STATES = {"ok": "all ok", "notice": "notice", "problem": "problem", "unchecked": "not checked"}
_COVERAGE = ((0.8, "below 80%"), (0.95, "80 to 95%"), (np.inf, "95% and above"))
_COVERAGE_COLOURS = (ORDERED[0], ORDERED[1], ORDERED[3])


def find_molecular_tracks(contents: ReportContents) -> tuple[list[Track], list[str]]:
    """Return a track for each further feature, and the names of those that found no room.

    Numbers are cut at the quartiles of all known values; categories beyond the eight most frequent share one colour.
    Features in the order of the run's table, those with fewer than two different values left out.
    """
    table = contents.table("features")
    tracks: list[Track] = []
    beyond: list[str] = []
    for name in pd.unique(table["feature"]):
        part = table[table["feature"] == name].drop_duplicates(_KEYS)
        numeric = str(part["kind"].iloc[0]) == "numeric"
        track = _numeric(part, str(name)) if numeric else _categorical(part, str(name))
        if track is None:
            continue
        if len(tracks) < MOST_FEATURES:
            tracks.append(track)
        else:
            beyond.append(str(name))
    return tracks, beyond


def find_quality_tracks(contents: ReportContents) -> list[Track]:
    """Return the worst check of each sample's cohort, and which share of the signatures' genes the sample has.

    A track on which all samples are alike tells nothing and is left out.
    """
    scores = contents.primary_scores()
    if not len(scores):
        return []
    keys = scores[_KEYS].drop_duplicates()
    states = {light.cohort: _STATES[_LIGHTS[light.colour]] for light in cohort_lights(contents)}
    colours = {_STATES[k]: STATUS.get(k, MISSING_COLOUR) for k in _STATES}
    checks = keys["cohort_id"].map(lambda c: states.get(plain(c), "not checked"))
    coverage = pd.to_numeric(scores["coverage"], errors="coerce").astype(float)
    mean = scores.assign(coverage=coverage).groupby(_KEYS, sort=False)["coverage"].mean()
    found = pd.Series(mean.reindex(pd.MultiIndex.from_frame(keys)).to_numpy(), index=keys.index)
    level = found.map(lambda v: None if np.isnan(v) else next(name for end, name in _COVERAGE if v < end))
    names = dict(zip((name for _, name in _COVERAGE), _COVERAGE_COLOURS, strict=True))
    tracks = [
        _track("Data checks of the cohort", keys, checks, colours=colours),
        _track("Gene coverage", keys, level, colours=names),
    ]
    return [t for t in tracks if len(t.legend) > 1]


def _track(title: str, keys: pd.DataFrame, level: pd.Series, *, colours: dict[str, str]) -> Track:
    level = level.astype(object).where(level.notna(), None)
    values = keys.astype(object).assign(level=level, colour=level.map(colours).astype(object))
    legend = {name: colour for name, colour in colours.items() if (level == name).any()}
    if level.isna().any():
        legend["missing"] = MISSING_COLOUR
    return Track(title, values, legend)


def _numeric(part: pd.DataFrame, name: str) -> Track | None:
    values = pd.to_numeric(part["value"], errors="coerce").astype(float)
    values = values.where(np.isfinite(values))
    known = values.dropna()
    if known.nunique() < 2:
        return None
    places = 0 if known.max() - known.min() > 20 else 1 if known.max() - known.min() > 2 else 2
    ends = sorted({round(float(q), places) for q in known.quantile([0.25, 0.5, 0.75])})
    shown = [decimal(e, places) for e in ends]
    names = [f"below {shown[0]}", *(f"{a} to {b}" for a, b in pairwise(shown)),
             f"{shown[-1]} and above"]  # fmt: skip
    level = values.map(lambda v: None if np.isnan(v) else names[int(np.searchsorted(ends, v, side="right"))])
    unit = part["unit"].iloc[0]
    title = f"{name} ({unit})" if isinstance(unit, str) and unit else name
    colours = dict(zip(names, ORDERED[: len(names)], strict=True))
    return _track(title, part[_KEYS], level, colours=colours)


def _categorical(part: pd.DataFrame, name: str) -> Track | None:
    values = part["category"].astype(object).where(part["category"].notna(), None)
    counts = values.dropna().astype(str).value_counts()
    if len(counts) < 2:
        return None
    kept = sorted(sorted(counts.index, key=lambda v: (-counts[v], v))[: len(CATEGORIES)])
    level = values.map(lambda v: None if v is None else str(v) if str(v) in kept else "other")
    colours = category_colours(kept, start=3)
    if len(counts) > len(kept):
        colours["other"] = MISSING_COLOUR
    return _track(name, part[_KEYS], level, colours=colours)
