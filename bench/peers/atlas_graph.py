"""Child process of `bench.atlas_graph`: one step with one program; what it costs and finds, as lines of JSON."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

import numpy as np

folder, program, step = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
clean, shifted = np.load(folder / "clean.npy"), np.load(folder / "shifted.npy")
types, batches = np.load(folder / "types.npy"), np.load(folder / "batches.npy")


def peak_gb() -> float:
    """Return the peak of this process."""
    return int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 2**20


class Clock:
    """CPU seconds and memory from here to the first time that it is told."""

    def __init__(self) -> None:
        self.began = time.process_time()

    def stop(self) -> Clock:
        self.cost = {"cpu_s": time.process_time() - self.began, "peak_gb": peak_gb()}
        return self

    def tell(self, name: str, found: str) -> None:
        print(json.dumps({"program": name, **self.cost, "found": found}), flush=True)


def nearest(components: np.ndarray, k: int = 14, n: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """Return some cells and their nearest ones, itself left out."""
    chosen = np.random.default_rng(0).choice(len(components), n, replace=False)
    apart = (components**2).sum(1) - 2 * components[chosen] @ components.T
    apart[np.arange(n), chosen] = np.inf
    return chosen, np.argpartition(apart, k, axis=1)[:, :k]


def purity(components: np.ndarray, labels: np.ndarray) -> float:
    chosen, near = nearest(components, 30)
    return float((labels[near] == labels[chosen][:, None]).mean())


def recall(distances) -> str:
    chosen, near = nearest(clean)
    rows = [set(distances[c].indices) & set(n) for c, n in zip(chosen, near, strict=True)]
    return f"recall {np.mean([len(r) / 14 for r in rows]):.4f}"


def agreement(labels: np.ndarray) -> str:
    from sklearn.metrics import adjusted_rand_score

    return f"ARI {adjusted_rand_score(types, labels):.4f}, {len(np.unique(labels))} clusters"


def mixing(components: np.ndarray) -> str:
    same, kind = purity(components, batches), purity(components, types)
    return f"same batch {same:.3f} (chance {1 / (batches.max() + 1):.3f}), same type {kind:.3f}"


def with_tmescope() -> None:
    rng = np.random.default_rng(0)
    if step == "harmony":
        from tmescope.cells.integration import integrate

        clock = Clock()
        found = integrate(shifted, {"batch": batches}, rng=rng)
        clock.stop().tell("tmescope", f"{mixing(found.components)}, {len(found.objective)} corrections")
        Clock().stop().tell("(before)", mixing(shifted))
        return
    from tmescope.cells.neighbours import find_neighbours

    clock = Clock()
    graph = find_neighbours(clean, rng=rng)
    if step == "neighbours":
        clock.stop().tell("tmescope, all pairs", recall(graph.distances))
        approximate()
    clock = Clock()
    if step == "leiden":
        from tmescope.cells.clustering import cluster

        found = cluster(graph.connectivities, rng=rng)
        clock.stop().tell("tmescope", agreement(found.labels))
    if step == "umap":
        from tmescope.cells.embedding import embed

        places = embed(graph.connectivities, clean, rng=rng).places
        clock.stop().tell("tmescope", f"same type {purity(places, types):.3f}")


def approximate() -> None:
    from scipy import sparse

    from tmescope.cells.nearest import approximate_nearest
    from tmescope.foundation.progress import SILENT

    clock = Clock()
    cells, apart = approximate_nearest(clean, 14, metric="euclidean", seed=0, progress=SILENT)
    ends = np.arange(len(clean) + 1) * 14
    matrix = sparse.csr_matrix((apart.ravel(), cells.ravel(), ends), shape=(len(clean),) * 2)
    clock.stop().tell("tmescope, pynndescent", recall(matrix))


def with_peers() -> None:
    if step == "harmony":
        with_harmonypy()
        return
    import anndata
    import scanpy as sc

    data = anndata.AnnData(np.zeros((len(clean), 1), dtype=np.float32), obsm={"X_pca": clean})
    clock = Clock()
    sc.pp.neighbors(data, use_rep="X_pca", random_state=0)
    if step == "neighbours":
        clock.stop().tell("scanpy", recall(data.obsp["distances"].tocsr()))
    clock = Clock()
    if step == "leiden":
        sc.tl.leiden(data, flavor="igraph", n_iterations=2, directed=False, random_state=0)
        clock.stop().tell("scanpy, igraph", agreement(data.obs["leiden"].to_numpy().astype(int)))
        clock = Clock()
        sc.tl.leiden(data, flavor="leidenalg", n_iterations=2, random_state=0)
        clock.stop().tell("scanpy, leidenalg", agreement(data.obs["leiden"].to_numpy().astype(int)))
    if step == "umap":
        sc.tl.umap(data, random_state=0)
        clock.stop().tell("scanpy", f"same type {purity(data.obsm['X_umap'], types):.3f}")


def with_harmonypy() -> None:
    import harmonypy
    import pandas as pd

    strict = {"lamb": 1, "max_iter_kmeans": 20, "epsilon_cluster": 1e-5, "epsilon_harmony": 1e-4}
    for name, options in (("harmonypy", {}), ("harmonypy, stricter", strict)):
        clock = Clock()
        table = pd.DataFrame({"batch": batches.astype(str)})
        found = harmonypy.run_harmony(shifted, table, "batch", random_state=0, verbose=False, **options)
        corrected = np.asarray(found.Z_corr)
        clock.stop().tell(name, mixing(corrected if corrected.shape == shifted.shape else corrected.T))


if program == "tmescope":
    with_tmescope()
else:
    with_peers()
