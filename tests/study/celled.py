"""A study of one small simulated atlas: 24 patients, 12 of whom respond, most with a sample on treatment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tmescope.simulate import AtlasEffects, AtlasPlan, SimulatedAtlas, simulate_atlas
from tmescope.store.atlas_results import AtlasResult, write_result
from tmescope.store.atlas_writing import AtlasWriter, create_atlas

TYPES = ("malignant", "CD8 T cell", "macrophage", "fibroblast")
PLAN = AtlasPlan(
    n_cells=2_600, n_patients=24, n_on_treatment=8, n_genes=900, types=TYPES, n_markers=20, counts_of_a_cell=250.0,
    effects=AtlasEffects(log_ratio=1.2, log2_fold=1.2, n_genes=25, on_treatment_log2_fold=1.0),
)  # fmt: skip
QUESTIONS: list[dict[str, Any]] = [
    {"id": "where", "kind": "response", "endpoint": "response",
     "features": ["planted@macrophage", "other@macrophage", "planted@CD8 T cell"]},
    {"id": "rise", "kind": "change", "endpoint": "response", "features": ["planted", "planted@macrophage"],
     "visits": {"before": ["pre"], "on": ["on"]}},
]  # fmt: skip


def simulated() -> SimulatedAtlas:
    return simulate_atlas(PLAN, rng=np.random.default_rng(11))


def write_atlas(path: Path, atlas: SimulatedAtlas, *, unlabelled: int = 0) -> None:
    """Write the atlas with the columns that a sheet gives each sample; the first cells of each have no label."""
    create_atlas(path, pd.DataFrame(index=atlas.genes), shard=1 << 16)
    writer = AtlasWriter(path)
    for sample_id, row in atlas.samples.iterrows():
        writer.add_sample(str(sample_id), _blocks(atlas, str(sample_id), row, unlabelled), source="simulated")
    writer.commit()


def _blocks(atlas: SimulatedAtlas, sample_id: str, row: pd.Series, unlabelled: int):
    for block in atlas.blocks(10_000, sample_ids=(sample_id,)):
        cell_type = block.cell_type.astype(object)
        cell_type.iloc[:unlabelled] = None
        obs = pd.DataFrame({"cell_type": cell_type, "depth": block.counts.sum(axis=1).A1.astype(float)})
        yield block.counts, obs.assign(**{n: row[n] for n in ("patient_id", "timepoint", "response")})


def write_results(path: Path, atlas: SimulatedAtlas) -> None:
    """Keep a map in which types lie apart, and markers, as the commands of an atlas would."""
    rng = np.random.default_rng(3)
    types = pd.concat([b.cell_type for b in atlas.blocks(10_000)])
    angle = 2 * np.pi * types.map({t: i / len(TYPES) for i, t in enumerate(TYPES)}).to_numpy()
    xy = 6 * np.column_stack([np.cos(angle), np.sin(angle)]) + rng.normal(0, 1.2, (len(types), 2))
    write_result(path, AtlasResult(name="umap", obsm={"X_umap": xy.astype(np.float32)}))
    rows = [
        {"group": t, "gene": g, "auc": 0.95 - 0.02 * i, "log2_fold_change": 3.0 - 0.2 * i,
         "fraction_in": 0.8 - 0.05 * i, "fraction_out": 0.1 + 0.02 * i}
        for t in TYPES for i, g in enumerate(atlas.truth.markers[t][:6])
    ]  # fmt: skip
    said = {"parameters": {"label": "cell_type"}}
    write_result(path, AtlasResult(name="markers", tables={"markers": pd.DataFrame(rows)}, provenance=said))


def study_dict(atlas: SimulatedAtlas, /, **cohort: Any) -> dict[str, Any]:
    """Return a study of the atlas: its shares, and two gene sets of which one is the responders'."""
    response = list(atlas.truth.response_genes)
    rng = np.random.default_rng(2)
    other = sorted(rng.choice([g for g in atlas.genes if g not in response], len(response), replace=False))
    return {
        "format": 1,
        "study": {"id": "cells", "title": "Simulated atlas", "question": "Who responds?"},
        "cohorts": [
            {
                "id": "atlas",
                "kind": "cells",
                "atlas": "atlas.zarr",
                "labels": "cell_type",
                "licence": "simulated",
                "columns": {"patient_id": "patient_id", "timepoint": "timepoint"},
                "select": {"timepoint": ["pre"]},
                **cohort,
            }
        ],
        "endpoints": {
            "response": {
                "kind": "response",
                "rule": "source-defined",
                "column": "response",
                "responder": ["responder"],
                "non_responder": ["non_responder"],
            }
        },
        "profile": {
            "methods": ["mean"],
            "primary": "mean",
            "signatures": [],
            "own_signatures": {"planted": response, "other": other},
        },
        "output": {"report": False},
    }
