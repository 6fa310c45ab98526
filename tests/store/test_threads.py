from __future__ import annotations

import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from tmescope.foundation.progress import SILENT, SilentProgress, heard_by, listener
from tmescope.store.threads import for_row_blocks, map_row_blocks, one_blas_thread


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("n_rows", [0, 1, 63, 64, 65, 200])
def test_each_row_is_worked_on_once_in_fixed_blocks(n_rows, threads):
    seen = np.zeros(n_rows, dtype=int)
    blocks = []

    def work(first, last):
        seen[first:last] += 1
        blocks.append((first, last))

    for_row_blocks(work, n_rows, threads=threads)
    assert (seen == 1).all()
    assert sorted(blocks) == [(i, min(i + 64, n_rows)) for i in range(0, n_rows, 64)]


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_reaches_the_caller(threads):
    def work(first, last):
        if first:
            raise RuntimeError("block two")

    with pytest.raises(RuntimeError, match="block two"):
        for_row_blocks(work, 130, threads=threads)


class _Heard(SilentProgress):
    def __init__(self):
        self.told = []

    def start(self, task, total=None, *, unit=""):
        self.told.append((task, total, unit))

    def advance(self, task, parts=1):
        self.told.append((task, parts))


@pytest.mark.parametrize("threads", [1, 2])
def test_the_listener_of_the_context_hears_a_loop_and_nobody_after_it(threads):
    heard, passed = _Heard(), _Heard()
    with heard_by(heard):
        for_row_blocks(lambda first, last: None, 100, threads=threads, task="ranks", unit="genes")
        for_row_blocks(lambda first, last: None, 5, threads=threads, progress=passed)
    for_row_blocks(lambda first, last: None, 100, threads=threads)
    assert heard.told == [("ranks", 100, "genes"), ("ranks", 64), ("ranks", 36)]
    assert passed.told == [("rows", 5, "samples"), ("rows", 5)]
    assert listener() is SILENT


@pytest.mark.parametrize("threads", [1, 3])
def test_results_come_in_the_order_of_the_blocks(threads):
    def work(first, last):
        time.sleep(0.002 * (7 - first))  # later blocks are done first
        return first, last

    found = list(map_row_blocks(work, 7, block=2, threads=threads))
    assert found == [(0, 2), (2, 4), (4, 6), (6, 7)]


@pytest.mark.parametrize("threads", [1, 2])
def test_a_block_that_fails_stops_the_others(threads):
    seen = []

    def work(first, last):
        seen.append(first)
        if first == 3:
            message = "block 3"
            raise ValueError(message)
        return first

    with pytest.raises(ValueError, match="block 3"):
        list(map_row_blocks(work, 1000, block=1, threads=threads))
    assert len(seen) < 100


def test_blas_works_in_one_thread_inside_and_as_before_outside():
    def sizes():
        return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]

    before = sizes()
    assert before, "numpy brings a BLAS"
    with one_blas_thread():
        np.ones((3, 3)) @ np.ones((3, 3))
        assert set(sizes()) == {1}
    assert sizes() == before
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert sizes() == before
