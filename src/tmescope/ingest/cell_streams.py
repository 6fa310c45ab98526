"""Cells of one source as they reach an atlas: what it holds is said first, then come runs of cells."""

from __future__ import annotations

import json
import select
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from tmescope.foundation.errors import StoreError
from tmescope.ingest.apart import DEFAULT_PATIENCE, Argument, Patience, explain_end, reader_call, reader_job
from tmescope.ingest.count_rows import CountRows
from tmescope.ingest.decompress import Limits
from tmescope.ingest.parcel_streams import read_frame
from tmescope.ingest.parcels import Parcel, read_problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CELL_LIMITS", "CellColumn", "CellHead", "CellRun", "CellStream", "head_of", "stream_apart"]

CELL_LIMITS = Limits(max_bytes=1 << 42)
"""On sources that are streamed: 4 TiB, since they are never in memory as a whole; the ratio is that of all files."""

_PIPE = 1 << 20


@dataclass(frozen=True)
class CellColumn:
    """A column of cells.

    Parameters
    ----------
    form : str
        category, float64, int64 or bool.
    categories : tuple of str
        Of a category.
    """

    form: str
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CellHead:
    """What a source says of itself.

    Parameters
    ----------
    genes : tuple of str
        Names, as they come; a name may stand twice.
    gene_ids : tuple of str
        Further names of the same genes; none where the source has one name for each.
    samples : tuple of (str, int)
        Samples and their cells; the empty name where the source does not say of samples.
    columns : mapping of str to CellColumn
        What the source says of its cells.
    notes : tuple of str
        What a person must be told.
    """

    genes: tuple[str, ...]
    gene_ids: tuple[str, ...] = ()
    samples: tuple[tuple[str, int], ...]
    columns: Mapping[str, CellColumn] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def n_cells(self) -> int:
        """Return how many cells there are."""
        return sum(n for _, n in self.samples)


@dataclass(frozen=True)
class CellRun:
    """Cells of one sample that follow each other.

    Parameters
    ----------
    sample : str
        As in the head.
    barcodes : list of str
    rows : CountRows
    columns : mapping of str to array
        Codes of categories (-1 is missing), or values.
    """

    sample: str
    barcodes: list[str]
    rows: CountRows
    columns: Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class CellStream:
    """A source that is open.

    Parameters
    ----------
    head : CellHead
        What it says of itself.
    runs : iterator of CellRun
        Its cells, sample by sample in the order of the head.
    """

    head: CellHead
    runs: Iterator[CellRun]


@contextmanager
def stream_apart(
    reader: str,
    path: Path,
    arguments: Mapping[str, Argument],
    *,
    limits: Limits = CELL_LIMITS,
    patience: Patience = DEFAULT_PATIENCE,
) -> Iterator[CellStream]:
    """Read cells in a process of their own, which can crash without harm.

    Parameters
    ----------
    reader : str
        One of `tmescope.ingest.apart_child.STREAMS`.
    path, arguments, limits, patience
        See `tmescope.ingest.apart.read_apart`.

    Yields
    ------
    CellStream
        Its process ends with the block.

    Raises
    ------
    TmescopeError
        What the reader raised; here or while its runs are read.
    FileFormatError
        The process crashed, asked for more memory than it may, or did not end in time.

    Notes
    -----
    Parcels come through a pipe, and the process waits while nobody reads them: a run of cells is all that is in memory.
    """
    seconds = patience.seconds(path.stat().st_size)
    with tempfile.TemporaryDirectory(prefix="tmescope-read-") as scratch:
        folder = Path(scratch)
        job = {**reader_job(reader, path, arguments, limits=limits), "cpu_seconds": seconds}
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        with (folder / "stderr").open("wb") as said, _started(folder, said) as process:
            out = process.stdout
            pipe = _Pipe(out, wall_seconds=seconds * patience.wall_factor)
            parcels = _parcels(pipe, process, folder=folder, path=path, seconds=seconds)
            try:
                head = head_of(next(parcels).about)
                yield CellStream(head, (_run_of(parcel, head) for parcel in parcels))
            finally:
                process.kill()
                process.wait()


@contextmanager
def _started(folder: Path, said: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    command, environment = reader_call(folder)
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, env=environment, bufsize=0
        )
    except OSError as error:
        raise StoreError(
            f"no process can be started to read the file in ({error.strerror or error})",
            where=command[0],
            expected="a Python interpreter that may start another one",
        ) from error
    with process:
        yield process


class _Pipe:
    def __init__(self, out: Any, *, wall_seconds: float) -> None:
        self._out, self._wall = out, wall_seconds
        self.late = False
        _widen(out)

    def fill(self, target: memoryview) -> bool:
        done = 0
        while done < len(target):
            if not select.select([self._out], [], [], self._wall)[0]:
                self.late = True
                return False
            n = self._out.readinto(target[done:])
            if not n:
                return False
            done += n
        return True


def _widen(out: Any) -> None:
    """Let a pipe hold more than a page or two, where the system can."""
    import contextlib
    import fcntl

    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(out, fcntl.F_SETPIPE_SZ, _PIPE)


def _parcels(
    pipe: _Pipe, process: subprocess.Popen[bytes], *, folder: Path, path: Path, seconds: int
) -> Iterator[Parcel]:
    while True:
        parcel, sound = read_frame(pipe.fill)
        if parcel is not None:
            yield parcel
            continue
        if sound:
            return
        if pipe.late:
            process.kill()
        code = process.wait()
        raise read_problem(folder) or explain_end(code, folder, path=path, seconds=seconds)


def head_of(about: Mapping[str, Any]) -> CellHead:
    """Return the head that a reading process says.

    Parameters
    ----------
    about : mapping
        As JSON holds a `CellHead`.
    """
    return CellHead(
        genes=tuple(about["genes"]),
        gene_ids=tuple(about.get("gene_ids", ())),
        samples=tuple((str(name), int(n)) for name, n in about["samples"]),
        columns={name: CellColumn(form, tuple(known)) for name, form, known in about.get("columns", ())},
        notes=tuple(about.get("notes", ())),
    )


def _run_of(parcel: Parcel, head: CellHead) -> CellRun:
    arrays = parcel.arrays
    rows = CountRows(arrays["ends"], arrays["genes"], arrays["counts"])
    columns = {name: np.asarray(arrays[f"obs {i}"]) for i, name in enumerate(head.columns)}
    return CellRun(str(parcel.about["sample"]), list(parcel.about["barcodes"]), rows, columns)
