"""How a pass over an atlas is divided, and who carries its parts out: threads of this process, or other processes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from tmescope.foundation.errors import InputError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.store.threads import map_runs, one_blas_thread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tmescope.store.atlas_reading import Atlas, CellRows

__all__ = ["Added", "Local", "Runner", "Span", "fold_spans", "map_spans"]

G = TypeVar("G")
P = TypeVar("P")


@dataclass(frozen=True)
class Span:
    """Cells that follow each other.

    Parameters
    ----------
    atlas : Atlas
        Where they are.
    first, last : int
        Cells ``first:last``.
    """

    atlas: Atlas
    first: int
    last: int

    def rows(self) -> CellRows:
        """Read them."""
        return self.atlas.rows(self.first, self.last)


Added: TypeAlias = "tuple[NDArray[np.int64], ...]"
"""Sums of whole numbers, which may be added in any order."""

Bounds: TypeAlias = "Sequence[tuple[int, int]]"
"""First cell of each span, and the one after its last."""


class Runner(Protocol):
    """Carries out work on spans of cells.

    Notes
    -----
    Whoever runs it, results come back in the order of the spans. Sums of whole numbers may be divided into as many
    spans as there are workers; sums of fractions only in a way that the atlas alone decides, so that their last digits
    are the same for any number of workers.
    """

    @property
    def n_workers(self) -> int:
        """How many spans are worked on at the same time."""

    @property
    def n_together(self) -> int:
        """How many of them share the memory of one process."""

    def map(self, work: Callable[[Span, Any], Any], atlas: Atlas, spans: Bounds, *, given: object) -> Iterator[Any]:
        """Yield ``work(span, given)`` for each span, in their order.

        Parameters
        ----------
        work : callable
            A function of a module.
        atlas : Atlas
            What is read.
        spans : sequence of (int, int)
            First cell of each, and the one after its last.
        given : object
            What else it needs.
        """

    def fold(
        self, add: Callable[[Span, Any, Added | None], Any], atlas: Atlas, spans: Bounds, *, given: object
    ) -> Iterator[tuple[Any, Added | None]]:
        """Yield what `add` makes of each span, in their order, then the sums of each worker beside None.

        Parameters
        ----------
        add : callable
            A function of a module.
        atlas : Atlas
            What is read.
        spans : sequence of (int, int)
            First cell of each, and the one after its last.
        given : object
            What else it needs.
        """


@dataclass(frozen=True)
class Local:
    """Threads of this process.

    Parameters
    ----------
    threads : int
        At least one.
    """

    threads: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be a number of threads."""
        if self.threads < 1:
            raise InputError(f"{self.threads} threads were asked for", where="argument threads", expected="1 or more")

    @property
    def n_workers(self) -> int:
        """How many spans are worked on at the same time."""
        return self.threads

    @property
    def n_together(self) -> int:
        """How many of them share the memory of one process."""
        return self.threads

    def map(self, work: Callable[[Span, Any], Any], atlas: Atlas, spans: Bounds, *, given: object) -> Iterator[Any]:
        """Yield ``work(span, given)`` for each span, in their order.

        Parameters
        ----------
        work : callable
            Function of a module.
        atlas : Atlas
            Shared by the threads.
        spans : sequence of (int, int)
            First cell of each, and the one after its last.
        given : object
            What else the work needs; it is not changed.
        """
        with one_blas_thread():
            yield from map_runs(lambda a, b: work(Span(atlas, a, b), given), spans, threads=self.threads)

    def fold(
        self, add: Callable[[Span, Any, Added | None], Any], atlas: Atlas, spans: Bounds, *, given: object
    ) -> Iterator[tuple[Any, Added | None]]:
        """Yield what `add` makes of each span, in their order, then the sums of each thread beside None.

        Parameters
        ----------
        add : callable
            As in `fold_spans`.
        atlas : Atlas
            Shared by the threads.
        spans : sequence of (int, int)
            First cell of each, and the one after its last.
        given : object
            What else it needs; it is not changed.
        """
        own = threading.local()
        sums: dict[int, Added] = {}

        def work(first: int, last: int) -> object:
            part, own.sums = add(Span(atlas, first, last), given, getattr(own, "sums", None))
            sums[threading.get_ident()] = own.sums
            return part

        for part in map_runs(work, spans, threads=self.threads):
            yield part, None
        for found in sums.values():
            yield None, found


def map_spans(
    work: Callable[[Span, G], P],
    atlas: Atlas,
    spans: Bounds,
    *,
    given: G,
    runner: Runner | None = None,
    progress: Progress = SILENT,
    task: str = "cells",
) -> Iterator[P]:
    """Yield what work makes of each span of cells, in their order.

    Parameters
    ----------
    work : callable
        ``work(span, given)``, a function of a module; what it returns must be picklable.
    atlas : Atlas
        What is read.
    spans : sequence of (int, int)
        First cell of each, and the one after its last: `Atlas.bounds` or `Atlas.spans`.
    given : object
        What else the work needs, such as a frozen dataclass of arrays.
    runner : Runner, optional
        Who works; one thread of this process if omitted.
    progress : Progress
        Told of cells.
    task : str
        Its name there.
    """
    who: Runner = runner or Local()
    progress.start(task, sum(last - first for first, last in spans), unit="cells")
    for (first, last), found in zip(spans, who.map(work, atlas, spans, given=given), strict=True):
        progress.advance(task, last - first)
        yield found
    progress.finish(task)


def fold_spans(
    add: Callable[[Span, G, Added | None], tuple[P, Added]],
    atlas: Atlas,
    spans: Bounds,
    *,
    given: G,
    runner: Runner | None = None,
    progress: Progress = SILENT,
    task: str = "cells",
) -> tuple[list[P], Added | None]:
    """Add up whole numbers over spans of cells, in one set of sums for each worker, and keep a part for each span.

    Parameters
    ----------
    add : callable
        ``add(span, given, sums)``, a function of a module: returns a part, and the sums with these
        cells added: a tuple of arrays of int64 that it makes itself where `sums` is None.
    atlas : Atlas
        What is read.
    spans : sequence of (int, int)
        First cell of each, and the one after its last.
    given : object
        What else it needs, such as a frozen dataclass of arrays.
    runner : Runner, optional
        Who works; one thread of this process if omitted.
    progress : Progress
        Told of cells.
    task : str
        Its name there.

    Returns
    -------
    list of the parts, in the order of the spans; the sums, None without spans
    """
    who: Runner = runner or Local()
    total: Added | None = None
    parts: list[P] = []
    progress.start(task, sum(last - first for first, last in spans), unit="cells")
    for part, sums in who.fold(add, atlas, spans, given=given):
        if sums is None:
            first, last = spans[len(parts)]
            progress.advance(task, last - first)
            parts.append(part)
        elif total is None:
            total = sums
        else:
            for into, more in zip(total, sums, strict=True):
                into[...] += more
    progress.finish(task)
    return parts, total
