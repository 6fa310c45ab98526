"""One pass of tmescope over an atlas, in a process of its own; prints one line of JSON."""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from tmescope.cells.cell_columns import samples_of_cells
from tmescope.cells.components import find_components
from tmescope.cells.counting import count_atlas
from tmescope.cells.set_scores import score_cells
from tmescope.cells.variable_genes import find_variable_genes
from tmescope.simulate import AtlasPlan, simulate_atlas
from tmescope.store.atlas_passes import Local
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_writing import AtlasWriter, create_atlas


def work(task, atlas, folder, threads):
    runner = Local(threads)
    genes = atlas.genes().index
    if task == "first":
        types = atlas.cells(("cell_type",))["cell_type"].astype("category").cat.codes.to_numpy()
        samples = samples_of_cells(atlas).cat.codes.to_numpy()
        groups = samples.astype(np.int32) * (types.max() + 1) + types
        found = count_atlas(atlas, groups=groups, marked=list(genes[:13]), runner=runner)
        return {"counts": int(found.sums.sum()), "variance": float(found.variance.sum())}
    if task in {"seurat", "seurat_v3"}:
        found = find_variable_genes(atlas, flavour=task, n_genes=min(2000, genes.size // 2), runner=runner)
        np.save(folder / f"{task}.npy", found.chosen)
        return {}
    if task == "scores":
        rng = np.random.default_rng(0)
        sets = {f"set {i}": list(rng.choice(genes, 30, replace=False)) for i in range(36)}
        return {"mean": float(score_cells(atlas, sets, runner=runner).scores.to_numpy().mean())}
    chosen = np.load(folder / "seurat.npy")[: genes.size]
    found = find_components(atlas, chosen, n_components=50, runner=runner)
    np.savez(folder / "components.npz", loadings=found.genes.to_numpy()[chosen], variances=found.variances)
    return {"passes": found.n_passes}


def warm(task, threads):
    """Compile, or read from the cache, whatever the task needs: on 1,500 cells."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "small.zarr"
        small = simulate_atlas(AtlasPlan(n_cells=1500, n_patients=2, n_on_treatment=0), rng=np.random.default_rng(0))
        create_atlas(path, pd.DataFrame(index=small.genes))
        writer = AtlasWriter(path)
        for sample in small.samples.index:
            parts = [(b.counts, pd.DataFrame({"cell_type": b.cell_type})) for b in small.blocks(sample_ids=(sample,))]
            writer.add_sample(sample, parts)
        writer.commit()
        chosen = np.arange(small.genes.size) < 500
        np.save(Path(scratch) / "seurat.npy", chosen)
        work(task, open_atlas(path), Path(scratch), threads)


def main():
    task, path, folder, threads = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    warm(task, threads)
    began, clock = time.process_time(), time.perf_counter()
    said = work(task, open_atlas(path), folder, threads)
    cost = {"cpu_s": time.process_time() - began, "wall_s": time.perf_counter() - clock}
    # ru_maxrss starts with what the parent held
    peak = int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 2**20
    print(json.dumps({**cost, "peak_gb": peak, **said}))


if __name__ == "__main__":
    main()
