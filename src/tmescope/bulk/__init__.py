"""What one bulk tumour looks like: signature scores and cell-population estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope.bulk.scoring import ScoreOptions, list_methods, score

__all__ = ["ScoreOptions", "list_methods", "score"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from tmescope.bulk import scoring

        return getattr(scoring, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
