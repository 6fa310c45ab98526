"""The tiny study with a model in it, and three cohorts of enough patients."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from tests.study import tiny

COHORTS = {"a": 40, "b": 36, "c": 14}


def write_files(folder: Path) -> None:
    for seed, (name, n) in enumerate(COHORTS.items(), start=1):
        expression, samples = tiny.cohort_frames(seed, n)
        expression.to_csv(folder / f"{name}.tsv", sep="\t")
        samples.to_csv(folder / f"{name}_samples.csv", index=False)


def study_dict(**model: Any) -> dict[str, Any]:
    data = tiny.study_dict()
    first = data["cohorts"][0]
    data["cohorts"] = [
        {**copy.deepcopy(first), "id": name, "expression": f"{name}.tsv", "samples": f"{name}_samples.csv"}
        for name in COHORTS
    ]
    data["profile"] = {"methods": ["mean"], "signatures": list(tiny.SIGNATURES)}
    data["model"] = [
        {
            "id": "resp",
            "endpoint": "response",
            "genes": ["GZMA"],
            "l1_ratios": [0.5],
            "bootstraps": 1,
            "baselines": [{"name": "TMB", "features": ["tmb"]}],
            **model,
        }
    ]
    return data
