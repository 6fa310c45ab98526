"""Clusters of cells: communities of the graph of neighbours by the Leiden algorithm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.cells.given_components import missing_extra, seed_from
from tmescope.foundation.errors import InputError, MethodError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.result import RunWarning

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

__all__ = ["Communities", "cluster", "ordered_by_size"]

_TASK = "cluster cells"
_FEWEST = 10


@dataclass(frozen=True)
class Communities:
    """Clusters of cells.

    Parameters
    ----------
    labels : array of int32, shape (n_cells,)
        Cluster of each cell; 0 is the largest, of equal ones that of the first cell.
    sizes : array of int64, shape (n_clusters,)
        Cells of each.
    modularity : float
        Of the graph at this resolution; at 1 below 1.
    resolution : float
        As asked for.
    n_trials : int
        Runs of which the best was taken.
    warnings : tuple of RunWarning
        ``clusters.single`` where there is one cluster, ``clusters.small`` where some have fewer than 10 cells.
    """

    labels: NDArray[np.int32]
    sizes: NDArray[np.int64]
    modularity: float
    resolution: float
    n_trials: int
    warnings: tuple[RunWarning, ...] = ()


def cluster(
    connectivities: sparse.csr_matrix,
    *,
    rng: np.random.Generator,
    resolution: float = 1.0,
    n_trials: int = 1,
    n_iterations: int = 4,
    progress: Progress = SILENT,
) -> Communities:
    """Cut the graph of neighbours into clusters of cells that are tied to each other more than to others.

    Answers "which groups does the graph have at this resolution?". It finds some number of clusters in any graph, and a
    higher resolution finds more: they are no cell types until their markers say so, and markers of clusters that were
    made from the same counts have no p-values in the usual sense.

    Parameters
    ----------
    connectivities : scipy.sparse.csr_matrix, shape (n_cells, n_cells)
        Symmetric weights of zero or more (`tmescope.cells.neighbours.Neighbours.connectivities`).
    rng : numpy.random.Generator
        Draws the seed.
    resolution : float
        Above zero; the weight of what chance alone would tie.
    n_trials : int
        Independent runs of which that with the highest modularity is taken.
    n_iterations : int
        How often each run goes through the whole graph, from where it was.
    progress : Progress
        Told of the beginning and the end.

    Returns
    -------
    Communities

    Raises
    ------
    InputError
        If the matrix is not square and symmetric, a weight is negative or not finite, none is above zero, or a number
        is out of its range.
    MissingDependencyError
        If the extra ``cells`` is not installed.
    MethodError
        If the library fails.

    Notes
    -----
    Modularity with resolution: ``sum over pairs in one cluster of w - resolution k_i k_j / 2m``. One thread; the same
    graph and seed give the same clusters. A cell without any tie is a cluster of its own.

    References
    ----------
    Traag, Waltman and van Eck, Scientific Reports 2019, doi:10.1038/s41598-019-41695-z.
    """
    _check_options(resolution=resolution, n_trials=n_trials, n_iterations=n_iterations)
    graph = _checked_graph(connectivities)
    try:
        from graspologic_native import leiden_csr
    except ImportError as error:
        raise missing_extra("graspologic-native", error, where="clusters of cells") from error
    n = graph.shape[0]
    progress.start(_TASK, n, unit="cells")
    try:
        quality, found = leiden_csr(
            graph.indptr.astype(np.int64),
            graph.indices.astype(np.int32),
            graph.data.astype(np.float64),
            n,
            resolution=resolution,
            iterations=n_iterations,
            use_modularity=True,
            seed=seed_from(rng),
            trials=n_trials,
        )
    except Exception as error:
        raise MethodError(
            f"the Leiden algorithm failed ({type(error).__name__}: {error})", where="argument connectivities"
        ) from error
    progress.advance(_TASK, n)
    progress.finish(_TASK)
    labels, sizes = ordered_by_size(_labels(found, n))
    return Communities(labels, sizes, float(quality), resolution, n_trials, _warn(sizes, resolution))


def ordered_by_size(labels: NDArray[Any]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number groups anew, the largest 0, of equal ones that of the first cell first.

    Parameters
    ----------
    labels : array of int, shape (n,)
        Any numbers.

    Returns
    -------
    labels : array of int32, shape (n,)
    sizes : array of int64, shape (n_groups,)
    """
    _, first, codes, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    place = np.empty(order.size, dtype=np.int32)
    place[order] = np.arange(order.size, dtype=np.int32)
    return place[codes], sizes[order].astype(np.int64)


def _labels(found: dict[int, int], n: int) -> NDArray[np.int64]:
    """Return the community of each cell; those that the library leaves out have one each."""
    labels = np.full(n, -1, dtype=np.int64)
    labels[np.fromiter(found.keys(), dtype=np.int64, count=len(found))] = np.fromiter(
        found.values(), dtype=np.int64, count=len(found)
    )
    alone = np.flatnonzero(labels < 0)
    labels[alone] = labels.max(initial=-1) + 1 + np.arange(alone.size)
    return labels


def _check_options(**numbers: float) -> None:
    for name, value in numbers.items():
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{name} = {value!r}", where=f"argument {name}", expected="a number above 0")


def _checked_graph(connectivities: sparse.csr_matrix) -> sparse.csr_matrix:
    from scipy import sparse

    graph = sparse.csr_matrix(connectivities)
    if graph.shape[0] != graph.shape[1] or graph.shape[0] < 2:
        raise InputError(
            f"connectivities of shape {graph.shape}", where="argument connectivities", expected="cells x cells"
        )
    if not np.isfinite(graph.data).all() or (graph.data < 0).any() or not (graph.data > 0).any():
        bad = int((~(graph.data >= 0)).sum())
        raise InputError(
            f"{bad} of {graph.nnz} weights are negative or not finite, or none is above zero",
            where="argument connectivities",
            expected="weights of zero or more, some above",
        )
    apart = abs(graph - graph.T)
    if apart.nnz and apart.max() > 1e-6 * graph.data.max():
        raise InputError(
            f"{apart.nnz // 2} pairs of cells have two different weights",
            where="argument connectivities",
            expected="a symmetric matrix",
            next_step="give connectivities of find_neighbours, not distances",
        )
    graph = graph.copy()
    graph.setdiag(0.0)
    graph.eliminate_zeros()
    graph.sort_indices()
    return graph


def _warn(sizes: NDArray[np.int64], resolution: float) -> tuple[RunWarning, ...]:
    found = []
    if sizes.size == 1:
        found.append(
            RunWarning("clusters.single", f"all cells are one cluster at a resolution of {resolution:g}", count=1)
        )
    if small := int((sizes < _FEWEST).sum()):
        found.append(
            RunWarning(
                "clusters.small",
                f"{small} of {sizes.size} clusters have fewer than {_FEWEST} cells: outliers, doublets, or a "
                f"resolution that is too high",
                count=small,
            )
        )
    return tuple(found)
