"""What is put on the disk comes back as it was, from any thread; a disk without room is told by None."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tmescope.store.scratch_arrays import ScratchPlace, scratch_arrays


def test_arrays_come_back_from_any_thread(tmp_path):
    def parts(i):
        return np.arange(i, dtype=np.int64), np.full(i * 3, i, dtype=np.uint16), np.linspace(0, i, i, dtype=np.float32)

    with scratch_arrays(tmp_path, left=0) as scratch, ThreadPoolExecutor(4) as pool:
        places = list(pool.map(lambda i: scratch.put(parts(i)), range(40)))
        assert scratch.nbytes == sum(p.nbytes for p in places) > 0
        assert not list(tmp_path.iterdir())  # it has no name
        for i, place in reversed(list(enumerate(places))):
            for given, taken in zip(parts(i), scratch.take(place), strict=True):
                assert given.dtype == taken.dtype
                np.testing.assert_array_equal(given, taken)


def test_a_disk_without_room_takes_nothing(tmp_path):
    with scratch_arrays(tmp_path, left=1 << 60) as scratch:
        assert scratch.put([np.ones(3)]) is None


def test_a_folder_that_is_not_there_has_no_room(tmp_path):
    with scratch_arrays(tmp_path / "none") as scratch:
        assert scratch is None


def test_a_file_that_was_cut_short_is_told(tmp_path):
    with scratch_arrays(tmp_path, left=0) as scratch:
        place = scratch.put([np.ones(3)])
        with pytest.raises(OSError, match="ends at byte 24"):
            scratch.take(ScratchPlace(place.offset, (("<f8", 4),)))
