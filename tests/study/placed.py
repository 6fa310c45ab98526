"""A study of two cohorts whose tumours have planted immune cells and stroma."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tests.bulk.test_subtypes import cohort

from tmescope.bulk.subtype_files import write_subtypes
from tmescope.bulk.subtypes import fit_subtypes
from tmescope.study.loading import parse_study
from tmescope.study.schema import Study

SIZES = {"a": 40, "b": 16}


def write_cohorts(folder: Path) -> None:
    """Write ``a.tsv`` and ``b.tsv`` with their sample tables, and the model ``axis.subtypes`` of another cohort."""
    for seed, (name, n) in enumerate(SIZES.items(), start=1):
        adata, truth = cohort(n, seed=seed)
        values = pd.DataFrame(np.asarray(adata.X).T.round(5), index=adata.var_names, columns=adata.obs_names)
        values.rename_axis("gene").to_csv(folder / f"{name}.tsv", sep="\t")
        rng = np.random.default_rng(seed)
        responds = np.where(rng.random(n) < np.where(truth == 3, 0.9, 0.3), "yes", "no")
        samples = pd.DataFrame({"sample_id": adata.obs_names, "patient_id": adata.obs_names, "resp": responds})
        samples.to_csv(folder / f"{name}_samples.csv", index=False)
    write_subtypes(fit_subtypes(cohort(40, seed=7)[0]), folder / "axis.subtypes")


def study_dict(**subtypes: object) -> dict[str, Any]:
    return {
        "format": 1,
        "study": {"id": "placed", "title": "Placed"},
        "cohorts": [
            {"id": name, "expression": f"{name}.tsv", "samples": f"{name}_samples.csv", "scale": "tpm",
             "columns": {"patient_id": "patient_id"}, "licence": "simulated"}
            for name in SIZES
        ],
        "endpoints": {
            "response": {"kind": "response", "rule": "source-defined", "column": "resp", "responder": ["yes"],
                         "non_responder": ["no"]}
        },
        "profile": {"methods": []},
        "subtypes": subtypes,
        "output": {"report": False},
    }  # fmt: skip


def placed_study(folder: Path, **subtypes: object) -> Study:
    if not (folder / "a.tsv").exists():
        write_cohorts(folder)
    return parse_study(study_dict(**subtypes), folder=folder)
