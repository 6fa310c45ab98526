"""Questions about cohorts: which features of the tumour go with response, and which with survival."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope.associate.adjusted_response import associate_adjusted_response
    from tmescope.associate.families import adjust_families
    from tmescope.associate.features import Feature, collect_features
    from tmescope.associate.response import associate_response
    from tmescope.associate.survival import associate_survival

__all__ = [
    "Feature",
    "adjust_families",
    "associate_adjusted_response",
    "associate_response",
    "associate_survival",
    "collect_features",
]

_HOMES = {
    "Feature": "features",
    "adjust_families": "families",
    "associate_adjusted_response": "adjusted_response",
    "associate_response": "response",
    "associate_survival": "survival",
    "collect_features": "features",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"tmescope.associate.{_HOMES[name]}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
