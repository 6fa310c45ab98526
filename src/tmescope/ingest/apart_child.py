"""The other side of `tmescope.ingest.apart`: reads one file under limits; ``python -m``, never imported by others."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from tmescope.foundation.errors import FileFormatError, ManyProblems, TmescopeError
from tmescope.ingest.decompress import Limits
from tmescope.ingest.memory import allow_memory, limit_process
from tmescope.ingest.parcels import Parcel, write_parcel, write_problem

__all__ = ["READERS", "main"]

READERS = {
    "h5ad": ("tmescope.ingest.h5ad_content", "read_content"),
    "h5ad_cells": ("tmescope.ingest.h5ad_cells_content", "read_cells_content"),
    "10x_h5": ("tmescope.ingest.tenx_h5_content", "read_content"),
}
"""Name of each reader, and where it lives: called with path, limits, and its own arguments by keyword."""

_START = 1 << 30


def main(folder: Path) -> None:
    """Do the job that is described in a folder, and leave there what was read, or the error.

    Parameters
    ----------
    folder : Path
        Holds ``job.json``.
    """
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    home, name = READERS[job["reader"]]
    read: Callable[..., Parcel] = getattr(import_module(home), name)
    limit_process(cpu_seconds=job["cpu_seconds"])
    allow_memory(_START)
    path = Path(job["path"])
    try:
        parcel = _read(read, path, job)
    except ManyProblems as many:
        write_problem(many.problems[0], folder)
    except TmescopeError as error:
        write_problem(error, folder)
    else:
        write_parcel(parcel, folder)


def _read(read: Callable[..., Parcel], path: Path, job: dict[str, Any]) -> Parcel:
    try:
        return read(path, limits=Limits(**job["limits"]), **job["arguments"])
    except MemoryError as error:
        raise FileFormatError(
            f"the file asks for more memory than its declared sizes need ({str(error)[:200] or 'not said how much'})",
            where=str(path),
            expected="an undamaged HDF5 file",
            next_step="write or download the file again",
        ) from error


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main(Path(sys.argv[1]))
