"""The tiny study with a second sample on treatment of most patients, in which one signature rises in responders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tests.study import tiny

from tmescope.facts.signatures import load_signature

RISE = 1.2
"""How much higher the logarithm of the genes of ``cyt`` is on treatment in responders."""

QUESTION = {
    "id": "rise",
    "kind": "change",
    "endpoint": "response",
    "features": ["zscore:cyt", "zscore:pan_f_tbrs"],
    "visits": {"before": ["pre"], "on": ["on"]},
    "pool": {},
}


def write_files(folder: Path, *, lost: int = 4) -> None:
    """Write both cohorts; the last patients of each have no sample on treatment."""
    for seed, (name, suffix, n) in enumerate((("a", ".tsv", 24), ("b", ".tsv.gz", 18)), start=1):
        expression, samples = tiny.cohort_frames(seed, n)
        rng = np.random.default_rng(100 + seed)
        again = samples.iloc[: n - lost].copy()
        later = expression.iloc[:, : n - lost] * rng.gamma(30.0, 1 / 30.0, size=(len(expression), n - lost))
        genes = list(load_signature("cyt").genes)
        later.loc[genes] *= np.exp(RISE * again["recist"].isin(["CR", "PR"]).to_numpy())
        again["sample_id"] = again["sample_id"] + "-on"
        again["timepoint"] = "on"
        later.columns = list(again["sample_id"])
        pd.concat([expression, later.round(4)], axis=1).to_csv(folder / f"{name}{suffix}", sep="\t")
        pd.concat([samples, again]).to_csv(folder / f"{name}_samples.csv", index=False)


def study_dict(**changes: Any) -> dict[str, Any]:
    """Return the tiny study with one question of change."""
    return {**tiny.study_dict(), "question": [{**QUESTION, **changes}]}
