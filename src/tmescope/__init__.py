"""Tumour-microenvironment studies: from expression matrices and clinical tables to answers and one report."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope import bulk
    from tmescope.foundation.errors import TmescopeError
    from tmescope.foundation.result import Result
    from tmescope.ingest.reading import read_cohort
    from tmescope.store.attach import attach
    from tmescope.study.loading import load_study
    from tmescope.study.running import run
    from tmescope.study.schema import Study

__all__ = ["Result", "Study", "TmescopeError", "attach", "bulk", "load_study", "read_cohort", "run"]

_HOMES = {
    "Result": "foundation.result",
    "Study": "study.schema",
    "TmescopeError": "foundation.errors",
    "attach": "store.attach",
    "load_study": "study.loading",
    "read_cohort": "ingest.reading",
    "run": "study.running",
}


def __getattr__(name: str) -> object:
    if name == "bulk":
        return import_module("tmescope.bulk")
    if name == "__version__":
        from importlib.metadata import version

        return version("tmescope")
    if name in _HOMES:
        return getattr(import_module(f"tmescope.{_HOMES[name]}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
