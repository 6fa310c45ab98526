"""How work over rows is shared among threads without the answer depending on their number."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from tmescope.foundation.progress import Progress, listener

__all__ = ["for_row_blocks", "map_row_blocks", "map_runs", "one_blas_thread"]

T = TypeVar("T")


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let BLAS and LAPACK work in the thread that calls them while the block runs.

    The number of their threads, which differs from machine to machine, must not reach the last digits of an answer; and
    on matrices of one gene set they spend more time waiting for each other than calculating.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield


def for_row_blocks(
    work: Callable[[int, int], None],
    n_rows: int,
    *,
    block: int = 64,
    threads: int = 1,
    progress: Progress | None = None,
    task: str = "rows",
    unit: str = "samples",
) -> None:
    """Call ``work(first, last)`` for fixed blocks of rows.

    Parameters
    ----------
    work : callable
        Writes the rows ``first:last`` of its own output; it must not read rows that another call writes.
    n_rows : int
        Number of rows.
    block : int
        Rows in a block. Blocks do not depend on `threads`, so neither does the answer.
    threads : int
        Python threads; worth more than one only where `work` frees the GIL.
    progress : Progress, optional
        Told of each block; the listener of the context if omitted (`tmescope.foundation.progress.heard_by`).
    task, unit : str
        Its name there, and what the rows are.
    """
    progress = listener() if progress is None else progress
    bounds = [(first, min(first + block, n_rows)) for first in range(0, n_rows, block)]
    progress.start(task, n_rows, unit=unit)
    if threads <= 1 or len(bounds) <= 1:
        for first, last in bounds:
            work(first, last)
            progress.advance(task, last - first)
    else:
        with ThreadPoolExecutor(max_workers=threads) as pool:
            pending = [(first, last, pool.submit(work, first, last)) for first, last in bounds]
            for first, last, future in pending:
                future.result()
                progress.advance(task, last - first)
    progress.finish(task)


def map_row_blocks(work: Callable[[int, int], T], n_rows: int, *, block: int, threads: int = 1) -> Iterator[T]:
    """Yield ``work(first, last)`` of fixed blocks of rows, in their order, however many threads make them.

    Parameters
    ----------
    work : callable
        Reads its rows and returns what becomes of them.
    n_rows : int
        Number of rows.
    block : int
        Rows in a block.
    threads : int
        Blocks that are worked on at the same time; as many again may be done and wait for their turn.

    Yields
    ------
    object
        As from `work`.
    """
    yield from map_runs(
        work, [(first, min(first + block, n_rows)) for first in range(0, n_rows, block)], threads=threads
    )


def map_runs(work: Callable[[int, int], T], bounds: Sequence[tuple[int, int]], *, threads: int = 1) -> Iterator[T]:
    """Yield ``work(first, last)`` of runs of rows, in their order, however many threads make them.

    Parameters
    ----------
    work : callable
        Reads its rows and returns what becomes of them.
    bounds : sequence of (int, int)
        First row of each run, and the one after its last.
    threads : int
        Runs that are worked on at the same time; as many again may be done and wait for their turn.

    Yields
    ------
    object
        As from `work`.
    """
    if threads <= 1 or len(bounds) <= 1:
        for first, last in bounds:
            yield work(first, last)
        return
    pending: deque[Future[T]] = deque()
    with ThreadPoolExecutor(max_workers=threads) as pool:
        try:
            for first, last in bounds:
                pending.append(pool.submit(work, first, last))
                if len(pending) > 2 * threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:  # the caller stopped, or a block failed
                future.cancel()
