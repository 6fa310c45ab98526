"""Progress of a command: a display where somebody is looking, plain lines in a pipe, events for machines."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from tmescope.cli.course import Course
from tmescope.foundation.progress import Progress, SilentProgress

if TYPE_CHECKING:
    from tmescope.foundation.result import RunWarning

__all__ = ["Json", "Listener", "Quiet", "listening", "wants_colour"]

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
"""The option of every command that reports progress."""

Json = Annotated[
    bool,
    typer.Option("--json", help="Write events for machines to standard output, one JSON object a line, and no text."),
]
"""The option of every command that writes events."""


class Listener(Progress, Protocol):
    """A listener of the command line, which can also be told of warnings."""

    def warn(self, warning: RunWarning) -> None:
        """Say that there is a warning, where there is a place to say it at once."""


class _Silent(SilentProgress):
    """A listener that does nothing."""

    def warn(self, warning: RunWarning) -> None:
        """Do nothing."""


class _Lines:
    """One line per finished step on standard error."""

    def __init__(self, course: Course) -> None:
        self._course = course

    def plan(self, steps: Mapping[str, float]) -> None:
        """Do nothing."""

    def start(self, task: str, total: float | None = None, *, unit: str = "") -> None:
        """Remember when it began."""
        self._course.start(task, total, unit)

    def advance(self, task: str, parts: float = 1) -> None:
        """Do nothing."""

    def finish(self, task: str, note: str = "") -> None:
        """Print the step and its note."""
        step = self._course.finish(task, note)
        if step is not None and note:
            _tell(f"{task}: {note}")

    def warn(self, warning: RunWarning) -> None:
        """Do nothing: warnings are told at the end, by the command."""


@contextmanager
def listening(command: str, *, quiet: bool, json: bool = False) -> Iterator[Listener]:
    """Yield the listener that fits where the output goes, and tell at the end which steps took how long.

    Parameters
    ----------
    command : str
        What runs, such as ``run``; for the events.
    quiet : bool
        Say nothing.
    json : bool
        Write events to standard output, see `tmescope.cli.events`; with `quiet` those of progress are left out.
    """
    course = Course()
    if json:
        with _eventful(command, course, quiet=quiet) as events:
            yield events
        return
    if quiet:
        yield _Silent()
        return
    with _shown(course) as listener:
        yield listener
    if summary := course.summary():
        _tell(summary)


def wants_colour() -> bool:
    """Return whether standard error is a terminal on which colours are welcome."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


@contextmanager
def _eventful(command: str, course: Course, *, quiet: bool) -> Iterator[Listener]:
    from tmescope.cli.events import Events

    events = Events(command, course, quiet=quiet)
    try:
        yield events
    except BaseException as error:
        events.end(error)
        raise
    events.end(None)


def _shown(course: Course) -> AbstractContextManager[Listener]:
    if not sys.stderr.isatty() or os.environ.get("TERM", "dumb") in {"dumb", "unknown"}:
        return _as_context(_Lines(course))
    from rich.console import Console

    from tmescope.cli.live import Display

    return Display(Console(stderr=True, highlight=False, markup=False), course)


@contextmanager
def _as_context(listener: Listener) -> Iterator[Listener]:
    yield listener


def _tell(line: str) -> None:
    print("".join(c if c.isprintable() else "�" for c in line), file=sys.stderr)
