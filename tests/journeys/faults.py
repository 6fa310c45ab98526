"""Bad input as data: what is done to the tiny study, and what must be said about it; and how it is tried."""

from __future__ import annotations

import contextlib
import copy
import io
import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
from tests.study import tiny

from tmescope.cli import main as command_line
from tmescope.foundation.errors import ManyProblems, TmescopeError
from tmescope.study.checking import check

Change = Callable[[Path], object]
STUDY = "study.toml"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    ``value`` and ``where`` are parts of what the problem says is wrong and where; ``hint`` is part of what it says is
    expected or to be done. ``alone`` means that nothing else may be complained about. ``output`` is where the results
    shall go; ``meanwhile`` is what goes on while the command runs.
    """

    name: str
    change: Change
    error: type[TmescopeError]
    where: tuple[str, ...]
    value: tuple[str, ...]
    hint: str = ""
    n_problems: int = 1
    output: str = "results"
    meanwhile: Callable[[Path], AbstractContextManager[object]] = field(default=lambda folder: nullcontext())

    @property
    def is_of_output(self) -> bool:
        """Whether the study is right and only the place for its results is wrong."""
        return self.name.startswith("output")


@dataclass(frozen=True)
class Trial:
    """What the command said and left."""

    code: object
    out: str
    err: str
    raised: TmescopeError | None
    before: dict[str, object]
    after: dict[str, object]

    @property
    def problems(self) -> tuple[TmescopeError, ...]:
        """All problems, whether they came one by one or together."""
        return problems_of(self.raised)


@dataclass(frozen=True)
class Outcome:
    """A fault tried three times: into a new folder, into that of an earlier run, and by ``tmescope check``."""

    fresh: Trial
    later: Trial | None
    checked: tuple[TmescopeError, ...]


def problems_of(error: TmescopeError | None) -> tuple[TmescopeError, ...]:
    """Return the problems inside an error."""
    if error is None:
        return ()
    return error.problems if isinstance(error, ManyProblems) else (error,)


def try_fault(fault: Fault, folder: Path, *, results: Path) -> Outcome:
    """Spoil a new copy of the tiny study and try to run it; ``results`` are those of the unspoilt one."""
    tiny.write_files(folder)
    tiny.write_study(folder)
    fault.change(folder)
    with fault.meanwhile(folder):
        fresh = try_run(folder, fault.output)
        if fault.is_of_output:
            return Outcome(fresh, None, ())
        shutil.copytree(results, folder / fault.output)
        later = try_run(folder, fault.output)
    return Outcome(fresh, later, check(folder / STUDY).problems)


def try_run(folder: Path, output: str) -> Trial:
    """Run ``tmescope run`` in this process as its entry point does."""
    raised: list[TmescopeError] = []
    app = command_line.app

    def watched() -> None:
        try:
            app()
        except TmescopeError as error:
            raised.append(error)
            raise

    arguments = ["tmescope", "run", str(folder / STUDY), "-o", str(folder / output)]
    out, err = io.StringIO(), io.StringIO()
    before = snapshot(folder)
    code: object = 0
    with (
        mock.patch.object(sys, "argv", arguments),
        mock.patch.object(command_line, "app", watched),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            command_line.main()
        except SystemExit as end:
            code = end.code
    after = snapshot(folder)
    return Trial(code, out.getvalue(), err.getvalue(), raised[0] if raised else None, before, after)


def snapshot(folder: Path) -> dict[str, object]:
    """Return every file, folder and link below a folder with its bytes and permissions."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        content: object = "folder" if path.is_dir() else path.read_bytes()
        found[path.relative_to(folder).as_posix()] = (path.lstat().st_mode, content)
    return found


def matrix(change: Callable[[pd.DataFrame], pd.DataFrame], **options: Any) -> Change:
    """Change the matrix of cohort a, genes x samples."""

    def make(folder: Path) -> None:
        path = folder / "a.tsv"
        frame = pd.read_csv(path, sep="\t", index_col=0)
        change(frame).to_csv(path, **{"sep": "\t", **options})

    return make


def samples(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Change:
    """Change the sample table of cohort a; all of it is text."""

    def make(folder: Path) -> None:
        path = folder / "a_samples.csv"
        change(pd.read_csv(path, dtype=object)).to_csv(path, index=False)

    return make


def cell(column: str, value: str, row: int = 0) -> Change:
    """Write one cell of the sample table of cohort a."""
    return samples(lambda frame: frame.assign(**{column: [*frame[column][:row], value, *frame[column][row + 1 :]]}))


def study(*keys: str | int, value: object) -> Change:
    """Set one key of the study file."""

    def change(data: Any) -> None:
        for key in keys[:-1]:
            data = data.setdefault(key, {}) if isinstance(data, dict) else data[key]
        data[keys[-1]] = value

    return redraft(change)


def redraft(change: Callable[[dict[str, Any]], object]) -> Change:
    """Change the study file as a whole; changes one after the other add up."""

    def make(folder: Path) -> None:
        import tomllib

        data = tomllib.loads((folder / STUDY).read_text())
        change(data)
        tiny.write_study(folder, data)

    return make


def text(name: str, change: Callable[[str], str]) -> Change:
    """Change a file as text."""
    return lambda folder: (folder / name).write_text(change((folder / name).read_text()))


def content(name: str, value: bytes) -> Change:
    """Write a file anew."""
    return lambda folder: (folder / name).write_bytes(value)


def together(*changes: Change) -> Change:
    """Make several changes."""

    def make(folder: Path) -> None:
        for change in changes:
            change(folder)

    return make


def two_endpoints() -> dict[str, Any]:
    """Return the endpoints of the tiny study, to change a copy."""
    return copy.deepcopy(tiny.study_dict()["endpoints"])
