"""How long work tells its caller how far it is; silent unless somebody listens."""

from __future__ import annotations

from typing import Protocol

__all__ = ["SILENT", "Progress", "SilentProgress"]


class Progress(Protocol):
    """Listener that long work reports to; the command line passes one that draws bars."""

    def start(self, task: str, total: int | None = None) -> None:
        """Begin `task`, which has `total` parts (None where that is not known)."""

    def advance(self, task: str, parts: int = 1) -> None:
        """Say that `parts` more of `task` are done."""

    def finish(self, task: str, note: str = "") -> None:
        """Say that `task` is done, with a short note such as ``unchanged``."""


class SilentProgress:
    """A listener that does nothing."""

    def start(self, task: str, total: int | None = None) -> None:
        """Do nothing."""

    def advance(self, task: str, parts: int = 1) -> None:
        """Do nothing."""

    def finish(self, task: str, note: str = "") -> None:
        """Do nothing."""


SILENT: Progress = SilentProgress()
"""The default listener of every function that takes one."""
