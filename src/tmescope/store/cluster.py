"""Other processes that carry passes over an atlas out, on this machine or many: the only file that knows Dask."""

from __future__ import annotations

import logging
import re
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.foundation.errors import InputError, MissingDependencyError, StoreError
from tmescope.store.atlas_passes import Added, Bounds, Local, Runner, Span
from tmescope.store.cluster_tasks import (
    Given,
    Task,
    as_it_is,
    cut_runs,
    fold_part,
    map_part,
    other_version,
    own_version,
    place_of,
    run_task,
)

if TYPE_CHECKING:
    from tmescope.store.atlas_reading import Atlas

__all__ = ["Cluster", "connect_cluster", "open_runner", "start_cluster"]

_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:.]+\]|[\w.-]+):\d{1,5}")
_TASKS_OF_A_WORKER = 4
_AHEAD = 2
_TICK_S = 1.0
_TRANSFER_S = 600.0
_MOST_WORKERS = 1024


@dataclass(frozen=True)
class Cluster:
    """Processes of a Dask cluster.

    Parameters
    ----------
    client : distributed.Client
        Connected to it.
    patience_s : float
        How long it may be without any worker before a pass is given up; one that died may be on its way back.

    Notes
    -----
    Work is sent by the name of its function, the atlas by its path: every worker opens it itself, so that all must see
    the same folder. What else the work needs is sent once and handed on from worker to worker. Work of a worker that
    dies is done again by another, up to three times.
    """

    client: Any
    patience_s: float = 60.0

    @property
    def n_workers(self) -> int:
        """How many spans are worked on at the same time."""
        return max(1, sum(self._threads().values()))

    @property
    def n_together(self) -> int:
        """How many of them share the memory of one process."""
        return max([1, *self._threads().values()])

    def map(self, work: Callable[[Span, Any], Any], atlas: Atlas, spans: Bounds, *, given: object) -> Iterator[Any]:
        """Yield ``work(span, given)`` for each span, in their order.

        Parameters
        ----------
        work : callable
            Function of a module that the workers have.
        atlas : Atlas
            Opened anew by each worker.
        spans : sequence of (int, int)
            First cell of each, and the one after its last.
        given : object
            What else the work needs; it is not changed.

        Raises
        ------
        StoreError
            If the cluster is gone, no worker can do the work, or they do not see this atlas.
        """
        for found in self._in_order(map_part, work, atlas, runs=[(span,) for span in spans], given=given):
            yield from found

    def fold(
        self, add: Callable[[Span, Any, Added | None], Any], atlas: Atlas, spans: Bounds, *, given: object
    ) -> Iterator[tuple[Any, Added | None]]:
        """Yield what `add` makes of each span, in their order, then the sums of all workers beside None.

        Parameters
        ----------
        add : callable
            As in `tmescope.store.atlas_passes.fold_spans`.
        atlas : Atlas
            Opened anew by each worker.
        spans : sequence of (int, int)
            First cell of each, and the one after its last.
        given : object
            What else it needs; it is not changed.

        Raises
        ------
        StoreError
            As `map`.
        """
        runs = cut_runs(spans, n=_TASKS_OF_A_WORKER * self.n_workers)
        total: Added | None = None
        for parts, sums in self._in_order(fold_part, add, atlas, runs=runs, given=given):
            for part in parts:
                yield part, None
            total = total or tuple(np.zeros(packed.shape, np.int64) for packed in sums)
            for into, packed in zip(total, sums, strict=True):
                into[packed.rows] += packed.values
        if total is not None:
            yield None, total

    def _in_order(
        self, what: Callable[..., Any], work: Callable[..., Any], atlas: Atlas, *, runs: Sequence[Bounds], given: object
    ) -> Iterator[Any]:
        place = place_of(atlas)
        ahead = _AHEAD * self.n_workers
        pending: deque[Any] = deque()
        # the result of a task: data that are scattered would be lost with the workers that hold them
        shared = self.client.submit(as_it_is, Given(given), pure=False)
        try:
            for run in runs:
                pending.append(self.client.submit(run_task, Task(what, work, place, tuple(run)), shared, pure=False))
                if len(pending) > ahead:
                    yield self._result(pending.popleft())
            while pending:
                yield self._result(pending.popleft())
        finally:
            for future in (*pending, shared):
                future.release()

    def _result(self, future: Any) -> Any:
        distributed = _distributed()
        try:
            self._wait(future, distributed)
            try:
                return future.result(timeout=_TRANSFER_S)
            except TimeoutError:
                if future.status == "error":  # the work itself says so
                    raise
                raise _gone(f"results of the cluster do not arrive within {_TRANSFER_S:.0f} s") from None
        except distributed.KilledWorker as error:
            raise StoreError(
                "workers of the cluster died over the same cells again and again",
                where=self._address,
                expected="workers that have the memory that the pass needs",
                next_step="give the workers more memory, or the pass a smaller --memory; their logs say how they ended",
            ) from error
        except distributed.CancelledError as error:
            raise _gone(f"the cluster at {self._address} has forgotten its work") from error

    def _wait(self, future: Any, distributed: Any) -> None:
        """Wait for work as long as there is somebody who can do it."""
        seen = time.monotonic()
        while not future.done():
            try:
                with self.client.as_current():
                    distributed.wait([future], timeout=_TICK_S)
            except TimeoutError:
                seen = time.monotonic() if self._threads() else seen
                if time.monotonic() - seen > self.patience_s:
                    raise _gone(f"the cluster has been without a worker for {self.patience_s:.0f} s") from None

    def _threads(self) -> dict[str, int]:
        if self.client.scheduler is None:
            raise _gone("the cluster no longer answers")
        try:
            found: dict[str, int] = self.client.nthreads()
        except (OSError, RuntimeError) as error:
            raise _gone(f"the cluster at {self._address} no longer answers") from error
        return found

    @property
    def _address(self) -> str:
        scheduler = self.client.scheduler
        return str(scheduler.address) if scheduler is not None else "unknown address"


@contextmanager
def open_runner(*, threads: int = 1, workers: int | None = None, cluster: str | None = None) -> Iterator[Runner]:
    """Give passes over an atlas somebody who carries them out, and let them go afterwards.

    Parameters
    ----------
    threads : int
        Of this process, where no cluster is asked for.
    workers : int, optional
        Processes that are started on this machine.
    cluster : str, optional
        Address of a Dask scheduler, such as ``tcp://10.0.0.5:8786``.

    Yields
    ------
    Runner

    Raises
    ------
    InputError
        If both are asked for, or one of them cannot be.
    MissingDependencyError
        If Dask is not installed.
    StoreError
        If the cluster does not answer, has no workers, or another version of tmescope.
    """
    if workers is not None and cluster is not None:
        raise InputError(
            f"{workers} workers and the cluster {cluster} are asked for",
            where="--workers, --cluster",
            expected="one of them: processes of this machine, or a cluster that is running",
        )
    if cluster is not None:
        with connect_cluster(cluster) as found:
            yield found
    elif workers is not None:
        with start_cluster(workers) as found:
            yield found
    else:
        yield Local(threads)


@contextmanager
def start_cluster(workers: int, *, patience_s: float = 60.0) -> Iterator[Cluster]:
    """Start processes on this machine that nobody else can reach, and end them afterwards.

    Parameters
    ----------
    workers : int
        How many, with one thread each.
    patience_s : float
        As in `Cluster`.

    Yields
    ------
    Cluster

    Raises
    ------
    InputError
        If there cannot be so many.
    MissingDependencyError
        If Dask is not installed.
    """
    if not 1 <= workers <= _MOST_WORKERS:
        raise InputError(f"{workers} workers are asked for", where="--workers", expected=f"1 to {_MOST_WORKERS}")
    distributed = _distributed()
    with ExitStack() as stack:
        stack.enter_context(_quiet())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tmescope-workers-"))
        processes = stack.enter_context(
            distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
                # keys of this run alone: other users of the machine cannot speak to the workers
                security=distributed.Security.temporary(),
                silence_logs=logging.CRITICAL,
                memory_limit=0,
                local_directory=folder,
            )
        )
        client = stack.enter_context(distributed.Client(processes, set_as_default=False))
        yield Cluster(client, patience_s)


@contextmanager
def connect_cluster(address: str, *, timeout_s: float = 30.0, patience_s: float = 60.0) -> Iterator[Cluster]:
    """Connect to a Dask cluster that is running.

    Parameters
    ----------
    address : str
        Of its scheduler: ``tcp://host:port``, or ``tls://host:port`` with the keys that Dask's own configuration names.
    timeout_s : float
        How long it may take to answer, and to have a first worker.
    patience_s : float
        As in `Cluster`.

    Yields
    ------
    Cluster

    Raises
    ------
    InputError
        If this is no address.
    MissingDependencyError
        If Dask is not installed.
    StoreError
        If nothing answers, there is no worker, or another version of tmescope.

    Notes
    -----
    Dask speaks pickle: whoever holds the scheduler can run anything here, and whoever reaches it can run anything
    there. Connect only to a cluster that you trust.
    """
    if not _ADDRESS.fullmatch(address):
        raise InputError(
            f"{address!r} is no address of a cluster", where="--cluster", expected="tcp://host:port or tls://host:port"
        )
    distributed = _distributed()
    with ExitStack() as stack:
        stack.enter_context(_quiet())
        try:
            client = stack.enter_context(distributed.Client(address, timeout=timeout_s, set_as_default=False))
        except (OSError, ValueError) as error:
            raise _gone(f"no Dask scheduler answers at {address} within {timeout_s:.0f} s") from error
        try:
            client.wait_for_workers(1, timeout=timeout_s)
        except TimeoutError as error:
            raise _gone(f"the cluster at {address} has no worker") from error
        _check_versions(client.get_versions(packages=["tmescope"]), address)
        yield Cluster(client, patience_s)


def _check_versions(said: dict[str, Any], address: str) -> None:
    """Refuse a cluster that has another tmescope."""
    places = {"the scheduler": said["scheduler"], **{f"worker {k}": v for k, v in said["workers"].items()}}
    found = {place: (of or {}).get("packages", {}).get("tmescope") for place, of in places.items()}
    own = own_version()
    wrong = [f"{place} has {version or 'none'}" for place, version in found.items() if version != own]
    if wrong:
        raise other_version("; ".join(wrong[:3]), own, address)


def _gone(what: str) -> StoreError:
    return StoreError(
        what,
        where="--cluster, --workers",
        expected="a scheduler that answers and at least one worker",
        next_step="look at the logs of its machines, start it again, and run the command again",
    )


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise MissingDependencyError(
            "Dask is not installed",
            where="--workers, --cluster",
            expected="dask and distributed in this environment",
            next_step="pip install 'tmescope[cluster]', or use --threads",
        ) from error
    return distributed


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's log to itself, and its warnings of large parts: what they say of workers, errors say here."""
    import dask

    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with dask.config.set(
            {
                "distributed.admin.large-graph-warning-threshold": "1 TiB",
                "distributed.scheduler.http.routes": [],
                "distributed.worker.http.routes": [],
            }
        ):
            yield
    finally:
        logger.setLevel(level)
