"""The other side of `tmescope.ingest.apart`: reads one file under limits; ``python -m``, never imported by others."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from tmescope.foundation.errors import FileFormatError, ManyProblems, TmescopeError
from tmescope.ingest.decompress import Limits
from tmescope.ingest.memory import allow_memory, limit_process
from tmescope.ingest.parcel_streams import write_end, write_frame
from tmescope.ingest.parcels import Parcel, write_parcel, write_problem

__all__ = ["READERS", "STREAMS", "main"]

READERS = {
    "h5ad": ("tmescope.ingest.h5ad_content", "read_content"),
    "h5ad_cells": ("tmescope.ingest.h5ad_cells_content", "read_cells_content"),
    "10x_h5": ("tmescope.ingest.tenx_h5_content", "read_content"),
}
"""Name of each reader, and where it lives: called with path, limits, and its own arguments by keyword."""

STREAMS = {
    "h5ad_stream": ("tmescope.ingest.h5ad_stream_content", "stream_content"),
    "10x_h5_stream": ("tmescope.ingest.tenx_h5_stream_content", "stream_content"),
}
"""Readers that yield one parcel after another, which go to standard output as they come."""

_START = 1 << 30


def main(folder: Path) -> None:
    """Do the job that is described in a folder, and leave there what was read, or the error.

    Parameters
    ----------
    folder : Path
        Holds ``job.json``.
    """
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    streams = job["reader"] in STREAMS
    home, name = (STREAMS if streams else READERS)[job["reader"]]
    read: Callable[..., Any] = getattr(import_module(home), name)
    limit_process(cpu_seconds=job["cpu_seconds"])
    allow_memory(_START)
    path = Path(job["path"])
    try:
        parcel = _read(_sent if streams else _whole, read, path=path, job=job)
    except ManyProblems as many:
        write_problem(many.problems[0], folder)
    except TmescopeError as error:
        write_problem(error, folder)
    else:
        if parcel is not None:
            write_parcel(parcel, folder)


def _whole(parcel: Parcel) -> Parcel:
    return parcel


def _sent(parcels: Iterator[Parcel]) -> None:
    for parcel in parcels:
        write_frame(sys.stdout.buffer, parcel)
    write_end(sys.stdout.buffer)


def _read(
    hand_over: Callable[[Any], Parcel | None], read: Callable[..., Any], *, path: Path, job: dict[str, Any]
) -> Parcel | None:
    try:
        return hand_over(read(path, limits=Limits(**job["limits"]), **job["arguments"]))
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
