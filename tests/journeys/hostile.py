"""Files that are broken or mean harm, as data: what takes the place of a good one, and what is said."""

from __future__ import annotations

import contextlib
import shutil
import stat
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ingest.matrices_made import WRITERS, Made, Writer
from tests.journeys.faults import STUDY, try_run
from tests.study import tiny

from tmescope.foundation.errors import TmescopeError

Content = bytes | Callable[[Path], object]
"""Bytes of the file; or what returns them, or puts something else there itself."""

_PLACES: Mapping[str, tuple[str, ...]] = {
    "matrix": ("cohorts", "0", "expression"),
    "samples": ("cohorts", "0", "samples"),
    "universe": ("profile", "gene_universe"),
}


def _nothing(path: Path) -> AbstractContextManager[object]:
    return nullcontext()


@dataclass(frozen=True)
class Hostile:
    """One file that must be refused.

    ``role`` is whose place it takes; ``value`` and ``where`` are parts of what is said to be wrong and where;
    ``options`` are further keys of the cohort, or of the study where they have a dot.
    """

    name: str
    role: str
    file_name: str
    content: Content
    error: type[TmescopeError]
    value: tuple[str, ...]
    where: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    meanwhile: Callable[[Path], AbstractContextManager[object]] = _nothing


@dataclass(frozen=True)
class Tried:
    """How the command ended, and the folder before and after."""

    code: object
    out: str
    err: str
    problems: tuple[TmescopeError, ...]
    before: dict[str, object]
    after: dict[str, object]


def small_study() -> dict[str, Any]:
    """Return the tiny study with its first cohort alone."""
    data = tiny.study_dict()
    del data["cohorts"][1:]
    data["profile"]["methods"] = ["zscore"]
    return data


def put(case: Hostile, folder: Path) -> Path:
    """Write the study with the hostile file in its place; return where that is."""
    tiny.write_files(folder)
    data = small_study()
    for key, value in case.options.items():
        data["cohorts"][0][key] = value
    path = folder / case.file_name
    if case.role != "study":
        *outer, last = _PLACES[case.role]
        node: Any = data
        for key in outer:
            node = node[int(key)] if key.isdecimal() else node[key]
        node[last] = case.file_name
    tiny.write_study(folder, data)
    path.unlink(missing_ok=True)
    content = case.content(path) if callable(case.content) else case.content
    if isinstance(content, bytes):
        path.write_bytes(content)
    return path


def attempt(case: Hostile, folder: Path, *, results: Path) -> Tried:
    """Run the study into the folder of an earlier, good run."""
    path = put(case, folder)
    shutil.copytree(results, folder / "results")
    before = state(folder)
    if case.meanwhile is not _nothing:
        del before[case.file_name]
    with case.meanwhile(path), _without_snapshots():
        trial = try_run(folder, "results")
    after = state(folder)
    if case.meanwhile is not _nothing:  # somebody else changed it
        del after[case.file_name]
    return Tried(trial.code, trial.out, trial.err, trial.problems, before, after)


@contextlib.contextmanager
def _without_snapshots():
    """Leave the contents of files to `state`: reading a pipe would never end."""
    from unittest import mock

    from tests.journeys import faults

    with mock.patch.object(faults, "snapshot", lambda folder: {}):
        yield


def state(folder: Path) -> dict[str, object]:
    """Return all that lies below a folder: mode, and bytes of files, targets of links; pipes are not opened."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        content: object = None
        if stat.S_ISLNK(mode):
            content = path.readlink()
        elif stat.S_ISREG(mode):
            content = path.read_bytes()
        found[path.relative_to(folder).as_posix()] = (mode, content)
    return found


def matrix_made() -> Made:
    """Return the matrix of the first cohort."""
    frame, _ = tiny.cohort_frames(1, 24)
    return Made(tuple(map(str, frame.index)), tuple(map(str, frame.columns)), frame.to_numpy().tolist())


def writer(name: str) -> Writer:
    """Return the writer of a format."""
    return next(w for w in WRITERS if w.name == name)


__all__ = ["STUDY", "Content", "Hostile", "Tried", "attempt", "matrix_made", "put", "small_study", "state", "writer"]
