"""How long work tells its caller how far it is; silent unless somebody listens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

__all__ = ["SILENT", "UNCHANGED", "Progress", "SilentProgress", "heard_by", "listener"]

UNCHANGED = "unchanged"
"""The note of a step that was kept from an earlier run."""


class Progress(Protocol):
    """Listener that long work reports to; the command line passes one that draws bars.

    Notes
    -----
    A task that starts while another is open is a part of that one. No name of a task and no note holds anything about
    a patient: they are shown, and written to logs.
    """

    def plan(self, steps: Mapping[str, float]) -> None:
        """Say which steps are to come, in order, with how long each takes compared with the others."""

    def start(self, task: str, total: float | None = None, *, unit: str = "") -> None:
        """Begin a task.

        Parameters
        ----------
        task : str
            Its name, which nothing else that is open has.
        total : float, optional
            How many parts it has.
        unit : str
            Of the parts, such as ``bytes`` or ``samples``.
        """

    def advance(self, task: str, parts: float = 1) -> None:
        """Say that `parts` more of `task` are done."""

    def finish(self, task: str, note: str = "") -> None:
        """Say that `task` is done, with a short note such as ``unchanged``."""


class SilentProgress:
    """A listener that does nothing."""

    def plan(self, steps: Mapping[str, float]) -> None:
        """Do nothing."""

    def start(self, task: str, total: float | None = None, *, unit: str = "") -> None:
        """Do nothing.

        Parameters
        ----------
        task : str
            Its name, which nothing else that is open has.
        total : float, optional
            How many parts it has.
        unit : str
            Of the parts, such as ``bytes`` or ``samples``.
        """

    def advance(self, task: str, parts: float = 1) -> None:
        """Do nothing."""

    def finish(self, task: str, note: str = "") -> None:
        """Do nothing."""


SILENT: Progress = SilentProgress()
"""The default listener of every function that takes one."""

_LISTENER: ContextVar[Progress] = ContextVar("listener", default=SILENT)


@contextmanager
def heard_by(progress: Progress) -> Iterator[None]:
    """Let a listener hear loops that nobody passes one to, as those within a method that a third party wrote.

    Parameters
    ----------
    progress : Progress
        Hears what is called in this context; threads that are started there hear nothing.
    """
    token = _LISTENER.set(progress)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def listener() -> Progress:
    """Return the listener of this context, `SILENT` where there is none."""
    return _LISTENER.get()
