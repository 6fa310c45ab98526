"""Who may write into an atlas: one process at a time, and none where the disk is only to be read."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tmescope.foundation.errors import FolderInUseError, StoreError, TmescopeError
from tmescope.store.atlas_layout import HIDDEN
from tmescope.store.lock import folder_lock

__all__ = ["atlas_lock", "explain_full_disk"]

_PAUSE_S = 0.2
_FORBIDDEN = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def atlas_lock(path: Path, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the atlas while it is made or written to.

    Parameters
    ----------
    path : Path
        Its folder, which need not be there yet.
    wait_s : float
        Seconds to wait for another process that writes.

    Raises
    ------
    FolderInUseError
        If another process still writes then.
    StoreError
        If nothing can be written to an atlas that is there.

    Notes
    -----
    Two locks: one beside the folder, which is there before the atlas is, and one in it, for those who may write into
    the atlas and not beside it.
    """
    whole = path.resolve()
    with ExitStack() as held:
        try:
            is_held = _hold_beside(whole, held, wait_s=wait_s)
            if not is_held or (path / "zarr.json").exists():
                (path / HIDDEN).mkdir(exist_ok=True)
                _hold(path / HIDDEN / "lock", path, held, wait_s=wait_s)
        except OSError as error:
            if isinstance(error, TmescopeError) or error.errno not in _FORBIDDEN:
                raise
            raise StoreError(
                f"the atlas can be read, but nothing can be written to it ({error.strerror})",
                where=str(path),
                expected="a folder that this user may write to, on a disk that is not read-only",
                next_step="copy the atlas to such a disk, or ask who keeps it",
            ) from error
        yield


def _hold_beside(path: Path, held: ExitStack, *, wait_s: float) -> bool:
    """Hold the lock beside the folder; False where this user may not write there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _hold(path.with_name(f".{path.name}.lock"), path, held, wait_s=wait_s)
    except OSError as error:
        if isinstance(error, TmescopeError) or error.errno not in _FORBIDDEN or not path.exists():
            raise
        return False
    return True


def _hold(lock: Path, path: Path, held: ExitStack, *, wait_s: float) -> None:
    end = time.monotonic() + wait_s
    while True:
        try:
            held.enter_context(folder_lock(lock, folder=path))
        except FolderInUseError as error:
            if time.monotonic() < end:
                time.sleep(_PAUSE_S)
                continue
            raise FolderInUseError(
                error.what.replace("another run", "another process").replace("into this folder", "to this atlas"),
                where=str(path),
                expected="one writer at a time",
                next_step="wait until it ends, and give the same command again",
            ) from error
        return


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
