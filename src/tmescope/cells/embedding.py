"""Two coordinates of every cell for a picture: UMAP of the graph of neighbours."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tmescope.cells.given_components import checked_components, missing_extra, seed_from
from tmescope.foundation.errors import InputError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.result import RunWarning
from tmescope.store.threads import one_blas_thread

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from scipy import sparse

__all__ = ["Embedding", "UmapOptions", "embed"]

_TASK = "embed cells"
_MANY = 10_000


@dataclass(frozen=True, kw_only=True)
class UmapOptions:
    """How cells are laid out.

    Parameters
    ----------
    min_dist : float
        How near neighbours may come, 0 or more and at most `spread`.
    spread : float
        Scale of the layout, above zero.
    n_epochs : int, optional
        Rounds; 500 up to 10,000 cells and 200 above if omitted.
    init : str
        Where cells begin: ``spectral`` (eigenvectors of the graph) or ``pca`` (the first two components).
    """

    min_dist: float = 0.5
    spread: float = 1.0
    n_epochs: int | None = None
    init: Literal["spectral", "pca"] = "spectral"

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises
        ------
        InputError
            If a number is out of its range, or `init` has another name.
        """
        sound = {
            "min_dist": 0 <= self.min_dist <= self.spread,
            "spread": 0 < self.spread < np.inf,
            "n_epochs": self.n_epochs is None or self.n_epochs >= 1,
            "init": self.init in ("spectral", "pca"),
        }
        if wrong := [name for name, is_sound in sound.items() if not is_sound]:
            raise InputError(
                f"{wrong[0]} = {getattr(self, wrong[0])!r} cannot be",
                where="argument options",
                expected="spread above 0, min_dist from 0 to spread, one epoch at least, init spectral or pca",
            )


@dataclass(frozen=True)
class Embedding:
    """Cells in a plane.

    Parameters
    ----------
    places : array of float32, shape (n_cells, 2)
        Coordinates without a unit.
    n_epochs : int
        Rounds that were done.
    init : str
        Where cells began.
    warnings : tuple of RunWarning
        ``embedding.parts`` where the graph falls into parts: where these lie relative to each other says nothing.
    """

    places: NDArray[np.float32]
    n_epochs: int
    init: str
    warnings: tuple[RunWarning, ...] = ()


def embed(
    connectivities: sparse.csr_matrix,
    components: ArrayLike,
    *,
    rng: np.random.Generator,
    options: UmapOptions | None = None,
    progress: Progress = SILENT,
) -> Embedding:
    """Lay cells out in a plane so that neighbours in the graph are near each other.

    Answers "what does the graph look like?". It does not answer how alike two groups are: distances between groups,
    their sizes and their density mean little. Nothing should be calculated from the coordinates.

    Parameters
    ----------
    connectivities : scipy.sparse.csr_matrix, shape (n_cells, n_cells)
        Symmetric weights (`tmescope.cells.neighbours.Neighbours.connectivities`).
    components : array-like of float, shape (n_cells, k)
        The components that the graph was made of, two at least.
    rng : numpy.random.Generator
        Draws the seed.
    options : UmapOptions, optional
        Distances, rounds, beginning.
    progress : Progress
        Told of epochs.

    Returns
    -------
    Embedding

    Raises
    ------
    InputError
        If components are not finite or fewer than two, or there is not one for each cell of the graph.
    MissingDependencyError
        If the extra ``cells`` is not installed.

    Notes
    -----
    umap-learn's layout in one thread. The same graph and seed give the same bytes on one machine; its compiled code may
    round otherwise on another processor, and small differences grow. Cost: O(edges x epochs).

    References
    ----------
    McInnes, Healy and Melville, 2018, doi:10.48550/arXiv.1802.03426.
    """
    options = options or UmapOptions()
    points = checked_components(components)
    n = len(points)
    if connectivities.shape != (n, n) or points.shape[1] < 2:
        raise InputError(
            f"components of shape {points.shape} for connectivities of shape {connectivities.shape}",
            where="argument components",
            expected="one row for each cell of the graph, two components at least",
        )
    n_epochs = options.n_epochs or (500 if n <= _MANY else 200)
    places = _laid_out(connectivities, points, n_epochs, options=options, seed=seed_from(rng), progress=progress)
    return Embedding(places, n_epochs, options.init, _warn_of_parts(connectivities))


def _laid_out(
    connectivities: sparse.csr_matrix,
    points: NDArray[np.float32],
    n_epochs: int,
    *,
    options: UmapOptions,
    seed: int,
    progress: Progress,
) -> NDArray[np.float32]:
    with warnings.catch_warnings(), one_blas_thread():
        warnings.simplefilter("ignore")  # of an optional part of umap-learn, and of graphs that fall into parts
        try:
            from umap.umap_ import find_ab_params, simplicial_set_embedding
        except ImportError as error:
            raise missing_extra("umap-learn", error, where="UMAP") from error
        a, b = find_ab_params(options.spread, options.min_dist)
        progress.start(_TASK, n_epochs, unit="epochs")
        counter = _EpochCounter(progress)
        places, _ = simplicial_set_embedding(
            data=points,
            graph=connectivities.tocoo(copy=True),  # it is written into
            n_components=2,
            initial_alpha=1.0,
            a=a,
            b=b,
            gamma=1.0,
            negative_sample_rate=5,
            n_epochs=n_epochs,
            init="spectral" if options.init == "spectral" else points[:, :2],
            random_state=np.random.RandomState(seed),  # umap-learn takes no other
            metric="euclidean",
            metric_kwds={},
            densmap=False,
            densmap_kwds={},
            output_dens=False,
            parallel=False,
            tqdm_kwds={"file": counter, "disable": progress is SILENT, "bar_format": "{n_fmt}", "mininterval": 0.5},
        )
        counter.finish(n_epochs)
    return np.asarray(places, dtype=np.float32)


class _EpochCounter(io.StringIO):
    """What umap-learn's progress bar writes its number to, for a listener of ours."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress
        self._done = 0

    def write(self, text: str) -> int:
        """Tell the listener of the number that the text holds, if it is one."""
        if text.strip().isdecimal():
            self._tell(int(text))
        return len(text)

    def finish(self, total: int) -> None:
        """Tell the listener of the rest."""
        self._tell(total)
        self._progress.finish(_TASK)

    def _tell(self, done: int) -> None:
        if done > self._done:
            self._progress.advance(_TASK, done - self._done)
            self._done = done


def _warn_of_parts(connectivities: Any) -> tuple[RunWarning, ...]:
    from scipy.sparse.csgraph import connected_components

    n_parts, labels = connected_components(connectivities, directed=False)
    if n_parts == 1:
        return ()
    smallest = int(np.bincount(labels).min())
    return (
        RunWarning(
            "embedding.parts",
            f"the graph falls into {n_parts} parts, the smallest of {smallest} cells: where they lie relative to each "
            f"other says nothing",
            count=int(n_parts),
        ),
    )
