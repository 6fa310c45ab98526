"""The nearest cells of every cell: by looking at all of them, or by pynndescent where there are many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.cells.given_components import missing_extra
from tmescope.kernels.nearest_columns import nearest_columns
from tmescope.stats.soft_clusters import unit_rows
from tmescope.store.threads import for_row_blocks, one_blas_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.foundation.progress import Progress

__all__ = ["approximate_nearest", "exact_nearest"]

_BLOCK = 128
_SPARE = 8
_TASK = "find neighbours"


def exact_nearest(
    points: NDArray[np.float32], n_nearest: int, *, metric: str, threads: int, progress: Progress
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the nearest cells of each, itself left out, and their distances.

    Parameters
    ----------
    points : array of float32, shape (n, d)
        Cells.
    n_nearest : int
        How many for each; below n.
    metric : str
        ``euclidean`` or ``cosine`` (1 - cosine).
    threads : int
        Blocks of cells that are looked at together; the answer does not depend on it.
    progress : Progress
        Told of cells.

    Returns
    -------
    cells : array of int32, shape (n, n_nearest)
        The nearest first; of equally distant ones the lower number first.
    distances : array of float32, shape (n, n_nearest)

    Notes
    -----
    Candidates by ``|y|^2 - 2 x y`` in float32 of the centred points, eight more than asked for, then their distances
    anew in float64: rounding decides only among more than eight cells that are equally far to seven digits. Cost:
    O(n^2 d).
    """
    points = _placed(points, metric)
    n = len(points)
    most = min(n_nearest + _SPARE, n - 1)
    squares = np.einsum("ij,ij->i", points, points)
    turned = np.ascontiguousarray(points.T) * np.float32(-2.0)
    cells = np.empty((n, n_nearest), dtype=np.int32)
    distances = np.empty((n, n_nearest), dtype=np.float32)

    def look(first: int, last: int) -> None:
        block = points[first:last] @ turned
        block += squares
        near = np.empty((last - first, most), dtype=np.int32)
        nearest_columns(block, first, near, np.empty(near.shape, dtype=np.float32))
        near.sort(axis=1)
        apart = points[near].astype(np.float64)
        apart -= points[first:last, None, :]
        found = np.einsum("ijk,ijk->ij", apart, apart)
        order = np.argsort(found, axis=1, kind="stable")[:, :n_nearest]
        cells[first:last] = np.take_along_axis(near, order, axis=1)
        found = np.take_along_axis(found, order, axis=1)
        distances[first:last] = found / 2.0 if metric == "cosine" else np.sqrt(found)

    with one_blas_thread():
        for_row_blocks(look, n, block=_BLOCK, threads=threads, progress=progress, task=_TASK, unit="cells")
    return cells, distances


def approximate_nearest(
    points: NDArray[np.float32], n_nearest: int, *, metric: str, seed: int, progress: Progress
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return most of the nearest cells of each, itself left out, and their distances, by nearest neighbour descent.

    Parameters
    ----------
    points : array of float32, shape (n, d)
        Cells.
    n_nearest : int
        How many for each.
    metric : str
        ``euclidean`` or ``cosine``.
    seed : int
        Of the random projections and of the order in which cells are looked at.
    progress : Progress
        Told of the beginning and the end: the search says nothing in between.

    Returns
    -------
    cells : array of int32, shape (n, n_nearest)
    distances : array of float32, shape (n, n_nearest)

    Raises
    ------
    MissingDependencyError
        If pynndescent is not installed.

    Notes
    -----
    One thread, whatever there is: the work is cut by threads there, and the answer would depend on their number. Trees
    and rounds grow with the number of cells as UMAP's authors choose them.

    References
    ----------
    Dong, Charikar and Li, WWW 2011, doi:10.1145/1963405.1963487.
    """
    try:
        from pynndescent import NNDescent
    except ImportError as error:
        raise missing_extra("pynndescent", error, where="the search for neighbours") from error
    n = len(points)
    progress.start(_TASK, n, unit="cells")
    index = NNDescent(
        _placed(points, metric),
        metric="euclidean",
        n_neighbors=n_nearest + 1,
        n_trees=min(64, 5 + round(n**0.5 / 20)),
        n_iters=max(5, round(np.log2(n))),
        random_state=seed,
        n_jobs=1,
        compressed=False,
    )
    cells, distances = index.neighbor_graph
    progress.advance(_TASK, n)
    progress.finish(_TASK)
    cells, distances = _without_self(cells.astype(np.int32), distances.astype(np.float32))
    return cells, distances**2 / np.float32(2.0) if metric == "cosine" else distances


def _placed(points: NDArray[np.float32], metric: str) -> NDArray[np.float32]:
    """Return points whose Euclidean distances order cells as the metric does."""
    if metric == "cosine":
        return unit_rows(points)
    return np.asarray(points - points.mean(axis=0, dtype=np.float64).astype(np.float32))


def _without_self(
    cells: NDArray[np.int32], distances: NDArray[np.float32]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Take each cell out of its own neighbours, or the last one where other cells at the same place hid it."""
    is_other = cells != np.arange(len(cells), dtype=np.int32)[:, None]
    is_other[is_other.all(axis=1), -1] = False
    shape = len(cells), cells.shape[1] - 1
    return cells[is_other].reshape(shape), distances[is_other].reshape(shape)
