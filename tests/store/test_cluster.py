"""A cluster answers as threads do, bit for bit, also when a worker is killed, and says what it lacks."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest
from distributed import Client, LocalCluster
from tests.store.atlases import small_atlas, write_small
from tests.store.cluster_work import deadly, means, slow_sums

from tmescope.cells import counting
from tmescope.cells.counting import count_atlas
from tmescope.foundation.errors import InputError, MissingDependencyError, StoreError
from tmescope.foundation.progress import SilentProgress
from tmescope.store import cluster as clusters
from tmescope.store import cluster_tasks
from tmescope.store.atlas_passes import Local, fold_spans, map_spans
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.cluster import Cluster, connect_cluster, open_runner, start_cluster


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("atlas") / "a.zarr"
    write_small(path, small_atlas())
    return open_atlas(path)


@pytest.fixture(scope="module")
def processes():
    """Two workers of this machine, for all tests here that need real ones."""
    with start_cluster(2) as found:
        yield found


@pytest.fixture(scope="module")
def within():
    """A scheduler without workers, or with one in this process: what needs no process of its own."""
    with LocalCluster(
        n_workers=0, threads_per_worker=1, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"}, silence_logs=50,
    ) as found:  # fmt: skip
        yield found


class Killer(SilentProgress):
    """Kills a worker as soon as the first cells are done."""

    def __init__(self, pid):
        self.pid, self.told = pid, 0

    def advance(self, task, parts=1):
        if not self.told:
            os.kill(self.pid, signal.SIGKILL)
        self.told += parts


def test_processes_answer_as_threads_do(written, processes, monkeypatch):
    monkeypatch.setattr(counting, "_ENTRIES", 3000)
    groups = written.cells(("cell_type",))["cell_type"].cat.codes.to_numpy()
    own, theirs = (count_atlas(written, groups=groups, runner=r) for r in (Local(2), processes))
    for name in ("sums", "group_sizes", "squares", "cells_with"):
        np.testing.assert_array_equal(getattr(own, name), getattr(theirs, name))
    assert own.cells.equals(theirs.cells)

    spans = written.bounds(3000)
    own, theirs = (
        list(map_spans(means, written, spans, given={"scale": 0.3}, runner=r)) for r in (Local(2), processes)
    )
    assert [first for first, _, _ in theirs] == [first for first, _ in spans]
    np.testing.assert_allclose([m for *_, m in theirs], [m for *_, m in own], rtol=1e-10)
    assert os.getpid() not in {pid for _, pid, _ in theirs}
    assert fold_spans(slow_sums, written, (), given=0.0, runner=processes) == ([], None)


def test_a_worker_that_is_killed_changes_nothing(written, processes):
    spans = written.bounds(1500)
    parts, expected = fold_spans(slow_sums, written, spans, given=0.0)
    victim = next(iter(processes.client.run(os.getpid).values()))
    killer = Killer(victim)
    found, sums = fold_spans(slow_sums, written, spans, given=0.05, runner=processes, progress=killer)
    assert [first for first, _ in found] == [first for first, _ in parts]
    np.testing.assert_array_equal(sums[0], expected[0])
    assert killer.told == written.layout.n_cells
    with pytest.raises(ProcessLookupError):
        os.kill(victim, 0)


def test_workers_see_the_atlas_that_the_caller_sees(processes, tmp_path):
    path, simulated = tmp_path / "b.zarr", small_atlas()
    write_small(path, simulated, samples=slice(1))
    stale = open_atlas(path)
    write_small(path, simulated, samples=slice(1, 2))
    with pytest.raises(StoreError, match="sees another atlas"):
        count_atlas(stale, runner=processes)

    atlas, shard = open_atlas(path), path / "X/data/c/0"
    shard.write_bytes(shard.read_bytes()[:1000] + b"\0" * 100 + shard.read_bytes()[1100:])
    with pytest.raises(StoreError, match="checksum does not fit") as caught:
        count_atlas(atlas, runner=processes)
    assert caught.value.where == str(shard)
    assert "atlas verify" in caught.value.next_step

    path.rename(tmp_path / "c.zarr")
    atlas.path = tmp_path / "elsewhere.zarr"
    with pytest.raises(StoreError, match="does not see the atlas") as caught:
        list(processes.map(means, atlas, [(0, 5)], given={"scale": 1.0}))
    assert "all of them share" in caught.value.next_step


def test_workers_of_another_version_refuse(written, processes, monkeypatch):
    monkeypatch.setattr(cluster_tasks, "own_version", lambda: "0.0.7")
    with pytest.raises(StoreError, match=r"a worker has \d"):
        list(map_spans(means, written, [(0, 5)], given={"scale": 1.0}, runner=processes))


def test_cells_over_which_workers_die_end_the_pass(written, processes):
    processes.client.cluster.scheduler.allowed_failures = 0
    with pytest.raises(StoreError, match="died over the same cells") as caught:
        list(map_spans(deadly, written, [(0, 5)], given=None, runner=processes))
    assert "--memory" in caught.value.next_step


def test_a_cluster_is_reached_by_its_address_and_checked(written, within, monkeypatch):
    address = within.scheduler_address
    with pytest.raises(StoreError, match="has no worker"), connect_cluster(address, timeout_s=0.2):
        pass
    within.scale(1)
    with open_runner(cluster=address) as runner:
        assert (runner.n_workers, runner.n_together) == (1, 1)
        (found,) = map_spans(means, written, [(0, 9)], given={"scale": 1.0}, runner=runner)
        assert found[0] == 0
    monkeypatch.setattr(clusters, "own_version", lambda: "0.0.7")
    with pytest.raises(StoreError, match="the scheduler has ") as caught, connect_cluster(address):
        pass
    assert "0.0.7" in caught.value.next_step


def test_a_pass_ends_when_no_worker_is_left(written, within):
    within.scale(0)
    with Client(within, set_as_default=False) as client:
        deadline = time.monotonic() + 10
        while client.nthreads() and time.monotonic() < deadline:
            time.sleep(0.05)
        with pytest.raises(StoreError, match="without a worker"):
            list(Cluster(client, patience_s=0.1).map(means, written, [(0, 5)], given={"scale": 1.0}))


def test_a_pass_ends_when_the_scheduler_is_gone(written, within):
    with Client(within, set_as_default=False) as client:
        runner = Cluster(client, patience_s=0.1)
        within.close()
        with pytest.raises(StoreError, match=r"no longer answers|has forgotten its work"):
            list(runner.map(means, written, [(0, 5)], given={"scale": 1.0}))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"workers": 2, "cluster": "tcp://a:1"}, "2 workers and the cluster"),
        ({"workers": 0}, "0 workers"),
        ({"workers": 100_000}, "100000 workers"),
        ({"cluster": "http://a:1"}, "no address"),
        ({"cluster": "tcp://a:1\nb"}, "no address"),
        ({"threads": 0}, "0 threads"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(asked, message):
    with pytest.raises(InputError, match=message), open_runner(**asked):
        pass


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(MissingDependencyError, match="Dask is not installed") as caught, open_runner(workers=2):
        pass
    assert "tmescope[cluster]" in caught.value.next_step


def test_nobody_answers_at_a_closed_port():
    with (
        pytest.raises(StoreError, match="no Dask scheduler answers"),
        connect_cluster("tcp://127.0.0.1:9", timeout_s=0.2),
    ):
        pass


def test_threads_are_the_default():
    with open_runner(threads=3) as runner:
        assert (runner, runner.n_workers, runner.n_together) == (Local(3), 3, 3)
