"""Who may write into an atlas: one process at a time, and none where the disk is only to be read."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tmescope.foundation.errors import StoreError
from tmescope.store.lock import folder_lock

__all__ = ["atlas_lock", "explain_full_disk"]

_HIDDEN = ".atlas"
_FORBIDDEN = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def atlas_lock(path: Path) -> Iterator[None]:
    """Hold the atlas while it is written to.

    Parameters
    ----------
    path : Path
        Its folder.

    Raises
    ------
    FolderInUseError
        If another process writes.
    StoreError
        If nothing can be written there.
    """
    try:
        (path / _HIDDEN).mkdir(exist_ok=True)
        lock = folder_lock(path / _HIDDEN / "lock", folder=path)
        lock.__enter__()
    except OSError as error:
        if isinstance(error, StoreError) or error.errno not in _FORBIDDEN:
            raise
        raise StoreError(
            f"the atlas can be read, but nothing can be written to it ({error.strerror})",
            where=str(path),
            expected="a folder that this user may write to, on a disk that is not read-only",
            next_step="copy the atlas to such a disk, or ask who keeps it",
        ) from error
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


@contextmanager
def explain_full_disk(path: Path) -> Iterator[None]:
    """Turn the error of a full disk into one that says what the atlas holds.

    Parameters
    ----------
    path : Path
        Folder of the atlas that is written to.

    Raises
    ------
    StoreError
        Where there was no room, or the user may not have more of it.
    """
    try:
        yield
    except OSError as error:
        if isinstance(error, StoreError) or error.errno not in _FULL:
            raise
        raise StoreError(
            f"there is no room left on the disk ({error.strerror})",
            where=str(path),
            expected="room for about 4 bytes for each count above zero, with the gene-major copy",
            next_step="the atlas holds the samples that were committed before, unchanged; free space and give the same "
            "command again: it goes on from there",
        ) from error
