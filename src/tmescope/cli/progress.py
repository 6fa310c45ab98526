"""Progress on the terminal: a bar where somebody is looking, plain lines in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tmescope.foundation.progress import SILENT, Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

__all__ = ["listening"]


class _Lines:
    """One line per finished step on standard error."""

    def start(self, task: str, total: int | None = None) -> None:
        """Do nothing."""

    def advance(self, task: str, parts: int = 1) -> None:
        """Do nothing."""

    def finish(self, task: str, note: str = "") -> None:
        """Print the step and its note."""
        if note:
            print(f"{task}: {note}", file=sys.stderr)


class _Bars:
    """A rich bar per task; tasks without parts are a spinner."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def start(self, task: str, total: int | None = None) -> None:
        """Show the task."""
        self._tasks[task] = self._bars.add_task(task, total=total)

    def advance(self, task: str, parts: int = 1) -> None:
        """Move its bar."""
        if task in self._tasks:
            self._bars.advance(self._tasks[task], parts)

    def finish(self, task: str, note: str = "") -> None:
        """Fill its bar; keep steps on the screen and drop the tasks inside them."""
        identifier = self._tasks.pop(task, None)
        if identifier is None:
            return
        if note:
            self._bars.update(identifier, total=1, completed=1, description=f"{task} [dim]{note}[/dim]")
        else:
            self._bars.remove_task(identifier)


@contextmanager
def listening(*, quiet: bool) -> Iterator[Progress]:
    """Yield the listener that fits where standard error goes.

    Parameters
    ----------
    quiet : bool
        Say nothing.
    """
    if quiet:
        yield SILENT
    elif not sys.stderr.isatty():
        yield _Lines()
    else:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), TimeElapsedColumn())
        with RichProgress(*columns, console=Console(stderr=True)) as bars:
            yield _Bars(bars)
