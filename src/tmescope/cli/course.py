"""Where a command stands: steps done and to come, rates, and how long the rest will take."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tmescope.foundation.progress import UNCHANGED

__all__ = ["Course", "Finished", "Task", "memory_now", "shown_amount", "shown_rate", "shown_time"]

_ENOUGH_SECONDS = 1.0
_MOST_OF_A_STEP = 0.95
_MEASURE = Path("/proc/self/statm")
_UNITS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


@dataclass
class Task:
    """A task that is going on.

    Parameters
    ----------
    name : str
        As its caller says.
    total : float or None
        Parts that it has, where that is known.
    unit : str
        Of the parts, such as ``bytes``; empty where there is none.
    began : float
        When, by the clock of the course.
    done : float
        Parts that are done.
    """

    name: str
    total: float | None
    unit: str
    began: float
    done: float = 0


@dataclass(frozen=True)
class Finished:
    """A step that is done.

    Parameters
    ----------
    name : str
        Of the step.
    note : str
        How it ended.
    seconds : float
        How long it took.
    """

    name: str
    note: str
    seconds: float


class Course:
    """Follows what a command tells of its progress.

    Parameters
    ----------
    clock : callable
        Seconds that never go back.

    Attributes
    ----------
    open : list of Task
        The step that is going on, then the tasks within it.
    finished : list of Finished
        Steps that are done, in order.
    planned : dict of str to float
        Steps by name, with their weights.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self.open: list[Task] = []
        self.finished: list[Finished] = []
        self.planned: dict[str, float] = {}

    def plan(self, steps: Mapping[str, float]) -> None:
        """Add steps that are to come."""
        self.planned |= steps

    def start(self, name: str, total: float | None, unit: str) -> bool:
        """Begin a task; return whether it is a step, and not a part of one."""
        self.open.append(Task(name, total, unit, self._clock()))
        return len(self.open) == 1

    def advance(self, name: str, parts: float) -> None:
        """Count parts of a task that is going on."""
        for task in self.open:
            if task.name == name:
                task.done += parts

    def finish(self, name: str, note: str) -> Finished | None:
        """End a task and those within it; return the step where it was one."""
        names = [task.name for task in self.open]
        if name not in names:
            return None
        place = names.index(name)
        task = self.open[place]
        del self.open[place:]
        if place:
            return None
        self.finished.append(Finished(name, note, self._clock() - task.began))
        return self.finished[-1]

    def elapsed(self) -> float:
        """Return the seconds since the command began."""
        return self._clock() - self._began

    def position(self) -> tuple[int, int]:
        """Return which step is going on, and how many there are as far as is known."""
        names = {f.name for f in self.finished}
        others = {task.name for task in self.open[:1]} - names
        return len(names) + len(others), len(names | others | set(self.planned))

    def share(self) -> float | None:
        """Return how much of the work (0 to 1) is done by the weights of the plan, None where there is none."""
        if len(self.planned) < 2:
            return self.share_of_step()
        total = sum(self.planned.values())
        done = sum(self.planned.get(f.name, 0.0) for f in self.finished)
        if self.open:
            done += self.planned.get(self.open[0].name, 0.0) * (self.share_of_step() or 0.0)
        return min(done / total, 1.0) if total else None

    def share_of_step(self) -> float | None:
        """Return how much of the step that is going on (0 to 1) is done, None where it does not say."""
        known = next((task for task in self.open if task.total), None)
        return None if known is None or not known.total else min(known.done / known.total, 1.0)

    def rate(self) -> tuple[float, str] | None:
        """Return parts a second and their unit of the innermost task that counts some, None where there is none."""
        task = next((t for t in reversed(self.open) if t.done and t.unit), None)
        seconds = 0.0 if task is None else self._clock() - task.began
        return None if task is None or seconds <= 0.05 else (task.done / seconds, task.unit)

    def seconds_left(self) -> float | None:
        """Return how long the rest will take, None as long as nothing supports a number.

        Notes
        -----
        A step takes as long for its weight as the steps of its kind (the name up to the first ``-``) that were made in
        this run; where there is none of its kind, as all of them. Kept steps say nothing about speed.
        """
        spent, weight = self._spent()
        if spent.get("", 0.0) < _ENOUGH_SECONDS or weight.get("", 0.0) <= 0.0:
            return None
        gone = {f.name for f in self.finished}
        left = 0.0
        for name, size in self.planned.items():
            if name in gone:
                continue
            going = bool(self.open) and self.open[0].name == name
            rest = 1.0 - min(self.share_of_step() or 0.0, _MOST_OF_A_STEP) if going else 1.0
            kind = _kind(name) if weight.get(_kind(name), 0.0) > 0.0 else ""
            left += size * rest * spent[kind] / weight[kind]
        return left if self.planned else None

    def _spent(self) -> tuple[dict[str, float], dict[str, float]]:
        """Return seconds and weight by kind of step, and of all under the empty name."""
        made = [(f.name, f.seconds, 1.0) for f in self.finished if f.note != UNCHANGED]
        if self.open and self.share_of_step():
            made.append((self.open[0].name, self._clock() - self.open[0].began, self.share_of_step() or 0.0))
        spent: dict[str, float] = {}
        weight: dict[str, float] = {}
        for name, seconds, share in made:
            if name not in self.planned and self.planned:
                continue
            for key in ("", _kind(name)):
                spent[key] = spent.get(key, 0.0) + seconds
                weight[key] = weight.get(key, 0.0) + self.planned.get(name, 1.0) * share
        return spent, weight

    def summary(self, most: int = 5) -> str:
        """Return one sentence on which steps took how long; empty where there is nothing to say."""
        made = sorted((f for f in self.finished if f.note != UNCHANGED), key=lambda f: -f.seconds)
        if len(self.finished) < 2 or not made:
            return ""
        rest = made[most:]
        shown = ", ".join(f"{f.name} {f.seconds:.1f} s" for f in made[:most])
        others = f", {len(rest)} others {sum(f.seconds for f in rest):.1f} s" if rest else ""
        kept = len(self.finished) - len(made)
        return f"longest steps: {shown}{others}" + (f"; {kept} unchanged" if kept else "")


def _kind(name: str) -> str:
    return name.partition("-")[0]


def shown_time(seconds: float | None) -> str:
    """Return minutes and seconds, such as ``1:05`` or ``1:02:03``; ``-`` for None."""
    if seconds is None:
        return "-"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def shown_amount(task: Task) -> str:
    """Return how much of a task is done, such as ``1.2 of 3.4 MB`` or ``3 of 14 samples``; empty if unknown."""
    if not task.done and not task.total:
        return ""
    if task.unit != "bytes":
        of = f" of {task.total:,.0f}" if task.total else ""
        return f"{task.done:,.0f}{of} {task.unit}".rstrip()
    size, unit = next(((s, u) for s, u in _UNITS if max(task.done, task.total or 0) >= s), (1.0, "bytes"))
    of = f" of {task.total / size:,.1f}" if task.total else ""
    return f"{task.done / size:,.1f}{of} {unit}"


def memory_now() -> str:
    """Return how much memory this process has now, such as ``312 MB``; empty where the system does not say."""
    try:
        pages = int(_MEASURE.read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return ""
    return f"{pages * os.sysconf('SC_PAGE_SIZE') / 1e6:,.0f} MB"


def shown_rate(rate: tuple[float, str] | None) -> str:
    """Return a rate, such as ``12.3 MB/s`` or ``1,200 samples/s``; ``-`` for None."""
    if rate is None:
        return "-"
    value, unit = rate
    if unit != "bytes":
        return f"{value:,.0f} {unit}/s" if value >= 10 else f"{value:.2g} {unit}/s"
    size, name = next(((s, u) for s, u in _UNITS if value >= s), (1.0, "bytes"))
    return f"{value / size:,.1f} {name}/s"
