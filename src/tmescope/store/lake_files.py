"""What lies in the folder of a lake: files that are missing, and what writers that were killed have left."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from tmescope.foundation.errors import StoreError, examples
from tmescope.store.lake_layout import LakeFile, LakePart
from tmescope.store.lake_parts import checksum

__all__ = ["clear_leftovers", "damaged_files", "explain_damaged", "explain_file"]


def clear_leftovers(path: Path) -> None:
    """Remove what writers that were killed have left.

    Parameters
    ----------
    path : Path
        Folder of a lake that is held for writing.
    """
    for folder in (path, path / "parts", path / "mentions", path / "index", path / "derived"):
        for left in [*folder.glob(".*.part"), *folder.glob(".*.old")]:
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def damaged_files(path: Path, part: LakePart) -> tuple[str, ...]:
    """Return the files of a part that are missing or of another size than they were written.

    Parameters
    ----------
    path : Path
        Folder of the lake.
    part : LakePart
        Of it. Bytes are not read: `tmescope.store.lake_checks.verify_lake` does that.
    """
    return tuple(place for place, file in part.places().items() if not _is_of_size(path / place, file.n_bytes))


def explain_damaged(path: Path, parts: Sequence[LakePart], wrong: Mapping[str, tuple[str, ...]]) -> StoreError:
    """Return the error of a lake of which files are missing.

    Parameters
    ----------
    path : Path
        Folder of the lake.
    parts : sequence of LakePart
        That are damaged.
    wrong : mapping of str to tuple of str
        Files of each, by its hash.
    """
    files = [place for part in parts for place in wrong[part.sha256]]
    return StoreError(
        f"{len(parts)} parts of the lake are damaged: {examples(p.name for p in parts)}; {examples(files)} are missing "
        "or of another size",
        where=str(path),
        expected="the files as tmescope wrote them",
        next_step="give these source files to tmescope horizon ingest again: damaged parts are made anew",
    )


def explain_file(path: Path, file: LakeFile) -> str:
    """Read a file and return what is wrong with it as the rest of a sentence; empty where it is as it was written.

    Parameters
    ----------
    path : Path
        The file.
    file : LakeFile
        What it should be.
    """
    try:
        n_bytes = path.stat().st_size
        if n_bytes != file.n_bytes:
            return f"has {n_bytes:,} bytes instead of {file.n_bytes:,}"
        return "" if checksum(path) == file.crc32 else "has another checksum than it was written with"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _is_of_size(path: Path, n_bytes: int) -> bool:
    try:
        return path.stat().st_size == n_bytes
    except OSError:
        return False
