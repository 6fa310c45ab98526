"""The three files of a matrix of single cells in a folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tmescope.foundation.errors import FileFormatError, examples

__all__ = ["TenxFolder", "find_parts", "is_tenx_folder"]

_PARTS = (
    ("matrix.mtx.gz", "matrix.mtx"),
    ("features.tsv.gz", "features.tsv", "genes.tsv.gz", "genes.tsv"),
    ("barcodes.tsv.gz", "barcodes.tsv"),
)


@dataclass(frozen=True)
class TenxFolder:
    """The three files of a matrix of single cells.

    Parameters
    ----------
    matrix, features, barcodes : Path
        Each plain or gzip.
    """

    matrix: Path
    features: Path
    barcodes: Path


def find_parts(folder: Path) -> TenxFolder | None:
    """Return the three files in a folder; None where one is missing.

    Parameters
    ----------
    folder : Path
        Cell Ranger 3 and later write ``features.tsv.gz``, before that ``genes.tsv``.

    Raises
    ------
    FileFormatError
        If one of them is there twice, such as plain and compressed.
    """
    found = []
    for names in _PARTS:
        there = [folder / name for name in names if (folder / name).is_file()]
        if len(there) > 1:
            raise FileFormatError(
                f"{examples([p.name for p in there])} are both there, and nothing says which one counts",
                where=str(folder),
                expected="one of them",
                next_step="move the other one elsewhere",
            )
        found += there
    return TenxFolder(*found) if len(found) == len(_PARTS) else None


def is_tenx_folder(path: Path) -> bool:
    """Return whether a path is a folder with the three files; False where it cannot be looked at.

    Raises
    ------
    FileFormatError
        See `find_parts`.
    """
    return os.path.isdir(path) and find_parts(path) is not None  # noqa: PTH112 - it never raises
