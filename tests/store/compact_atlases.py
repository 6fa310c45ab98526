"""An atlas with everything that its compact form must keep, and what it looks like after."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from tmescope.store.atlas_export import export_atlas
from tmescope.store.atlas_reading import Atlas, open_atlas
from tmescope.store.atlas_writing import AtlasWriter, create_atlas

SHARD = 1 << 12
GENES = [f"G{i}" for i in range(7)]
COUNTS = np.array(
    [[0, 1, 0, 255, 0, 0, 256], [0, 0, 0, 0, 0, 0, 0], [65_535, 0, 3, 0, 65_536, 2**32 - 1, 0], [9, 8, 7, 6, 5, 4, 3]]
)
BITS = np.array([0x7FF8000000000001, 0x8000000000000000, 0x3FF0000000000000, 0x7FF0000000000000], dtype=np.uint64)
"""NaN with a mark in it, minus zero, one, infinity."""


def write_rich(path: Path) -> Atlas:
    """Write four cells of two samples, and a sample without cells between them."""
    genes = pd.DataFrame({"gene_ids": [f"ENSG{i}" for i in range(7)], "length": range(7)}, index=GENES)
    create_atlas(path, genes, count_dtype="uint32", shard=SHARD, made_with={"gene_name": "gene_id", "columns": ["a"]})
    writer = AtlasWriter(path)
    first = {
        "kind": pd.Categorical(["x", None]),
        "number": BITS[:2].view(float),
        "n": [-1, 2**62],
        "good": [True, False],
    }
    writer.add_sample("s1", [(sparse.csr_matrix(COUNTS[:2]), pd.DataFrame(first, index=["b", "c"]))], source="one")
    writer.commit()
    writer.add_sample("s2", (), source="two")
    last = {"kind": ["", "x"], "number": BITS[2:].view(float), "n": [0, 1], "good": [True, True], "late": ["u", None]}
    writer.add_sample("s3", [(sparse.csr_matrix(COUNTS[2:]), pd.DataFrame(last, index=["b", "d:e"]))], source="three")
    writer.commit()
    return open_atlas(path)


def write_plain(path: Path) -> Atlas:
    """Write four samples of 150 cells, each committed on its own."""
    rng = np.random.default_rng(3)
    create_atlas(path, pd.DataFrame(index=[f"G{i}" for i in range(1500)]), shard=1 << 14)
    writer = AtlasWriter(path)
    for number in range(4):
        counts = sparse.random(150, 1500, density=0.06, format="csr", rng=rng)
        counts.data = rng.geometric(0.6, size=counts.nnz)
        obs = pd.DataFrame({"number": rng.normal(size=150)}, index=[f"c{i}" for i in range(150)])
        writer.add_sample(f"s{number}", [(counts, obs)])
        writer.commit()
    return open_atlas(path)


def write_rich_compact(folder: Path) -> Path:
    """Write the compact form of it, and return its folder."""
    export_atlas(write_rich(folder / "rich.zarr"), folder / "rich.tmec", "compact", memory=1 << 26)
    return folder / "rich.tmec"


def files_of(path: Path) -> dict[str, object]:
    """Return all files of an atlas, JSON in any order, but the tables beside it: their parts are cut as it grew."""
    found = {p.relative_to(path).as_posix(): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}
    said = {name: json.loads(content) for name, content in found.items() if name.endswith(".json")}
    return {name: content for name, content in (found | said).items() if not name.startswith(".atlas/")}
