"""Cohorts with a planted cut for the tests of cut-points."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tmescope.associate.features import Feature


def survival_cohort(n: int = 120, *, effect: float = 1.2, seed: int = 0, at: float = 0.3):
    """Return a feature and an outcome: the hazard rises by exp(effect) above `at`."""
    rng = np.random.default_rng(seed)
    ids = [f"s{i:03d}" for i in range(n)]
    values = rng.normal(size=n)
    time = rng.exponential(12 / np.exp(effect * (values > at)))
    censored = rng.uniform(6, 40, n)
    outcome = pd.DataFrame(
        {"time_months": np.minimum(time, censored), "event": pd.array(time <= censored, dtype="boolean")}, index=ids
    )
    return Feature("CD8", "mean_z", pd.Series(values, index=ids)), outcome


def response_cohort(n: int = 120, *, seed: int = 0):
    """Return a feature and responses that are likelier above 0.3."""
    rng = np.random.default_rng(seed)
    ids = [f"s{i:03d}" for i in range(n)]
    values = rng.normal(size=n)
    yes = rng.random(n) < np.where(values > 0.3, 0.75, 0.25)
    return Feature("CD8", "mean_z", pd.Series(values, index=ids)), pd.Series(
        np.where(yes, "responder", "non_responder"), index=ids, dtype="str"
    )
