"""Child process of `bench.atlas_scale`: pass over an atlas, print time and memory of each pass as JSON."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from tmescope.cells.components import find_components
from tmescope.cells.counting import count_atlas
from tmescope.cells.markers import find_markers
from tmescope.cells.variable_genes import find_variable_genes
from tmescope.foundation.budget import parse_memory
from tmescope.store.atlas_passes import Local
from tmescope.store.atlas_reading import Atlas, open_atlas
from tmescope.store.atlas_turning import write_panels
from tmescope.store.atlas_writing import AtlasWriter, create_atlas


def gigabytes(name: str) -> float:
    """Return a size that the system tells of this process: VmRSS, or its peak VmHWM."""
    return int(re.search(rf"{name}:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 2**20


def count(atlas: Atlas) -> None:
    """Quality, pseudo-bulk of sample and type, and moments."""
    labels = atlas.cells(("sample_id", "cell_type"))
    pairs = labels["sample_id"].cat.codes.to_numpy() * np.int32(labels["cell_type"].cat.categories.size)
    count_atlas(atlas, groups=pairs + labels["cell_type"].cat.codes.to_numpy(), memory=memory, runner=runner)


def choose(atlas: Atlas) -> None:
    """The 2,000 genes that vary most."""
    chosen[:] = [find_variable_genes(atlas, n_genes=min(2000, atlas.layout.n_genes), runner=runner).chosen]


def components(atlas: Atlas) -> None:
    """50 principal components of these: products of genes, and projection."""
    find_components(atlas, chosen[0], n_components=50, memory=memory, runner=runner)


def rank(atlas: Atlas) -> None:
    """Rank sums of every type and gene, with p, fold change and AUC, from the gene-major copy."""
    find_markers(atlas, atlas.cells(("cell_type",))["cell_type"], memory=memory, runner=runner)


def turn(atlas: Atlas) -> None:
    """Write the gene-major copy; it stays in the atlas."""
    write_panels(atlas.path, memory=memory, threads=runner.threads)


PASSES = {"count": count, "variable genes": choose, "components": components, "rank sums": rank}


def warm(folder: Path) -> None:
    """Load libraries and kernels, so that no pass pays for them: the same passes over a few cells."""
    path = folder / "few.zarr"
    create_atlas(path, pd.DataFrame(index=[f"G{i}" for i in range(500)]))
    writer = AtlasWriter(path)
    obs = pd.DataFrame({"cell_type": ["a", "b"] * 50}, index=[f"C{i}" for i in range(100)])
    writer.add_sample(
        "S",
        [(sparse.csr_matrix(np.random.default_rng(0).poisson(np.linspace(0.1, 5.0, 500), (100, 500))), obs)],
        source="few",
    )
    writer.commit()
    turn(open_atlas(path))
    for work in PASSES.values():
        work(open_atlas(path))


def measure(work: Callable[[Atlas], None], atlas: Atlas, times: int) -> dict[str, float]:
    """Return the least time that work took, and the most memory."""
    Path("/proc/self/clear_refs").write_text("5")
    best = {"cpu_s": np.inf, "wall_s": np.inf}
    for _ in range(times):
        wall, cpu = time.monotonic(), time.process_time()
        work(atlas)
        best = {
            "cpu_s": min(best["cpu_s"], time.process_time() - cpu),
            "wall_s": min(best["wall_s"], time.monotonic() - wall),
        }
    print(f"  {work.__name__}: {best}, peak {gigabytes('VmHWM'):.2f} GB", file=sys.stderr, flush=True)
    return best | {"base_gb": base, "peak_gb": gigabytes("VmHWM")}


def stored(atlas: Atlas, vectors: Sequence[str]) -> float:
    """Return the gigabytes that vectors take on the disk."""
    return sum(s.nbytes for v in vectors for s in atlas.layout.shards[v]) / 1e9


def machine(folder: Path) -> dict[str, float]:
    """Measure what the disk (files that the system was told to forget) and a copy in memory give."""
    files = sorted((folder / "X/data/c").iterdir(), key=lambda f: -f.stat().st_size)[:8]
    buffer = bytearray(1 << 22)
    read, took = 0, 0.0
    for path in files:
        with path.open("rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            began = time.monotonic()
            while n := file.readinto(buffer):
                read += n
            took += time.monotonic() - began
    disk = read / max(took, 1e-6) / 1e9
    numbers, into = np.ones(1 << 25), np.ones(1 << 25)
    best = np.inf
    for _ in range(5):
        began = time.process_time()
        np.copyto(into, numbers)
        best = min(best, time.process_time() - began)
    return {"disk_gb_s": disk, "memory_gb_s": 2 * numbers.nbytes / best / 1e9}


path, threads, repeats = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
memory, runner = parse_memory(sys.argv[4]), Local(threads)
chosen: list[np.ndarray] = []
with tempfile.TemporaryDirectory(prefix="tmescope-bench-") as scratch:
    warm(Path(scratch))
base = gigabytes("VmRSS")
found = {}
atlas = open_atlas(path)
item = np.dtype(atlas.layout.count_dtype).itemsize
rows = stored(atlas, ("X/data", "X/indices", "X/indptr"))
for name, work in PASSES.items():
    if by_gene := name == "rank sums":
        if not atlas.layout.panels or atlas.layout.panels[-1].last < atlas.layout.n_cells:
            moved = atlas.layout.n_entries * (4 + item + 2 + item) * 2 / 1e9
            found["turning"] = measure(turn, atlas, 1) | {"disk_gb": rows, "memory_gb": moved}
            atlas = open_atlas(path)
        rows = stored(atlas, [place for panel in atlas.layout.panels for place in panel.places.values()])
    # decoded numbers are written once and read once
    moved = atlas.layout.n_entries * ((2 if by_gene else 4) + item) * 2 / 1e9
    found[name] = measure(work, atlas, repeats) | {"disk_gb": rows, "memory_gb": moved}
found["machine"] = machine(path)
print(json.dumps(found))
