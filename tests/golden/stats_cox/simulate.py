"""Writes input.tsv: ties, late entry, strata, weights, clusters, competing events; nothing of it is real."""

import numpy as np
import pandas as pd

rng = np.random.default_rng(20260611)
cases = []
for case, n, unit, spread in (
    ("fine", 120, 0.001, 1.0),
    ("ties", 150, 2.0, 1.0),
    ("heavy_ties", 90, 6.0, 0.5),
    ("small", 30, 1.0, 1.0),
):
    a, b = rng.normal(size=n) * spread, rng.integers(0, 2, n)
    c = 0.5 * a + rng.normal(size=n)
    first, second = rng.exponential(20 * np.exp(-0.5 * a + 0.4 * b)), rng.exponential(30 * np.exp(0.3 * c))
    censored = rng.uniform(5, 50, n)
    time = np.minimum.reduce([first, second, censored])
    event = np.where(time == censored, 0, np.where(time == first, 1, 2))
    time = np.ceil(time / unit) * unit
    entry = np.floor(np.minimum(rng.exponential(4, n), time * 0.9) / unit) * unit
    entry = np.where(entry < time, entry, 0.0)
    cases.append(
        pd.DataFrame(
            {
                "case": case,
                "entry": entry.round(6),
                "time": time.round(6),
                "event": event,
                "a": a.round(4),
                "b": b,
                "c": c.round(4),
                "stratum": rng.integers(0, 3, n),
                "weight": rng.integers(1, 4, n),
                "cluster": rng.integers(0, n // 3, n),
            }
        )
    )
pd.concat(cases).to_csv("input.tsv", sep="\t", index=False)
