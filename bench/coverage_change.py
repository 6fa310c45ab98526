"""Whether intervals of a change under treatment cover, and its tests reject, as often as they say."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special, stats

from tmescope.associate.change import associate_change
from tmescope.associate.features import Feature

SUMMARY = "coverage and type-I error of changes from before to on treatment, complete and missing at random (--runs)"

# fixed before the first run
SIZES = (20, 60, 150)
CHANGE = 0.4
MORE = 0.5
RATE = 0.4
BETWEEN = 1.0
NOISE = 0.8
AXIS_SLOPE = 0.6
LOST_INTERCEPT = -1.0
LOST_SLOPE = 0.8
LOST_BEFORE = 0.1
SEED = 20260602
BAND = 0.999
ALPHA = 0.05


@dataclass(frozen=True)
class Setting:
    """One kind of trial.

    Parameters
    ----------
    lost : bool
        Whether samples on treatment are missing at random (the higher the value before, the more often), and one in
        ten before treatment completely at random.
    change, more : float
        Planted change of non-responders, and how much more responders change.
    """

    name: str
    lost: bool
    change: float
    more: float


SETTINGS = (
    Setting("complete, no change", lost=False, change=0.0, more=0.0),
    Setting("complete, change", lost=False, change=CHANGE, more=MORE),
    Setting("missing at random, no change", lost=True, change=0.0, more=0.0),
    Setting("missing at random, change", lost=True, change=CHANGE, more=MORE),
)

ROWS = {
    "all": ("change_per_sd", ""),
    "non-responders": ("change_per_sd_in_non_responders", ""),
    "responders": ("change_per_sd_in_responders", ""),
    "difference": ("change_difference_per_sd", ""),
    "non-responders, given the axis": ("change_per_sd_in_non_responders", "axis"),
    "difference, given the axis": ("change_difference_per_sd", "axis"),
}
"""What is looked at: kind of effect and adjustment. The change of all patients has no single truth where responders
change more and samples are missing, and is counted without a change alone."""


def draw(rng: np.random.Generator, n: int, setting: Setting) -> pd.DataFrame:
    """Return answers of one simulated trial, and the standard deviation that they are in as column ``sd``."""
    responds = rng.random(n) < RATE
    responds[:2] = [True, False]
    level, axis_level = rng.normal(size=(2, n))
    axis = axis_level[:, None] + 0.7 * rng.normal(size=(n, 2))
    change = np.column_stack([np.zeros(n), setting.change + setting.more * responds])
    values = BETWEEN * level[:, None] + change + AXIS_SLOPE * axis + NOISE * rng.normal(size=(n, 2))
    there = np.ones((n, 2), dtype=bool)
    if setting.lost:
        there[:, 1] = rng.random(n) >= special.expit(LOST_INTERCEPT + LOST_SLOPE * values[:, 0])
        there[:, 0] = (rng.random(n) >= LOST_BEFORE) | ~there[:, 1]
    people = np.repeat([f"p{i}" for i in range(n)], 2)[there.ravel()]
    ids = pd.Index([f"{p}-{v}" for p, v in zip(people, np.tile([0, 1], n)[there.ravel()], strict=True)])
    on = np.tile([False, True], n)[there.ravel()]
    answers, _ = associate_change(
        [Feature("f", "m", pd.Series(values.ravel()[there.ravel()], index=ids))],
        pd.DataFrame({"patient_id": people, "on_treatment": on}, index=ids),
        cohort_id="c",
        response=pd.Series(np.where(responds, "responder", "non_responder"), index=[f"p{i}" for i in range(n)]),
        axis=Feature("axis", "m", pd.Series(axis.ravel()[there.ravel()], index=ids)),
    )
    return answers.assign(sd=float(values[there[:, 0], 0].std(ddof=1)))


def truths(setting: Setting) -> dict[str, float]:
    """Return the planted change of each row; NaN where there is none to compare with."""
    mixed = setting.change if setting.more == 0.0 else float("nan")
    rises = setting.change + setting.more
    return {
        "all": mixed, "non-responders": setting.change, "responders": rises, "difference": setting.more,
        "non-responders, given the axis": setting.change, "difference, given the axis": setting.more,
    }  # fmt: skip


def measure(setting: Setting, n: int, *, runs: int) -> list[dict[str, object]]:
    """Return a row for each kind of effect: how often its interval covers or its test rejects, and the band."""
    rng = np.random.default_rng([SEED, SETTINGS.index(setting), n])
    hits = dict.fromkeys(ROWS, 0)
    used = dict.fromkeys(ROWS, 0)
    for _ in range(runs):
        found = draw(rng, n, setting).set_index(["effect_name", "adjusted_for"])
        for name, truth in truths(setting).items():
            row = found.loc[ROWS[name]]
            if np.isnan(row["effect"]) or np.isnan(truth):
                continue
            used[name] += 1
            rejects = row["p_value"] < ALPHA
            hits[name] += rejects if setting.change == 0.0 else row["ci_low"] <= truth / row["sd"] <= row["ci_high"]
    return [_verdict(setting, name, n, hits=int(hits[name]), used=used[name], runs=runs) for name in ROWS if used[name]]


def _verdict(setting: Setting, name: str, n: int, *, hits: int, used: int, runs: int) -> dict[str, object]:
    kind = "type I" if setting.change == 0.0 else "coverage"
    low, high = (float(v) for v in stats.binom.interval(BAND, used, ALPHA if kind == "type I" else 1.0 - ALPHA))
    lost = 0 if used == runs else runs - used
    return {
        "setting": setting.name, "effect": name, "counts": kind, "n": n, "runs": used, "lost": lost,
        "rate": hits / used, "low": low / used, "high": high / used,
        "band": "inside" if low <= hits <= high else "OUTSIDE",
    }  # fmt: skip


def run(options: Sequence[str] = ()) -> list[dict[str, object]]:
    """Return rows for each setting and size."""
    parser = argparse.ArgumentParser(prog="python -m bench coverage_change", description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000, help="simulated trials for each setting and size")
    parser.add_argument("--only", default="", help="settings whose name has this")
    asked = parser.parse_args(list(options))
    chosen = [s for s in SETTINGS if asked.only in s.name]
    return [row for s in chosen for n in SIZES for row in measure(s, n, runs=asked.runs)]
