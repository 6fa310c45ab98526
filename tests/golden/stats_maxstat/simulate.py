"""Writes input.tsv: features with a step, with ties, with none; nothing of it is real."""

import numpy as np
import pandas as pd

rng = np.random.default_rng(20260611)
cases = []
for case, n, step, digits in (
    ("step", 60, 1.0, 4),
    ("nothing", 60, 0.0, 4),
    ("ties", 80, 0.8, 0),
    ("small", 24, 1.2, 3),
):
    x = (rng.normal(size=n) * (2.0 if digits == 0 else 1.0)).round(digits)
    died = rng.exponential(12.0, n) / np.exp(step * (x > 0.2))
    left = rng.uniform(4.0, 30.0, n)
    response = rng.random(n) < np.where(x > 0.2, 0.3 + 0.3 * step, 0.3)
    cases.append(
        pd.DataFrame(
            {
                "case": case,
                "x": x,
                "time": np.minimum(died, left).round(1 if case == "ties" else 4),
                "event": (died <= left).astype(int),
                "response": response.astype(int),
                "number": (0.5 * step * (x > 0.2) + rng.normal(size=n)).round(1 if case == "ties" else 4),
            }
        )
    )
pd.concat(cases).to_csv("input.tsv", sep="\t", index=False)
