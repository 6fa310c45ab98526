"""One writer at a time, and errors of the disk that say what to do."""

from __future__ import annotations

import errno
import os

import pytest

from tmescope.foundation.errors import FolderInUseError, StoreError
from tmescope.store.lake_lock import lake_lock


def test_the_second_writer_is_told_who_writes(tmp_path):
    with (
        lake_lock(tmp_path),
        pytest.raises(FolderInUseError, match=rf"process {os.getpid()}\) is writing to this lake"),
    ):
        with lake_lock(tmp_path):
            pass
    with lake_lock(tmp_path):
        pass


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.ENOSPC, "no room left"), (errno.EROFS, "nothing can be written"), (errno.EACCES, "nothing can be written")],
)
def test_errors_of_the_disk(tmp_path, number, message):
    with pytest.raises(StoreError, match=message) as caught, lake_lock(tmp_path):
        raise OSError(number, os.strerror(number))
    assert caught.value.next_step


def test_other_errors_stay_what_they_are(tmp_path):
    with pytest.raises(IsADirectoryError), lake_lock(tmp_path):
        raise IsADirectoryError(errno.EISDIR, "x")
    with pytest.raises(StoreError, match="as it was"), lake_lock(tmp_path):
        raise StoreError("as it was")
