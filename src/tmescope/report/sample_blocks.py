"""Where samples and features stand: clustered, cohort by cohort, the same in every figure with a column a sample."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tmescope.report.arrangement import order_rows
from tmescope.report.contents import ReportContents
from tmescope.report.figure import WIDTH
from tmescope.report.molecular_tracks import find_molecular_tracks, find_quality_tracks
from tmescope.report.numbers import plain
from tmescope.report.palette import MISSING_COLOUR
from tmescope.report.tracks import Track, find_tracks

__all__ = [
    "HEADER",
    "TRACK",
    "Layout",
    "Plan",
    "arrange",
    "block_name",
    "blocks",
    "headers",
    "letter",
    "plan_samples",
    "uses_letters",
    "within_cohort_z",
]

TRACK = 13.0
"""Height of a track in pixels."""
HEADER = 24.0
"""Room for the headings of the blocks."""

_MOST_LABEL = 330
_WIDTH = WIDTH - 40
_GAP = 8.0
_KEYS = ["cohort_id", "sample_id"]
_BOLD_LETTER = 6.8


@dataclass(frozen=True)
class Layout:
    """Where everything is, in pixels from the top left of the first track.

    Parameters
    ----------
    samples : pandas.DataFrame
        cohort_id, sample_id, x (left edge); one row a sample in drawing order.
    features : list of str
        From top to bottom.
    step, row : float
        Width and height of a cell.
    top : float
        Upper edge of the heat map.
    width : float
        Of all blocks and the gaps between them.
    label : float
        Room for the names on the left.
    """

    samples: pd.DataFrame
    features: list[str]
    step: float
    row: float
    top: float
    width: float
    label: float

    @property
    def bottom(self) -> float:
        """Lower edge of the heat map."""
        return self.top + self.row * len(self.features)


@dataclass(frozen=True)
class Plan:
    """What the landscape is made of.

    Parameters
    ----------
    scores : pandas.DataFrame
        Finite scores of the primary method with z; what is not finite is missing.
    tracks : list of Track
        What is known of each sample.
    layout : Layout
        Places.
    beyond : tuple of str
        Further features for which there was no track left.
    """

    scores: pd.DataFrame
    tracks: list[Track]
    layout: Layout
    beyond: tuple[str, ...] = ()


def plan_samples(contents: ReportContents) -> Plan | None:
    """Return scores, tracks and places of a report's landscape; None where there are no scores."""
    scores = contents.primary_scores()
    if not len(scores):
        return None
    value = pd.to_numeric(scores["value"], errors="coerce").astype(float)
    scores = scores.assign(value=value.where(np.isfinite(value)))
    scores = within_cohort_z(scores.drop_duplicates([*_KEYS, "feature"]))
    molecular, beyond = find_molecular_tracks(contents)
    tracks = [*find_tracks(contents), *molecular, *find_quality_tracks(contents)]
    labels = contents.short_labels(contents.primary_method)
    names = [plain(labels.get(f, f)) for f in map(str, pd.unique(scores["feature"]))]
    longest = max(len(name) for name in (*names, *(plain(t.title) for t in tracks)))
    label = min(_MOST_LABEL, 24 + 6.1 * max(16, longest))
    layout = arrange(scores, contents.cohort_ids(), n_tracks=len(tracks), label=label)
    return Plan(scores, [_with_missing(t, layout) for t in tracks], layout, tuple(beyond))


def _with_missing(track: Track, layout: Layout) -> Track:
    """Return the track with a legend that names what is missing, where a drawn sample has no level."""
    found = layout.samples.merge(track.values, on=_KEYS, how="left")["level"]
    if found.notna().all() or "missing" in track.legend:
        return track
    return replace(track, legend={**track.legend, "missing": MISSING_COLOUR})


def within_cohort_z(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the scores with a column z: (value - mean) / SD within cohort and feature (ddof 1).

    Missing values stay missing; where all values of a cohort are equal, z is missing too.
    """
    groups = scores.groupby(["cohort_id", "feature"], sort=False)["value"]
    spread = groups.transform("std")
    z = (scores["value"] - groups.transform("mean")) / spread.where(spread > 0)
    return scores.assign(z=z.astype(float))


def arrange(scores: pd.DataFrame, cohorts: list[str], *, n_tracks: int, label: float) -> Layout:
    """Cluster features over all samples and samples within each cohort, and give each a place.

    Parameters
    ----------
    scores : pandas.DataFrame
        cohort_id, sample_id, feature, z.
    cohorts : list of str
        In drawing order.
    n_tracks : int
        Tracks above the map.
    label : float
        Room for the names on the left, in pixels.
    """
    wide = scores.pivot(index="feature", columns=_KEYS, values="z")
    wide = wide.loc[list(pd.unique(scores["feature"]))]
    wide = wide.iloc[order_rows(wide.to_numpy(dtype=np.float64), metric="correlation")]
    present = [c for c in cohorts if c in set(wide.columns.get_level_values(0))]
    width = _WIDTH - label - _GAP * (len(present) - 1)
    step = width / max(1, wide.shape[1])
    parts, left = [], 0.0
    for cohort in present:
        block = wide.xs(cohort, axis=1, level=0)
        across = np.ascontiguousarray(block.to_numpy(dtype=np.float64).T)
        names = block.columns[order_rows(across, metric="euclidean")].astype(str)
        x = left + step * np.arange(len(names))
        parts.append(pd.DataFrame({"cohort_id": cohort, "sample_id": names, "x": x}))
        left += step * len(names) + _GAP
    rows = wide.shape[0]
    row = 19.0 if rows <= 25 else 15.0 if rows <= 45 else 12.5 if rows <= 100 else 9.5
    top = HEADER + n_tracks * TRACK + (8.0 if n_tracks else 0.0)
    samples = pd.concat(parts, ignore_index=True)
    return Layout(samples, [str(f) for f in wide.index], step, row, top, left - _GAP, label)


def blocks(layout: Layout) -> list[tuple[str, float, float, int]]:
    """Return cohort, left edge, width and number of samples of each block of columns."""
    groups = layout.samples.groupby("cohort_id", sort=False)["x"]
    return [(plain(c), float(x.min()), layout.step * len(x), len(x)) for c, x in groups]


def uses_letters(layout: Layout) -> bool:
    """Return whether a cohort's name is wider than its block, so that headers are letters explained below."""
    return any(_BOLD_LETTER * len(block_name(c, n)) > width for c, _, width, n in blocks(layout))


def block_name(cohort: str, n: int) -> str:
    """Return a cohort with its number of samples."""
    return f"{cohort} · n = {n}"


def headers(layout: Layout) -> pd.DataFrame:
    """Return the heading of each block: its name, or a letter where a name is wider than its block."""
    letters = uses_letters(layout)
    rows = [
        {
            "x": left,
            "y": 8.0,
            "text": letter(i) if letters else block_name(cohort, n),
            "cohort": block_name(cohort, n),
        }
        for i, (cohort, left, _, n) in enumerate(blocks(layout))
    ]
    return pd.DataFrame(rows)


def letter(position: int) -> str:
    """Return A to Z, then numbers."""
    return chr(ord("A") + position) if position < 26 else str(position + 1)
