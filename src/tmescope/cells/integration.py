"""Principal components of cells without what their batches shift: Harmony, written from its paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tmescope.cells.batches import batches_of, warn_of_batches
from tmescope.cells.given_components import checked_components
from tmescope.foundation.errors import InputError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.result import RunWarning
from tmescope.stats.batch_correction import batch_shifts, without_shifts
from tmescope.stats.soft_clusters import DiverseClusters, Diversity, diverse_round, first_centres, unit_rows
from tmescope.store.threads import one_blas_thread

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["HarmonyOptions", "Integrated", "integrate"]

_CELLS_OF_A_CLUSTER = 30
_MOST_CLUSTERS = 100
_TASK = "integrate batches"


@dataclass(frozen=True, kw_only=True)
class HarmonyOptions:
    """How batches are taken out.

    Parameters
    ----------
    n_clusters : int, optional
        Soft clusters; one for 30 cells, 100 at most, if omitted.
    theta : float or mapping of str to float
        How much the mixing of batches counts, for all variables or for each; 0 asks for none.
    ridge : float or mapping of str to float
        Penalty of the shift of a batch (lambda of the paper), above zero: a shift that n cells of a cluster tell is
        shrunk by about n / (n + ridge).
    sigma : float
        Width of the clusters; small values make membership hard.
    block_share : float
        Share of the cells that get their membership together.
    most_rounds, most_corrections : int
        Rounds of clustering before each correction, and corrections, at most.
    cluster_tolerance, tolerance : float
        By how much for each cell a round, or a correction with its clustering, must lower the objective to go on.
    """

    n_clusters: int | None = None
    theta: float | Mapping[str, float] = 2.0
    ridge: float | Mapping[str, float] = 1.0
    sigma: float = 0.1
    block_share: float = 0.05
    most_rounds: int = 20
    most_corrections: int = 10
    cluster_tolerance: float = 1e-5
    tolerance: float = 1e-4

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises
        ------
        InputError
            If a number is out of its range.
        """
        sound = {
            "n_clusters": self.n_clusters is None or self.n_clusters >= 2,
            "sigma": 0 < self.sigma < np.inf,
            "block_share": 0 < self.block_share <= 1,
            "most_rounds": self.most_rounds >= 1,
            "most_corrections": self.most_corrections >= 1,
            "theta": all(0 <= v < np.inf for v in _numbers(self.theta)),
            "ridge": all(0 < v < np.inf for v in _numbers(self.ridge)),
        }
        if wrong := [name for name, is_sound in sound.items() if not is_sound]:
            raise InputError(
                f"{wrong[0]} = {getattr(self, wrong[0])!r} cannot be",
                where="argument options",
                expected="n_clusters of at least 2, theta of at least 0, ridge and sigma above 0, block_share above 0 "
                "and at most 1, at least one round and one correction",
            )


@dataclass(frozen=True)
class Integrated:
    """Components without the shifts of batches.

    Parameters
    ----------
    components : array of float32, shape (n_cells, k)
        In the order of the cells.
    objective : tuple of tuple of float
        What the clustering makes smaller, after each of its rounds, for each correction.
    has_converged : bool
        Whether the last correction lowered the objective by less than the tolerance.
    n_clusters : int
        Soft clusters.
    share_between_before, share_between_after : dict of str to float
        Share of the variance that lies between the levels of each batch variable, before and after.
    warnings : tuple of RunWarning
        What the reader should know: confounding, small batches, no convergence.
    """

    components: NDArray[np.float32]
    objective: tuple[tuple[float, ...], ...]
    has_converged: bool
    n_clusters: int
    share_between_before: dict[str, float] = field(default_factory=dict)
    share_between_after: dict[str, float] = field(default_factory=dict)
    warnings: tuple[RunWarning, ...] = ()


def integrate(
    components: ArrayLike,
    batches: Mapping[str, Sequence[object]],
    *,
    rng: np.random.Generator,
    kept: Mapping[str, Sequence[object]] | None = None,
    options: HarmonyOptions | None = None,
    progress: Progress = SILENT,
) -> Integrated:
    """Take out of principal components what differs between batches within clusters of like cells.

    Answers "which cells of several batches are alike?". It does not answer what differs between patients or groups of
    them: it takes such differences away with those of batches. Compare groups in counts, by pseudo-bulk.

    Parameters
    ----------
    components : array-like of float, shape (n_cells, k)
        Principal components of the cells, not scaled.
    batches : mapping of str to sequence
        For each batch variable the batch of each cell, none missing; two different ones at least.
    rng : numpy.random.Generator
        Draws the first centres and the blocks of cells.
    kept : mapping of str to sequence, optional
        What must not be taken out, such as outcome or cell type: batches that tell it are warned of. None or NaN is
        missing.
    options : HarmonyOptions, optional
        Weights, clusters, tolerances.
    progress : Progress
        Told of corrections.

    Returns
    -------
    Integrated

    Raises
    ------
    InputError
        If components are not finite, a batch is missing, a variable has a single batch, or there are fewer than 10
        cells for each batch on average.

    Notes
    -----
    In turns, until the objective settles: soft clusters by cosine distance in which batches that are over-represented
    count less (`tmescope.stats.soft_clusters.diverse_round`), then a ridge regression on batches in each cluster,
    always of the components as they came (`tmescope.stats.batch_correction.batch_shifts`). What belongs to single cells
    is float32, as are the components that come out; sums over cells are float64. One thread of BLAS: the same input and
    seed give the same bytes. Cost: O(n k d) for each round, with d components and k clusters; 4 n (k + 3 d) bytes.

    References
    ----------
    Korsunsky et al., Nature Methods 2019, doi:10.1038/s41592-019-0619-0.
    """
    options = options or HarmonyOptions()
    given = checked_components(components, fewest=20)
    known = batches_of(batches, len(given))
    warnings = warn_of_batches(known, kept or {})
    order = np.argsort(known.kinds, kind="stable")
    points, kinds = given[order], known.kinds[order]
    n_clusters = options.n_clusters or max(2, min(_MOST_CLUSTERS, round(len(points) / _CELLS_OF_A_CLUSTER)))
    if n_clusters >= len(points):
        raise InputError(
            f"{n_clusters} clusters for {len(points)} cells", where="argument options", expected="fewer than cells"
        )
    diversity = Diversity(
        kinds, known.levels, known.shares, known.of_levels(options.theta, name="theta"), options.sigma
    )
    ridge = known.of_levels(options.ridge, name="ridge")
    with one_blas_thread():
        found, told, has_converged = _alternate(
            points, diversity, ridge, n_clusters=n_clusters, options=options, rng=rng, progress=progress
        )
        corrected = np.empty_like(found)
        corrected[order] = found
        before, after = known.shares_between(given), known.shares_between(corrected)
    if not has_converged:
        warnings = (*warnings, _unsettled(told, len(points), options))
    return Integrated(corrected, told, has_converged, n_clusters, before, after, warnings)


def _alternate(
    points: NDArray[np.float32],
    diversity: Diversity,
    ridge: NDArray[np.float64],
    *,
    n_clusters: int,
    options: HarmonyOptions,
    rng: np.random.Generator,
    progress: Progress,
) -> tuple[NDArray[np.float32], tuple[tuple[float, ...], ...], bool]:
    """Cluster and correct in turns; return the points, the objectives, and whether they have settled."""
    corrected = points
    n_kinds = diversity.levels.shape[1]
    unit = unit_rows(points)
    clusters = DiverseClusters(
        first_centres(unit, n_clusters, rng=rng),
        np.zeros((len(points), n_clusters), dtype=np.float32),
        np.zeros((n_kinds, n_clusters)),
        np.inf,
    )
    clusters = diverse_round(unit, clusters, diversity, blocks=_blocks(len(points), options.block_share, rng))
    told: list[tuple[float, ...]] = []
    has_converged = False
    progress.start(_TASK, options.most_corrections, unit="corrections")
    while len(told) < options.most_corrections and not has_converged:
        clusters, objectives = _cluster(unit, clusters, diversity, options=options, rng=rng)
        shifts = batch_shifts(points, clusters, levels=diversity.levels, kinds=diversity.kinds, ridge=ridge)
        corrected = without_shifts(points, clusters.members, shifts, kinds=diversity.kinds)
        unit = unit_rows(corrected)
        has_converged = bool(told) and told[-1][-1] - objectives[-1] <= options.tolerance * len(points)
        told.append(objectives)
        progress.advance(_TASK)
    progress.finish(_TASK, "" if has_converged else "not settled")
    return corrected, tuple(told), has_converged


def _cluster(
    unit: NDArray[np.float32],
    clusters: DiverseClusters,
    diversity: Diversity,
    *,
    options: HarmonyOptions,
    rng: np.random.Generator,
) -> tuple[DiverseClusters, tuple[float, ...]]:
    told: list[float] = []
    while len(told) < options.most_rounds:
        clusters = diverse_round(unit, clusters, diversity, blocks=_blocks(len(unit), options.block_share, rng))
        told.append(clusters.objective)
        if len(told) > 1 and told[-2] - told[-1] <= options.cluster_tolerance * len(unit):
            break
    return clusters, tuple(told)


def _blocks(n: int, share: float, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    return np.array_split(rng.permutation(n), min(n, round(1 / share)))


def _numbers(value: float | Mapping[str, float]) -> Sequence[float]:
    return list(value.values()) if isinstance(value, Mapping) else [value]


def _unsettled(told: tuple[tuple[float, ...], ...], n_cells: int, options: HarmonyOptions) -> RunWarning:
    ends = [t[-1] for t in told[-2:]]
    change = "" if len(ends) < 2 else f": the last lowered the objective by {(ends[0] - ends[1]) / n_cells:.2g} a cell"
    return RunWarning(
        "integration.not_converged",
        f"after {options.most_corrections} corrections the components still move{change}",
        count=options.most_corrections,
    )
