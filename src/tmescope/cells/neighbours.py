"""The graph of neighbouring cells, weighted as UMAP does."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from tmescope.cells.given_components import checked_components, missing_extra, seed_from
from tmescope.cells.nearest import approximate_nearest, exact_nearest
from tmescope.foundation.errors import InputError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.result import RunWarning

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from scipy import sparse

__all__ = ["EXACT_UP_TO", "Neighbours", "find_neighbours"]

EXACT_UP_TO = 131_072
"""Cells up to which all pairs are looked at."""


@dataclass(frozen=True)
class Neighbours:
    """Which cells are near each other.

    Parameters
    ----------
    distances : scipy.sparse.csr_matrix of float32, shape (n_cells, n_cells)
        Distance of each cell to its neighbours, itself left out: n_neighbours - 1 in each row.
    connectivities : scipy.sparse.csr_matrix of float32, shape (n_cells, n_cells)
        Symmetric weights between 0 and 1.
    n_neighbours : int
        Neighbours of a cell, itself counted.
    metric : str
        ``euclidean`` or ``cosine``.
    is_exact : bool
        Whether all pairs were looked at.
    warnings : tuple of RunWarning
        ``neighbours.identical_cells`` where cells have the same components.
    """

    distances: sparse.csr_matrix
    connectivities: sparse.csr_matrix
    n_neighbours: int
    metric: str
    is_exact: bool
    warnings: tuple[RunWarning, ...] = ()


def find_neighbours(
    components: ArrayLike,
    *,
    rng: np.random.Generator,
    n_neighbours: int = 15,
    metric: Literal["euclidean", "cosine"] = "euclidean",
    threads: int = 1,
    progress: Progress = SILENT,
) -> Neighbours:
    """Find the nearest cells of every cell in its principal components, and weigh how near they are.

    Answers "which cells are alike?", for clusters and embeddings. Distances of cells of different batches are those
    of the batches too: integrate first (`tmescope.cells.integration.integrate`), or look at one batch.

    Parameters
    ----------
    components : array-like of float, shape (n_cells, k)
        Principal components, integrated ones where there are batches.
    rng : numpy.random.Generator
        Draws the seed of the approximate search.
    n_neighbours : int
        Neighbours of a cell, itself counted (scanpy's convention); 2 at least, fewer than cells.
    metric : str
        ``euclidean`` or ``cosine`` (1 - cosine).
    threads : int
        For the exact search; the answer does not depend on it.
    progress : Progress
        Told of cells.

    Returns
    -------
    Neighbours

    Raises
    ------
    InputError
        If components are not finite, or there are no more cells than neighbours.
    MissingDependencyError
        If the extra ``cells`` is not installed.

    Notes
    -----
    Up to 131,072 cells every pair is looked at; above, nearest neighbour descent in one thread finds most of the
    neighbours. Weights are UMAP's: 1 for the nearest cell, falling with the distance beyond it so that the weights of
    a cell add up to log2(n_neighbours), and a + b - ab for the two directions. Same input, same seed, same bytes.

    References
    ----------
    McInnes, Healy and Melville, 2018, doi:10.48550/arXiv.1802.03426.
    """
    points = checked_components(components)
    if not 2 <= n_neighbours < len(points):
        raise InputError(
            f"{n_neighbours} neighbours for {len(points)} cells",
            where="argument n_neighbours",
            expected="2 at least, itself counted, and fewer than there are cells",
        )
    if metric not in ("euclidean", "cosine"):
        raise InputError(f"no distance is named {metric!r}", where="argument metric", expected="euclidean or cosine")
    seed = seed_from(rng)
    is_exact = len(points) <= EXACT_UP_TO
    if is_exact:
        cells, apart = exact_nearest(points, n_neighbours - 1, metric=metric, threads=threads, progress=progress)
    else:
        cells, apart = approximate_nearest(points, n_neighbours - 1, metric=metric, seed=seed, progress=progress)
    return Neighbours(
        _as_matrix(cells, apart), _weighed(cells, apart), n_neighbours, metric, is_exact, _warn_of_identical(apart)
    )


def _as_matrix(cells: NDArray[np.int32], apart: NDArray[np.float32]) -> sparse.csr_matrix:
    from scipy import sparse

    n, k = cells.shape
    order = np.argsort(cells, axis=1, kind="stable")
    data, indices = np.take_along_axis(apart, order, axis=1), np.take_along_axis(cells, order, axis=1)
    return sparse.csr_matrix((data.ravel(), indices.ravel(), np.arange(n + 1) * k), shape=(n, n))


def _weighed(cells: NDArray[np.int32], apart: NDArray[np.float32]) -> sparse.csr_matrix:
    n = len(cells)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from umap.umap_ import fuzzy_simplicial_set
    except ImportError as error:
        raise missing_extra("umap-learn", error, where="the weights of neighbours") from error
    from scipy import sparse

    own = np.arange(n, dtype=np.int32)[:, None]
    found = fuzzy_simplicial_set(
        sparse.coo_matrix((n, 1)),
        cells.shape[1] + 1,
        None,
        None,
        knn_indices=np.hstack([own, cells]),
        knn_dists=np.hstack([np.zeros((n, 1), np.float32), apart]),
        set_op_mix_ratio=1.0,
        local_connectivity=1.0,
    )[0]
    weights = sparse.csr_matrix(found, dtype=np.float32)
    weights.sort_indices()
    return weights


def _warn_of_identical(apart: NDArray[np.float32]) -> tuple[RunWarning, ...]:
    same = np.flatnonzero(apart[:, -1] == 0.0)
    if not same.size:
        return ()
    return (
        RunWarning(
            "neighbours.identical_cells",
            f"{same.size} cells have as many cells with the very same components as neighbours are looked for: "
            f"they are tied to these alone",
            count=int(same.size),
            examples=tuple(str(i) for i in same[:3]),
        ),
    )
