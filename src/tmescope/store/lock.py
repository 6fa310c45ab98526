"""Who may write into a folder of results: one run at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tmescope.foundation.errors import FolderInUseError

__all__ = ["folder_lock"]


@contextmanager
def folder_lock(path: Path, *, folder: Path) -> Iterator[None]:
    """Hold an exclusive lock while a run writes.

    Parameters
    ----------
    path : pathlib.Path
        Lock file; its folder exists. The kernel frees the lock when the process ends, however it ends.
    folder : pathlib.Path
        Folder of results, for the message.

    Raises
    ------
    FolderInUseError
        If another process holds the lock; the message names its process id.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 32, 0).decode(errors="replace").strip() or "unknown"
            raise FolderInUseError(
                f"another run (process {holder}) is writing into this folder",
                where=str(folder),
                next_step="wait until it ends, or give another folder with --output",
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
