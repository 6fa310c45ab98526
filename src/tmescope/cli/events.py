"""Events of a command for machines: one JSON object a line on standard output."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from importlib import metadata
from typing import IO, Any

from tmescope.cli.course import Course
from tmescope.foundation.errors import InputError, ManyProblems, StudyFileError, TmescopeError
from tmescope.foundation.progress import UNCHANGED
from tmescope.foundation.result import RunWarning

__all__ = ["EVENTS", "VERSION", "Events", "describe_error"]

VERSION = 1
"""Of the events; a change that a reader must know about makes it larger."""

EVENTS: Mapping[str, Mapping[str, str]] = {
    "started": {
        "format": "always `tmescope.events`",
        "version": f"of the events, {VERSION}",
        "command": "such as `run`",
        "tmescope": "version of tmescope",
    },
    "planned": {"steps": "names of the steps that are to come, in order"},
    "step_started": {"step": "name", "number": "which step it is, from 1", "of": "how many are known by now"},
    "progress": {
        "step": "name of the step that is going on",
        "task": "what it does at this moment",
        "done": "parts that are done",
        "total": "parts that there are, or null",
        "unit": "of the parts, such as `bytes` or `samples`; may be empty",
        "per_second": "parts a second, or null",
        "share": "how much of the whole command is done, 0 to 1, or null",
        "seconds_left": "estimate for the whole command, or null where nothing supports one",
    },
    "step_finished": {"step": "name", "note": "how it ended, such as `done`", "took_seconds": "wall time of the step"},
    "step_kept": {"step": "name of a step that was up to date"},
    "warning": {"code": "stable name of the kind", "where": "cohort or file", "count": "items", "message": "sentence"},
    "finished": {"done": "steps that were made", "kept": "steps that were up to date"},
    "failed": {
        "error": "kind, what, where, expected, next_step (null where there is none); problems: the same of each, "
        "where there are several",
    },
    "stopped": {"reason": "`interrupted`: somebody pressed Ctrl-C; what was finished is kept"},
}
"""Every event with its fields; `event` and `seconds` (since the command began) are in all of them."""

_EVERY_SECONDS = 0.5
_QUOTED = re.compile(r"""(?<!\w)('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")(?!\w)""")
_WITHHELD = "'…'"


class Events:
    """A listener that writes events.

    Parameters
    ----------
    command : str
        What runs.
    course : Course
        Where it stands.
    quiet : bool
        Leave out the events ``progress``.

    Notes
    -----
    Values that messages quote from data may be identifiers of patients: they are written as ``'…'``. The full text of
    an error goes to standard error, as without events. Where the reader goes away, the command goes on.
    """

    def __init__(self, command: str, course: Course, *, quiet: bool = False) -> None:
        self._course = course
        self._quiet = quiet
        self._last = float("-inf")
        self._out: IO[str] | None = sys.stdout
        self._write(
            "started",
            {"format": "tmescope.events", "version": VERSION, "command": command, "tmescope": _release()},
        )

    def plan(self, steps: Mapping[str, float]) -> None:
        """Write which steps are to come."""
        self._course.plan(steps)
        self._write("planned", {"steps": list(steps)})

    def start(self, task: str, total: float | None = None, *, unit: str = "") -> None:
        """Write that a step began; of a task within it, at most that there is progress."""
        if self._course.start(task, total, unit):
            number, of = self._course.position()
            self._write("step_started", {"step": task, "number": number, "of": of})
        else:
            self._progress()

    def advance(self, task: str, parts: float = 1) -> None:
        """Write how far the work is, at most twice a second."""
        self._course.advance(task, parts)
        self._progress()

    def finish(self, task: str, note: str = "") -> None:
        """Write that a step is done or was kept."""
        step = self._course.finish(task, note)
        if step is not None and note == UNCHANGED:
            self._write("step_kept", {"step": task})
        elif step is not None:
            self._write("step_finished", {"step": task, "note": note, "took_seconds": round(step.seconds, 3)})

    def warn(self, warning: RunWarning) -> None:
        """Write a warning without the values that it quotes."""
        fields = {"code": warning.code, "where": warning.where, "count": int(warning.count)}
        self._write("warning", {**fields, "message": _withhold(warning.message)})

    def end(self, error: BaseException | None) -> None:
        """Write how the command ended."""
        if error is None:
            kept = sum(f.note == UNCHANGED for f in self._course.finished)
            self._write("finished", {"done": len(self._course.finished) - kept, "kept": kept})
        elif isinstance(error, KeyboardInterrupt):
            self._write("stopped", {"reason": "interrupted"})
        else:
            self._write("failed", {"error": describe_error(error)})

    def _progress(self) -> None:
        now = self._course.elapsed()
        if self._quiet or not self._course.open or now - self._last < _EVERY_SECONDS:
            return
        self._last = now
        counted = next((t for t in reversed(self._course.open) if t.unit), self._course.open[-1])
        rate, share, left = self._course.rate(), self._course.share(), self._course.seconds_left()
        fields = {
            "step": self._course.open[0].name,
            "task": self._course.open[-1].name,
            "done": counted.done,
            "total": counted.total,
            "unit": counted.unit,
            "per_second": None if rate is None else round(rate[0], 3),
            "share": None if share is None else round(share, 4),
            "seconds_left": None if left is None else round(left, 1),
        }
        self._write("progress", fields)

    def _write(self, event: str, fields: Mapping[str, Any]) -> None:
        if self._out is None:
            return
        record = {"event": event, "seconds": round(self._course.elapsed(), 3), **fields}
        try:
            self._out.write(json.dumps(record, allow_nan=False) + "\n")
            self._out.flush()
        except BrokenPipeError:
            self._out = None
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that nothing is flushed at the end


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return an error as JSON-able fields, without the values that it quotes from data.

    Parameters
    ----------
    error : BaseException
        One of tmescope's, of the operating system, or a defect.
    """
    if isinstance(error, ManyProblems):
        return {**_fields(error), "problems": [describe_error(p) for p in error.problems]}
    if isinstance(error, TmescopeError):
        return _fields(error)
    is_system = isinstance(error, OSError)
    what = (error.strerror or "input or output failed") if isinstance(error, OSError) else "a defect of tmescope"
    where = str(error.filename) if isinstance(error, OSError) and error.filename else None
    kind = type(error).__name__
    step = None if is_system else "report it with the text on standard error"
    return {"kind": kind, "what": what, "where": where, "expected": None, "next_step": step}


def _fields(error: TmescopeError) -> dict[str, Any]:
    texts = {"what": error.what, "where": error.where, "expected": error.expected, "next_step": error.next_step}
    if isinstance(error, InputError) and not isinstance(error, StudyFileError):
        texts = {key: None if text is None else _withhold(text) for key, text in texts.items()}
    return {"kind": type(error).__name__, **texts}


def _withhold(text: str) -> str:
    return _QUOTED.sub(_WITHHELD, text)


def _release() -> str:
    return metadata.version("tmescope")
