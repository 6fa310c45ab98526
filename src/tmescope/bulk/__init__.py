"""What one bulk tumour looks like: signature scores and cell-population estimates."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve, list_deconvolvers
    from tmescope.bulk.frozen import FrozenScore, apply_scores, fit_scores
    from tmescope.bulk.frozen_files import read_model, write_model
    from tmescope.bulk.leading import leading_edge
    from tmescope.bulk.scoring import ScoreOptions, list_methods, score
    from tmescope.bulk.streaming import StoredScores, StreamOptions, score_store

__all__ = [
    "DeconvolveOptions",
    "FrozenScore",
    "ScoreOptions",
    "StoredScores",
    "StreamOptions",
    "apply_scores",
    "deconvolve",
    "fit_scores",
    "leading_edge",
    "list_deconvolvers",
    "list_methods",
    "read_model",
    "score",
    "score_store",
    "write_model",
]

_HOMES = {
    "DeconvolveOptions": "deconvolution",
    "deconvolve": "deconvolution",
    "list_deconvolvers": "deconvolution",
    "StoredScores": "streaming",
    "StreamOptions": "streaming",
    "score_store": "streaming",
    "FrozenScore": "frozen",
    "apply_scores": "frozen",
    "fit_scores": "frozen",
    "leading_edge": "leading",
    "read_model": "frozen_files",
    "write_model": "frozen_files",
}


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(import_module(f"tmescope.bulk.{_HOMES.get(name, 'scoring')}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
