"""A study made from a clinical table alone: its expression is noise, its questions are about the columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tests.study import tiny

from tmescope.store.tables import read_table
from tmescope.study.running import run

TIME = {"kind": "time_to_event", "time": "time", "unit": "months", "event": "status"}


def write_cohort(folder: Path, name: str, table: pd.DataFrame, *, seed: int = 0) -> None:
    """Write the table as the samples of a cohort, one row a patient, with an expression matrix of noise."""
    folder.mkdir(exist_ok=True)
    ids = [f"{name}{i:04d}" for i in range(len(table))]
    genes = tiny.genes()
    values = np.random.default_rng(seed).gamma(2.0, 10.0, size=(len(genes), len(ids))).round(2)
    pd.DataFrame(values, index=pd.Index(genes, name="gene"), columns=ids).to_csv(folder / f"{name}.tsv", sep="\t")
    table.assign(sample_id=ids, patient_id=[f"P-{i}" for i in ids]).to_csv(folder / f"{name}.csv", index=False)


def cohort(name: str, *, numeric: tuple[str, ...] = (), categorical: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what a study file says about such a cohort."""
    columns = {
        "numeric": {n: {"column": n} for n in numeric},
        "categorical": {n: {"column": n} for n in categorical},
    }
    return {
        "id": name,
        "expression": f"{name}.tsv",
        "samples": f"{name}.csv",
        "scale": "tpm",
        "columns": {"patient_id": "patient_id"},
        "features": [{k: v for k, v in columns.items() if v}],
        "licence": "test",
    }


def ask(
    folder: Path,
    cohorts: list[dict[str, Any]],
    *,
    endpoints: dict[str, Any],
    questions: list[dict[str, Any]],
    report: bool = False,
) -> dict[str, pd.DataFrame]:
    """Run the study and return its tables."""
    data = {
        "format": 1,
        "study": {"id": "clinical", "title": "A clinical table"},
        "cohorts": cohorts,
        "endpoints": endpoints,
        "profile": {"methods": ["zscore"], "signatures": ["cyt"]},
        "answers": {"response": []},
        "question": questions,
        "output": {"report": report},
    }
    study = folder / "study.toml"
    study.write_text(tiny.to_toml(data), encoding="utf-8")
    run(study, folder / "out")
    return {p.stem: read_table(p) for p in sorted((folder / "out" / "tables").glob("*.parquet"))}
