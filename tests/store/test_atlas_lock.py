"""One process writes into an atlas, and an error of the disk says what the atlas holds."""

from __future__ import annotations

import errno
import threading

import pytest

from tmescope.foundation.errors import FolderInUseError, StoreError
from tmescope.store import atlas_lock as module
from tmescope.store.atlas_lock import atlas_lock, explain_full_disk


def test_two_writers_at_once_are_refused(tmp_path):
    with atlas_lock(tmp_path), pytest.raises(FolderInUseError), atlas_lock(tmp_path):
        pass
    with atlas_lock(tmp_path):
        pass


def test_an_atlas_that_is_being_made_is_held_too(tmp_path):
    path = tmp_path / "new" / "a.zarr"
    refused = pytest.raises(FolderInUseError, match="is writing to this atlas")
    with atlas_lock(path), refused as caught, atlas_lock(path):
        pass
    assert "the same command again" in caught.value.next_step
    assert not path.exists()


def test_a_writer_waits_for_another(tmp_path):
    first, order = atlas_lock(tmp_path), []
    first.__enter__()

    def leave():
        order.append("first")
        first.__exit__(None, None, None)

    threading.Timer(0.3, leave).start()
    with atlas_lock(tmp_path, wait_s=30):
        order.append("second")
    assert order == ["first", "second"]


def test_a_lock_is_freed_by_an_error(tmp_path):
    with pytest.raises(KeyError), atlas_lock(tmp_path):
        raise KeyError
    with atlas_lock(tmp_path):
        pass


@pytest.mark.parametrize("code, told", [(errno.EROFS, "nothing can be written"), (errno.ENXIO, "No such device")])
def test_a_disk_that_can_only_be_read(tmp_path, monkeypatch, code, told):
    def refused(*_, **__):
        raise OSError(code, "No such device" if code == errno.ENXIO else "Read-only file system")

    monkeypatch.setattr(module, "folder_lock", refused)
    with pytest.raises(OSError, match=told), atlas_lock(tmp_path):
        pass


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told(tmp_path, code):
    with pytest.raises(StoreError, match="no room left") as caught, explain_full_disk(tmp_path):
        raise OSError(code, "No space left on device")
    assert "goes on" in caught.value.next_step


def test_other_errors_stay_what_they_are(tmp_path):
    with pytest.raises(OSError, match="broken") as caught, explain_full_disk(tmp_path):
        raise OSError(errno.EIO, "broken")
    assert not isinstance(caught.value, StoreError)
