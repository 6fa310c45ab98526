"""How a result reaches its final name: whole, or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tmescope.foundation.errors import StoreError

__all__ = ["commit", "replace_text", "staged_file", "staged_folder"]


def commit(staged: Path, final: Path, *, is_new: bool = False) -> None:
    """Move a finished file or folder to its final name; every write of tmescope passes through here.

    Parameters
    ----------
    staged : pathlib.Path
        Complete file or folder on the same file system as `final`.
    final : pathlib.Path
        Where it shall be. A file is replaced in one step. A folder that is already there is moved aside first: a
        process killed between the two moves leaves no folder rather than a mixed one, and the next run makes it anew.
    is_new : bool
        Whether this is a folder that takes the place of nothing, but of an empty one.

    Raises
    ------
    StoreError
        If it shall be new and something is there.
    """
    if is_new:
        try:
            staged.rename(final)  # the kernel refuses a folder in place of a file or of a folder with something in it
        except OSError as error:
            if not final.exists():
                raise
            raise StoreError("something is there already", where=str(final), expected="a new name") from error
        return
    if final.is_dir() and not final.is_symlink():
        aside = final.with_name(f".{final.name}.{uuid.uuid4().hex[:8]}.old")
        final.rename(aside)
        staged.rename(final)
        shutil.rmtree(aside)
    else:
        staged.replace(final)


@contextmanager
def staged_file(final: Path) -> Iterator[Path]:
    """Yield a path beside `final` to write to; on success it takes the final name, on failure it is removed.

    Parameters
    ----------
    final : pathlib.Path
        Name of the file; its folder is made where it is absent.

    Raises
    ------
    StoreError
        If a folder has that name: it is never replaced by a file.
    """
    if final.is_dir():
        raise StoreError("a folder has this name", where=str(final), expected="the name of a file")
    final.parent.mkdir(parents=True, exist_ok=True)
    staged = final.with_name(f".{final.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield staged
        _flush(staged)
        commit(staged, final)
    finally:
        staged.unlink(missing_ok=True)


def replace_text(final: Path, text: str) -> None:
    """Let a small file hold a text; one that holds it already is left alone.

    Parameters
    ----------
    final : pathlib.Path
        Name of the file; its folder is made where it is absent.
    text : str
        What it shall hold, in UTF-8.

    Raises
    ------
    StoreError
        If a folder has that name.
    """
    if final.is_file() and final.read_bytes() == text.encode():
        return
    with staged_file(final) as staged:
        staged.write_bytes(text.encode())


@contextmanager
def staged_folder(final: Path, *, is_new: bool = False) -> Iterator[Path]:
    """Yield an empty folder beside `final` to fill; on success it takes the final name, on failure it is removed.

    Parameters
    ----------
    final : pathlib.Path
        Name of the folder; the one that it is in is made where it is absent.
    is_new : bool
        As in `commit`.

    Raises
    ------
    StoreError
        If it shall be new and something is there.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    staged = final.with_name(f".{final.name}.{uuid.uuid4().hex[:8]}.part")
    staged.mkdir()
    try:
        yield staged
        commit(staged, final, is_new=is_new)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _flush(path: Path) -> None:
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
