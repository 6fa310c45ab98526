"""Contents with cells: samples of one cohort, a map with a known arrangement, quality and markers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from tests.report.contents_maker import TINY, make_contents

from tmescope.report.cell_map import CellMap
from tmescope.report.contents import ReportContents

COHORT = "lung_a"


def cell_map(contents: ReportContents, *, n: int = 600, types: int = 4, bins: int = 0) -> CellMap:
    """Return cells of the cohort, each type in a place of its own."""
    rng = np.random.default_rng(4)
    samples = contents.table("samples")
    ids = samples.loc[samples["cohort_id"] == COHORT, "sample_id"].to_numpy(dtype=object)
    label = rng.integers(0, types, n)
    angle = 2 * np.pi * label / types
    cells = pd.DataFrame(
        {
            "x": 5 * np.cos(angle) + rng.normal(0, 0.5, n),
            "y": 5 * np.sin(angle) + rng.normal(0, 0.5, n),
            "sample_id": rng.choice(ids, n),
            "label": np.array([f"type {chr(65 + i)}" for i in range(types)], dtype=object)[label],
            "n_cells": rng.integers(1, 300, n) if bins else 1,
        }
    )
    return CellMap(COHORT, "UMAP", "cell_type", cells, bins=bins)


def contents_with_cells(**changes: int) -> ReportContents:
    """Return small contents whose first cohort is one of cells."""
    contents = make_contents(TINY)
    found = cell_map(contents, **changes)
    ids = list(pd.unique(found.cells["sample_id"]))
    quality = pd.DataFrame(
        [
            {"cohort_id": COHORT, "sample_id": s, "measure": m, "low": low, "high": high, "n_cells": n}
            for s in ids
            for m, bins in (
                ("counts", ((100.0, 112.2, 5), (112.2, 125.9, 20), (141.3, 158.5, 4))),
                ("mt_percent", ((2.0, 4.0, 10), (4.0, 6.0, 19))),
            )
            for low, high, n in bins
        ]
    )
    samples = pd.DataFrame(
        {
            "cohort_id": COHORT, "sample_id": ids, "n_cells": 29, "n_labelled": 29, "median_counts": 118.0,
            "median_genes": 90.0, "median_mt_percent": 4.2,
        }
    )  # fmt: skip
    markers = pd.DataFrame(
        [
            {"cohort_id": COHORT, "group": f"type {t}", "gene": f"{t}{i}", "rank": i + 1, "auc": 0.95 - i / 20,
             "log2_fold_change": 3.0 - i, "fraction_in": 0.9 - i / 10, "fraction_out": 0.1}
            for t in "ABCD" for i in range(6)
        ]
    )  # fmt: skip
    tables = {**contents.tables, "cell_quality": quality, "cell_samples": samples, "cell_markers": markers}
    return replace(contents, tables=tables, cells=(found,))
