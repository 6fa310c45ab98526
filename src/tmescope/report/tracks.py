"""Clinical tracks: what is known about each sample, as coloured levels above the landscape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.palette import CATEGORIES, MISSING_COLOUR, ORDERED, RESPONSE, category_colours

__all__ = ["Track", "find_tracks"]

_COLUMNS = (
    ("treatment", "Treatment", 2),
    ("cancer_type", "Cancer type", 4),
    ("timepoint", "Time point", 0),
    ("sex", "Sex", 6),
)
"""Column, title, and where in the palette its colours start: away from those of the response."""

_MOST_LEVELS = len(CATEGORIES)
_AGES = ((50, "below 50"), (60, "50 to 59"), (70, "60 to 69"), (200, "70 and above"))


@dataclass(frozen=True)
class Track:
    """One row of coloured cells.

    Parameters
    ----------
    title : str
        Shown left of the row.
    values : pandas.DataFrame
        cohort_id, sample_id, level (missing allowed), colour.
    legend : mapping of str to str
        Level to colour, in the order of the legend.
    """

    title: str
    values: pd.DataFrame
    legend: Mapping[str, str]


def find_tracks(contents: ReportContents) -> list[Track]:
    """Return the tracks that tell samples apart: the response, then clinical columns with two levels or more.

    A column with one level for every sample tells nothing; levels beyond the eight most frequent share one colour.
    """
    samples = contents.table("samples")
    if not len(samples):
        return []
    tracks = []
    endpoint = contents.primary_endpoint
    if endpoint and endpoint in samples.columns:
        tracks.append(_response(samples, endpoint))
    for column, title, start in _COLUMNS:
        levels = samples[column].dropna().astype(str)
        if levels.nunique() >= 2:
            ordered = column == "timepoint"
            tracks.append(_categorical(samples, column, title=title, start=start, ordered=ordered))
    ages = _ages(samples)
    return [*tracks, ages] if ages else tracks


def _keyed(samples: pd.DataFrame, level: pd.Series, colours: Mapping[str, str]) -> pd.DataFrame:
    keys = samples[["cohort_id", "sample_id"]].astype(object)
    table = keys.assign(level=level.astype(object), colour=level.map(colours).astype(object))
    return table.drop_duplicates(["cohort_id", "sample_id"])


def _response(samples: pd.DataFrame, endpoint: str) -> Track:
    names = {"responder": "responder", "non_responder": "non-responder"}
    level = samples[endpoint].astype(object).map(names)
    colours = {names[k]: RESPONSE[k] for k in names}
    legend = dict(colours)
    if level.isna().any():
        legend["not evaluable"] = RESPONSE["not evaluable"]
        level = level.where(level.notna(), "not evaluable")
    return Track(
        f"Response ({endpoint})" if endpoint != "response" else "Response",
        _keyed(samples, level, legend),
        legend,
    )


def _categorical(samples: pd.DataFrame, column: str, *, title: str, start: int, ordered: bool) -> Track:
    values = samples[column].astype(object).where(samples[column].notna(), None)
    counts = values.dropna().astype(str).value_counts()
    kept = sorted(counts.index[:_MOST_LEVELS], key=lambda v: (-counts[v], v))
    if ordered:
        kept = sorted(kept)
    level = values.map(lambda v: None if v is None else str(v) if str(v) in kept else "other")
    colours = category_colours(kept, start=start)
    if ordered and len(kept) <= len(ORDERED):
        colours = dict(zip(kept, ORDERED, strict=False))
    if (level == "other").any():
        colours["other"] = MISSING_COLOUR
    if level.isna().any():
        return Track(title, _keyed(samples, level, colours), colours | {"missing": MISSING_COLOUR})
    return Track(title, _keyed(samples, level, colours), colours)


def _ages(samples: pd.DataFrame) -> Track | None:
    ages = pd.to_numeric(samples["age_years"], errors="coerce")
    if ages.notna().sum() < 2:
        return None
    names = [name for _, name in _AGES]
    colours = dict(zip(names, ORDERED, strict=True))
    level = ages.map(lambda a: next((name for end, name in _AGES if a < end), None))
    legend = {n: colours[n] for n in names if (level == n).any()}
    if level.isna().any():
        legend["missing"] = MISSING_COLOUR
    return Track("Age (years)", _keyed(samples, level, colours), legend)
