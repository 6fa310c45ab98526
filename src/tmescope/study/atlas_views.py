"""The step that takes from an atlas what a report shows of its cells: a map of them, and markers of their types."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.cells.cell_columns import column_of
from tmescope.cells.input_digests import digest_values
from tmescope.cells.sample_sums import group_cells
from tmescope.foundation.errors import StoreError
from tmescope.report.cell_map import MOST_DOTS, CellMap
from tmescope.store.atlas_reading import Atlas, open_atlas
from tmescope.store.atlas_results import read_result
from tmescope.store.result_commands import command_of
from tmescope.store.stale_results import stale_results
from tmescope.store.tables import read_table, shape_table, write_table
from tmescope.study.ledger import Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.study.context import Context
    from tmescope.study.schema import Cohort

__all__ = ["BINS", "LEADING", "read_map", "view_step"]

BINS = 256
"""Bins of each axis into which more cells than `MOST_DOTS` are counted."""

LEADING = 10
"""Markers of each group that a run keeps, by AUC, with their rows in all other groups."""

_MAPS = {"umap": "X_umap", "pca": "X_pca"}
_NAMES = {"umap": "UMAP", "pca": "PCA"}
_MARKERS = "markers"
_MARKER_COLUMNS = ("group", "gene", "auc", "log2_fold_change", "fraction_in", "fraction_out")


def view_step(context: Context, cohort: Cohort) -> Step:
    """Return the step that takes the map and the markers from a cohort's atlas.

    Parameters
    ----------
    context : Context
        The run; the atlas is counted.
    cohort : Cohort
        One of cells.
    """
    atlas = open_atlas(context.study.resolve(cohort.expression))
    results = atlas.layout.results
    stale = stale_results(atlas)
    ingredients = {
        "step": "view",
        "release": context.release,
        "atlas": context.outcomes[f"atlas-{cohort.id}"],
        "labels": cohort.labels,
        "results": {
            name: {k: [s.nbytes, s.crc32] for k, s in sorted(results[name].files.items())}
            for name in (*_MAPS, _MARKERS)
            if name in results
        },
        "out_of_date": [name for name in (*_MAPS, _MARKERS) if name in stale],
    }

    def make(folder: Path) -> None:
        about = _write_map(folder, atlas, cohort)
        has_markers = _MARKERS not in stale and _are_of(atlas, cohort.labels)
        markers = _markers(atlas, cohort.id) if has_markers else _no_markers()
        write_table(shape_table("cell_markers", markers), folder / "cell_markers.parquet")
        by = f" --label {shlex.quote(cohort.labels)}" if cohort.labels else ""
        absent = [command_of(_MARKERS) + by] * (not has_markers)
        has_map = about["embedding"] and "umap" not in stale
        absent = [*([] if has_map else [command_of("umap")]), *absent]
        text = json.dumps({**about, "absent": absent}, sort_keys=True, indent=1)
        (folder / "view.json").write_text(text + "\n", encoding="utf-8")

    return Step(f"view-{cohort.id}", ingredients, make)


def _write_map(folder: Path, atlas: Atlas, cohort: Cohort) -> dict[str, Any]:
    stale = stale_results(atlas)
    name = next((n for n in _MAPS if n in atlas.layout.results and n not in stale), None)
    points = None if name is None else read_result(atlas, name).obsm.get(_MAPS[name])
    if name is None or points is None or points.shape[1] < 2:
        write_table(pd.DataFrame({"x": [], "y": [], "group": [], "n_cells": []}), folder / "map.parquet")
        return {"embedding": "", "n_cells": atlas.layout.n_cells, "bins": 0}
    number = group_cells(atlas, cohort.labels).number
    binned = len(number) > MOST_DOTS
    xy = np.asarray(points[:, :2], dtype=np.float64)
    write_table(_bin(xy, number) if binned else _dots(xy, number), folder / "map.parquet")
    return {"embedding": _NAMES[name], "n_cells": len(number), "bins": BINS if binned else 0}


def _dots(xy: NDArray[np.float64], number: NDArray[np.int32]) -> pd.DataFrame:
    return pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "group": number, "n_cells": 1})


def _bin(xy: NDArray[np.float64], number: NDArray[np.int32]) -> pd.DataFrame:
    """Return how many cells of each group lie in each bin, placed at its middle."""
    low, high = xy.min(axis=0), xy.max(axis=0)
    width = np.where(high > low, high - low, 1.0) / BINS
    place = np.clip(((xy - low) / width).astype(np.int64), 0, BINS - 1)
    table = pd.DataFrame({"i": place[:, 0], "j": place[:, 1], "group": number})
    found = table.groupby(["i", "j", "group"], sort=True).size().reset_index(name="n_cells")
    x, y = (low[k] + (found[c] + 0.5) * width[k] for k, c in enumerate("ij"))
    return pd.DataFrame({"x": x, "y": y, "group": found["group"], "n_cells": found["n_cells"]})


def _no_markers() -> pd.DataFrame:
    return pd.DataFrame(columns=["cohort_id", *_MARKER_COLUMNS, "rank"])


def _are_of(atlas: Atlas, labels: str | None) -> bool:
    """Whether the atlas keeps markers of these labels, as they are now: of others they would mislead."""
    stored = atlas.layout.results.get(_MARKERS)
    if stored is None or not labels:
        return stored is not None
    said = stored.provenance
    if said.get("parameters", {}).get("label") != labels:
        return False
    was = said.get("inputs", {}).get(labels)
    return was is None or was == digest_values(column_of(atlas, labels))


def _markers(atlas: Atlas, cohort_id: str) -> pd.DataFrame:
    tables = read_result(atlas, _MARKERS).tables if _MARKERS in atlas.layout.results else {}
    found = next((t for t in tables.values() if {"group", "gene", "auc"} <= set(t.columns)), None)
    if found is None:
        if tables:
            raise StoreError(
                "the result 'markers' of the atlas has no table with group, gene and auc",
                where=str(atlas.path),
                expected=f"what {command_of(_MARKERS)} writes",
                next_step=f"make it again: {command_of(_MARKERS)}",
            )
        return _no_markers()
    table = found.reindex(columns=list(_MARKER_COLUMNS)).astype({"group": str, "gene": str})
    order = table.sort_values(["group", "auc", "gene"], ascending=[True, False, True], kind="stable")
    order = order.assign(cohort_id=cohort_id, rank=order.groupby("group").cumcount() + 1)
    leading = order.loc[order["rank"] <= LEADING, "gene"]
    return order[order["gene"].isin(leading)]


def read_map(context: Context, cohort: Cohort) -> CellMap:
    """Return the map of a cohort's cells, of the samples that enter.

    Parameters
    ----------
    context : Context
        The run; its tables are written.
    cohort : Cohort
        One of cells.
    """
    folder = context.ledger.folder(f"view-{cohort.id}")
    about = json.loads((folder / "view.json").read_text(encoding="utf-8"))
    groups = read_table(context.ledger.folder(f"atlas-{cohort.id}") / "groups.parquet")
    samples = read_table(context.ledger.folder(f"cohort-{cohort.id}") / "samples.parquet", columns=["sample_id"])
    table = read_table(folder / "map.parquet")
    row = table["group"].astype("int64").to_numpy()
    placed = table.assign(
        sample_id=groups["sample_id"].to_numpy(dtype=object)[row],
        label=groups["label"].to_numpy(dtype=object)[row],
    )
    inside = placed["sample_id"].isin(samples["sample_id"])
    return CellMap(
        cohort_id=cohort.id,
        embedding=about["embedding"],
        labels=cohort.labels or "",
        cells=placed.loc[inside, ["x", "y", "sample_id", "label", "n_cells"]].reset_index(drop=True),
        bins=about["bins"],
        absent=tuple(f"{c} {cohort.atlas}" for c in about["absent"]),
    )
