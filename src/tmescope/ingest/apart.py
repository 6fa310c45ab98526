"""Files that can crash or hang the library that reads them are read in a process of their own, with limits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tmescope.foundation.errors import FileFormatError, StoreError
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.parcels import Parcel, read_parcel, read_problem

__all__ = ["DEFAULT_PATIENCE", "Argument", "Patience", "explain_end", "read_apart", "reader_call", "reader_job"]

Argument = str | int | bool | list[str] | None
"""What a reader can be told."""

_CHILD = "tmescope.ingest.apart_child"
_SAID = 2000
_OUT_OF_TIME = frozenset({signal.SIGXCPU, signal.SIGKILL})
_QUIET = {
    "HDF5_PLUGIN_PRELOAD": "::",  # no filter is loaded from anywhere
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # glibc keeps what one run of cells took for the next one, instead of asking for pages and giving them back
    "MALLOC_MMAP_THRESHOLD_": str(1 << 26),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 28),
}


@dataclass(frozen=True)
class Patience:
    """How long a file may take to be read.

    Parameters
    ----------
    cpu_seconds : int
        Processor time for any file.
    cpu_seconds_per_gib : int
        Further processor time for each GiB that the file has.
    wall_factor : int
        A reader that does not even use its processor time ends after this many times as long.
    """

    cpu_seconds: int = 20
    cpu_seconds_per_gib: int = 600
    wall_factor: int = 20

    def seconds(self, n_bytes: int) -> int:
        """Return the processor time for a file of so many bytes."""
        return self.cpu_seconds + self.cpu_seconds_per_gib * n_bytes // (1 << 30)


DEFAULT_PATIENCE = Patience()
"""Twenty seconds, and ten minutes for each GiB; an undamaged file of some megabytes takes less than one."""


def read_apart(
    reader: str,
    path: Path,
    arguments: Mapping[str, Argument],
    *,
    limits: Limits = DEFAULT_LIMITS,
    patience: Patience = DEFAULT_PATIENCE,
) -> Parcel:
    """Read a file in a process of its own.

    Parameters
    ----------
    reader : str
        One of `tmescope.ingest.apart_child.READERS`.
    path : Path
        The file.
    arguments : mapping of str to Argument
        What that reader needs to know.
    limits : Limits
        On sizes, for the reader.
    patience : Patience
        On time.

    Returns
    -------
    Parcel

    Raises
    ------
    TmescopeError
        What the reader raised, as if it had been raised here.
    FileFormatError
        The process crashed, asked for more memory than it may, or did not end in time.
    StoreError
        The process cannot be started.

    Notes
    -----
    One new interpreter a file: it shares nothing with this one, so that what a damaged file does to the memory
    of its reader ends with the reader. Its address space grows only by what the checked shapes of the file ask
    for. Results come back as npy and JSON in a temporary folder.
    """
    allowed = patience.seconds(path.stat().st_size)
    with tempfile.TemporaryDirectory(prefix="tmescope-read-") as scratch:
        folder = Path(scratch)
        job = {**reader_job(reader, path, arguments, limits=limits), "cpu_seconds": allowed}
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        code = _run(folder, wall_seconds=allowed * patience.wall_factor)
        problem = read_problem(folder)
        if problem is not None:
            raise problem
        parcel = read_parcel(folder) if code == 0 else None
        if parcel is None:
            raise explain_end(code, folder, path=path, seconds=allowed)
        return parcel


def reader_job(reader: str, path: Path, arguments: Mapping[str, Argument], *, limits: Limits) -> dict[str, object]:
    """Return what a reading process is told, without its processor time.

    Parameters
    ----------
    reader, path, arguments, limits
        See `read_apart`.
    """
    return {"reader": reader, "path": str(path), "arguments": dict(arguments), "limits": asdict(limits)}


def reader_call(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return the command of a reading process and its environment.

    Parameters
    ----------
    folder : Path
        Holds ``job.json``.
    """
    seen = [p for p in sys.path if p and Path(p).is_absolute()]
    environment = {**os.environ, **_QUIET, "PYTHONPATH": os.pathsep.join(seen)}
    return [sys.executable, "-P", "-m", _CHILD, str(folder)], environment


def _run(folder: Path, *, wall_seconds: int) -> int:
    command, environment = reader_call(folder)
    try:
        with (folder / "stderr").open("wb") as said:
            done = subprocess.run(
                command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=environment,
                timeout=wall_seconds,
            )
    except subprocess.TimeoutExpired:
        return -signal.SIGKILL
    except OSError as error:
        raise StoreError(
            f"no process can be started to read the file in ({error.strerror or error})",
            where=sys.executable,
            expected="a Python interpreter that may start another one",
        ) from error
    return done.returncode


def _last_words(folder: Path) -> str:
    lines = (folder / "stderr").read_bytes()[-_SAID:].decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else ""


def explain_end(code: int, folder: Path, *, path: Path, seconds: int) -> FileFormatError:
    """Return the error for a reading process that ended without saying why.

    Parameters
    ----------
    code : int
        How it ended; minus the number of a signal.
    folder : Path
        Holds what it wrote to standard error.
    path : Path
        The file that it read.
    seconds : int
        Processor time that it had.
    """
    said = _last_words(folder)
    if -code in _OUT_OF_TIME:
        what = (
            f"reading the file did not end within {seconds} s of processor time: it leads the HDF5 library in circles"
        )
    elif code < 0:
        what = f"the file crashes the HDF5 library ({signal.Signals(-code).name}); nothing else was harmed"
    else:
        what = f"the file cannot be read (the reading process ended with code {code}{': ' + said if said else ''})"
    return FileFormatError(
        what,
        where=str(path),
        expected="an undamaged HDF5 file",
        next_step="write or download the file again, and compare its checksum with the source's",
    )
