"""Writes input.tsv: effects of studies, alike and unlike, few and many; nothing of it is real."""

import numpy as np
import pandas as pd

rng = np.random.default_rng(20260611)
cases = []
for case, k, tau, least, most in (
    ("three", 3, 0.3, 0.2, 0.4),
    ("five", 5, 0.2, 0.2, 0.3),
    ("alike", 6, 0.0, 0.2, 0.4),
    ("one_large", 8, 0.4, 0.05, 0.8),
    ("many", 20, 0.25, 0.1, 0.6),
):
    s = rng.uniform(least, most, k)
    s[0] = least
    moderator = rng.normal(size=k)
    y = 0.3 + 0.2 * moderator + rng.normal(size=k) * np.sqrt(tau**2 + s**2)
    cases.append(
        pd.DataFrame({"case": case, "effect": y.round(6), "std_error": s.round(6), "moderator": moderator.round(4)})
    )
pd.concat(cases).to_csv("input.tsv", sep="\t", index=False)
