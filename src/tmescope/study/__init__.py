"""A study from its file to its report: plan, check, run, resume."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope.study.checking import check
    from tmescope.study.loading import load_study
    from tmescope.study.outcomes import RunOutcome
    from tmescope.study.running import run
    from tmescope.study.schema import Study

__all__ = ["RunOutcome", "Study", "check", "load_study", "run"]

_HOMES = {
    "check": "checking",
    "load_study": "loading",
    "run": "running",
    "RunOutcome": "outcomes",
    "Study": "schema",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"tmescope.study.{_HOMES[name]}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
