"""Tests that every scoring method must pass, for those who write one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope.testing.contract import CHECKS, check_method

__all__ = ["CHECKS", "check_method"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from tmescope.testing import contract

        return getattr(contract, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
