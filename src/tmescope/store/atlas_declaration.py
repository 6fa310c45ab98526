"""The step that makes what was written to an atlas count: its declaration, with the root last."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tmescope.store.atlas_columns import CellColumns
from tmescope.store.atlas_layout import AtlasLayout, write_root
from tmescope.store.atlas_reading import vectors_of
from tmescope.store.atomic import staged_file
from tmescope.store.sharded_vectors import write_declaration, write_group

__all__ = ["OF_RESULTS", "declare_atlas"]

_MATRIX = {"encoding-type": "csr_matrix", "encoding-version": "0.1.0"}
OF_RESULTS = ("layers", "obsm", "obsp", "uns", "varm", "varp")
"""Groups that hold nothing but what results put there."""


def declare_atlas(path: Path, layout: AtlasLayout) -> None:
    """Write the declaration of every array, then the root.

    Parameters
    ----------
    path : Path
        Folder of the atlas.
    layout : AtlasLayout
        What is in it from now on.
    """
    lengths = {"X/data": layout.n_entries, "X/indices": layout.n_entries, "X/indptr": layout.n_cells + 1}
    for name, form in vectors_of(layout).items():
        write_declaration(path / name, form, length=lengths[name])
    write_group(path / "X", {**_MATRIX, "shape": [layout.n_cells, layout.n_genes]})
    CellColumns(path, layout).declare()
    _declare_genes(path, layout)
    write_root(path, layout, members=dict(_members(path, layout)))


def _declare_genes(path: Path, layout: AtlasLayout) -> None:
    """Let the table of genes have its own columns, which it remembers, and those of results."""
    place = path / "var/zarr.json"
    said = json.loads(place.read_text(encoding="utf-8"))
    attributes = said["attributes"]
    own = attributes.setdefault("tmescope-columns", attributes["column-order"])
    attributes["column-order"] = [*own, *(name for result in layout.results.values() for name in result.var)]
    with staged_file(place) as staged:
        staged.write_text(json.dumps(said), encoding="utf-8")


def _members(path: Path, layout: AtlasLayout) -> Iterator[tuple[str, Any]]:
    """Yield what the root declares: what a writer or a result left behind is not among it."""
    genes = json.loads((path / "var/zarr.json").read_text(encoding="utf-8"))["attributes"]
    known = {
        "obs": {"_index", *layout.cell_columns},
        "var": {genes["_index"], *genes["column-order"]},
    }
    arrays = {a for r in layout.results.values() for a in r.arrays}
    for found in sorted(path.rglob("zarr.json")):
        place = found.parent.relative_to(path)
        parts = place.parts
        if not parts or any(part.startswith(".") for part in parts):
            continue
        if len(parts) > 1 and parts[0] in known and parts[1] not in known[parts[0]]:
            continue
        if len(parts) > 1 and parts[0] in OF_RESULTS and "/".join(parts[:2]) not in arrays:
            continue
        said = json.loads(found.read_text(encoding="utf-8"))
        said.pop("consolidated_metadata", None)
        yield place.as_posix(), said
