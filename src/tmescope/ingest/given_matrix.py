"""A matrix that is no file: what something else made of a source, such as sums over the cells of an atlas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tmescope.ingest.expression import ExpressionTable

__all__ = ["GivenMatrix"]


@dataclass(frozen=True)
class GivenMatrix:
    """Where a matrix comes from, and how to get it.

    Parameters
    ----------
    path : Path
        Its source, for messages.
    read : callable
        Returns the matrix, or raises the problem with its source.
    """

    path: Path
    read: Callable[[], ExpressionTable]

    def __str__(self) -> str:
        """Return the source."""
        return str(self.path)
