"""The display on a terminal: steps that are done scroll by, two lines at the bottom say where the command is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from tmescope.cli.course import Course, memory_now, shown_amount, shown_rate, shown_time

if TYPE_CHECKING:
    from types import TracebackType

    from tmescope.foundation.result import RunWarning

__all__ = ["Display", "visible"]

_REFRESHES = 8
_BAR = 24
_NARROW = 60
_TURNS = ("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\")
_CELLS = (("█", "░"), ("#", "."))


def visible(text: str) -> str:
    """Return text without control characters and marks that turn the direction of writing."""
    return "".join(c if c.isprintable() else "�" for c in text)


class Display:
    """A listener that draws on a terminal.

    Parameters
    ----------
    console : rich.console.Console
        On standard error.
    course : Course
        Where the command stands.
    """

    def __init__(self, console: Console, course: Course) -> None:
        self._console = console
        self._course = course
        self._plain = not (console.encoding or "").lower().startswith("utf")
        self._live = Live(
            self, console=console, refresh_per_second=_REFRESHES, transient=True, vertical_overflow="crop"
        )

    def __enter__(self) -> Display:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def plan(self, steps: Mapping[str, float]) -> None:
        """Remember which steps are to come."""
        self._course.plan(steps)

    def start(self, task: str, total: float | None = None, *, unit: str = "") -> None:
        """Show a task."""
        self._course.start(task, total, unit)

    def advance(self, task: str, parts: float = 1) -> None:
        """Move the bar."""
        self._course.advance(task, parts)

    def finish(self, task: str, note: str = "") -> None:
        """Keep a step on the screen as a line; drop the tasks inside it."""
        step = self._course.finish(task, note)
        if step is not None and note:
            line = Text(f"{visible(task)}: {visible(note)}", no_wrap=True, overflow="ellipsis")
            line.append(f"  {step.seconds:.1f} s", style="dim")
            self._console.print(line)

    def warn(self, warning: RunWarning) -> None:
        """Do nothing: warnings are told at the end, by the command."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the two lines, cut to the width of the terminal."""
        for line in self._lines(options.max_width):
            yield Text(line, no_wrap=True, overflow="crop", end="\n")

    def _lines(self, width: int) -> list[str]:
        tasks = list(self._course.open)
        elapsed = self._course.elapsed()
        turns = _TURNS[self._plain]
        turn = turns[int(elapsed * _REFRESHES) % len(turns)]
        if not tasks:
            return [turn]
        counted = next((t for t in reversed(tasks) if t.unit), tasks[-1])
        names = list(dict.fromkeys(visible(t.name) for t in tasks))
        rate = shown_rate(self._course.rate())
        parts = ["  ".join(names), shown_amount(counted), "" if rate == "-" else rate]
        return [_cut(f"{turn} {'  '.join(p for p in parts if p)}", width), _cut(self._overall(width, elapsed), width)]

    def _overall(self, width: int, elapsed: float) -> str:
        number, of = self._course.position()
        share = self._course.share()
        percent = " --%" if share is None else f"{share:4.0%}"
        left = shown_time(self._course.seconds_left())
        if width < _NARROW:
            return f"{percent}  {number}/{of}  left {left}"
        full, empty = _CELLS[self._plain]
        filled = round(_BAR * (share or 0.0))
        bar = full * filled + empty * (_BAR - filled)
        steps = f"step {number} of {of}  " if of > 1 else ""
        memory = memory_now()
        held = f"  memory {memory}" if memory else ""
        return f"{bar} {percent}  {steps}elapsed {shown_time(elapsed)}  left {left}{held}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 1, 1)] + "…"
