"""Patients of several cohorts with a planted signal, or with none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tmescope.associate.prediction_data import PredictionData, Predictor

NUMBERS = tuple(Predictor(name=f"f{i}", source="score", unit="score") for i in range(6))
GROUP = Predictor(name="site", source="table", kind="categorical")


def planted(
    seed: int, sizes: Sequence[int], *, effect: float = 1.5, survival: bool = False, missing: float = 0.0
) -> PredictionData:
    """Return patients whose outcome goes with the first of six numbers, and with nothing else."""
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    x = rng.normal(size=(n, len(NUMBERS)))
    site = rng.choice(["lung", "node", "skin"], n)
    values = pd.DataFrame(x, columns=[p.key for p in NUMBERS])
    if missing:
        values["score:f1"] = values["score:f1"].mask(rng.random(n) < missing)
    values[GROUP.key] = site.astype(object)
    cohorts = np.repeat([f"c{i}" for i in range(len(sizes))], sizes)
    names = np.array([f"s{i:03d}" for i in range(n)])
    linear = effect * x[:, 0]
    if survival:
        time, last = rng.exponential(10 * np.exp(-linear)), rng.exponential(20, n)
        happened, months = (time <= last).astype(float), np.minimum(time, last)
    else:
        happened, months = (rng.random(n) < 1 / (1 + np.exp(-linear))).astype(float), None
    return PredictionData(
        predictors=(*NUMBERS, GROUP), values=values, cohorts=cohorts, samples=names, patients=names,
        happened=happened, time=months,
    )  # fmt: skip
