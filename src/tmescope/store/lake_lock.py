"""Who may write into a lake: one process at a time."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tmescope.foundation.errors import FolderInUseError, StoreError, TmescopeError
from tmescope.store.lock import folder_lock

__all__ = ["lake_lock"]

_FORBIDDEN = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def lake_lock(path: Path) -> Iterator[None]:
    """Hold a lake while it is written to.

    Parameters
    ----------
    path : Path
        Its folder, which is there.

    Raises
    ------
    FolderInUseError
        If another process writes.
    StoreError
        If nothing can be written here, or the disk is full.
    """
    try:
        with folder_lock(path / ".lock", folder=path):
            yield
    except FolderInUseError as error:
        raise FolderInUseError(
            error.what.replace("another run", "another process").replace("into this folder", "to this lake"),
            where=str(path),
            expected="one writer at a time",
            next_step="wait until it ends, and give the same command again",
        ) from error
    except OSError as error:
        if isinstance(error, TmescopeError) or error.errno not in _FORBIDDEN | _FULL:
            raise
        is_full = error.errno in _FULL
        raise StoreError(
            f"{'there is no room left on the disk' if is_full else 'nothing can be written to the lake'} "
            f"({error.strerror})",
            where=str(path),
            expected="a folder that this user may write to, on a disk with room",
            next_step="the lake holds what was committed before, unchanged; give the same command again when there is "
            "room: it goes on from there"
            if is_full
            else "copy the lake to such a disk, or ask who keeps it",
        ) from error
