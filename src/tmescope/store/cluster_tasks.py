"""What a worker of a cluster does: opens the atlas that its client has, and carries work out on some spans of it."""

from __future__ import annotations

import functools
import itertools
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.foundation.errors import MissingFileError, StoreError
from tmescope.foundation.provenance import hash_json, versions
from tmescope.store.atlas_passes import Added, Bounds, Span
from tmescope.store.atlas_reading import Atlas, open_atlas
from tmescope.store.threads import one_blas_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.store.atlas_layout import AtlasLayout

__all__ = [
    "Given",
    "PackedSums",
    "Place",
    "Task",
    "as_it_is",
    "cut_runs",
    "fold_part",
    "map_part",
    "other_version",
    "own_version",
    "pack_sums",
    "place_of",
    "run_task",
]


@dataclass(frozen=True)
class Place:
    """Where an atlas is, and what must be there.

    Parameters
    ----------
    path : str
        Its folder.
    contents : str
        Hash of what a pass reads.
    version : str
        Of tmescope.
    """

    path: str
    contents: str
    version: str


@dataclass(frozen=True)
class Task:
    """Work on cells that follow each other.

    Parameters
    ----------
    what : callable
        `map_part` or `fold_part`.
    work : callable
        As in `tmescope.store.atlas_passes`.
    place : Place
    spans : tuple of (int, int)
    """

    what: Callable[..., Any]
    work: Callable[..., Any]
    place: Place
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Given:
    """What else work needs, in a box that the cluster does not look into.

    Parameters
    ----------
    value : object
    """

    value: Any


def own_version() -> str:
    """Return the version of tmescope that runs here."""
    return versions()["tmescope"]


def as_it_is(given: Given) -> Given:
    """Return what is given: as the result of a task it can be made again when its workers are gone.

    Parameters
    ----------
    given : Given
        What other tasks take.
    """
    return given


def run_task(task: Task, given: Given) -> Any:
    """Do the work.

    Parameters
    ----------
    task : Task
        What is to be done.
    given : Given
        What else it needs.

    Raises
    ------
    StoreError
        If this worker does not see the atlas, or another one, or has another version of tmescope.
    """
    atlas = _reopen(task.place)
    with one_blas_thread():
        return task.what(task.work, [Span(atlas, a, b) for a, b in task.spans], given.value)


def map_part(work: Callable[[Span, Any], Any], spans: Sequence[Span], given: object) -> list[Any]:
    """Return what work makes of each span.

    Parameters
    ----------
    work : callable
        As in `tmescope.store.atlas_passes.map_spans`.
    spans : sequence of Span
        Which cells.
    given : object
        What else it needs.
    """
    return [work(span, given) for span in spans]


def fold_part(
    add: Callable[[Span, Any, Added | None], Any], spans: Sequence[Span], given: object
) -> tuple[list[Any], tuple[PackedSums, ...]]:
    """Return what is made of each span, and the sums of all.

    Parameters
    ----------
    add : callable
        As in `tmescope.store.atlas_passes.fold_spans`.
    spans : sequence of Span
        Which cells.
    given : object
        What else it needs.
    """
    sums: Added | None = None
    parts = []
    for span in spans:
        part, sums = add(span, given, sums)
        parts.append(part)
    return parts, tuple(map(pack_sums, sums or ()))


@dataclass(frozen=True)
class PackedSums:
    """Sums as they travel: rows with anything in them, in the narrowest numbers that hold them.

    Parameters
    ----------
    shape : tuple of int
        Of the sums.
    rows : array of int or slice
        Which are not all zero.
    values : array of int16, int32 or int64
        Those.
    """

    shape: tuple[int, ...]
    rows: NDArray[np.intp] | slice
    values: NDArray[Any]


def pack_sums(sums: NDArray[np.int64]) -> PackedSums:
    """Make sums small for the way.

    Parameters
    ----------
    sums : array of int64
        Of any shape; rows are its first dimension.
    """
    # cells that follow each other are of few samples, and so of few groups
    rows = np.flatnonzero(sums.any(axis=tuple(range(1, sums.ndim)))) if sums.ndim > 1 else slice(None)
    kept = sums[rows]
    low, high = int(kept.min(initial=0)), int(kept.max(initial=0))
    fitting = (t for t in (np.int16, np.int32) if np.iinfo(t).min <= low and high <= np.iinfo(t).max)
    return PackedSums(sums.shape, rows, kept.astype(next(fitting, np.int64)))


def cut_runs(spans: Bounds, *, n: int) -> list[Bounds]:
    """Cut spans into runs of about as many.

    Parameters
    ----------
    spans : sequence of (int, int)
        Those of a pass.
    n : int
        Runs, fewer where there are fewer spans.
    """
    cuts = [len(spans) * i // n for i in range(n + 1)]
    return [spans[a:b] for a, b in itertools.pairwise(cuts) if b > a]


@functools.lru_cache(maxsize=4)
def _reopen(place: Place) -> Atlas:
    """Open an atlas in a worker, the same that the client has."""
    where = f"{place.path} on {platform.node()}"
    own = own_version()
    if place.version != own:
        raise other_version(f"a worker has {own}", place.version, where)
    try:
        atlas = open_atlas(Path(place.path))
    except MissingFileError as error:
        raise StoreError(
            "a worker of the cluster does not see the atlas",
            where=where,
            expected="the folder of the atlas under the same path on every machine of the cluster",
            next_step="put the atlas on a disk that all of them share, and name it by its path there",
        ) from error
    if _contents(atlas.layout) != place.contents:
        raise StoreError(
            "a worker of the cluster sees another atlas under this path, or one that has changed since the pass began",
            where=where,
            expected="the same samples and files as here",
            next_step="run the command again; if that does not help, compare tmescope atlas info on both machines",
        )
    return atlas


def _contents(layout: AtlasLayout) -> str:
    """Return a hash of what a pass reads; results may come and go meanwhile."""
    said = asdict(layout)
    del said["results"]
    return hash_json(said)


def place_of(atlas: Atlas) -> Place:
    """Return what a worker needs in order to open the same atlas.

    Parameters
    ----------
    atlas : Atlas
        As its client sees it.
    """
    return Place(str(atlas.path.resolve()), _contents(atlas.layout), own_version())


def other_version(what: str, version: str, where: str) -> StoreError:
    """Return the error of a cluster that has another version.

    Parameters
    ----------
    what : str
        Who has which.
    version : str
        Of the client.
    where : str
        Address or path.
    """
    return StoreError(
        f"the cluster has another version of tmescope: {what}",
        where=where,
        expected=f"{version}, as here",
        next_step=f"install tmescope=={version} on every machine of the cluster, and start its workers again",
    )
