"""Warnings of a run as a table."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from tmescope.foundation.result import RunWarning
from tmescope.store.tables import shape_table

__all__ = ["warning_table"]


def warning_table(warnings: Iterable[RunWarning]) -> pd.DataFrame:
    """Return one row per warning, in order; examples are joined by ``; ``."""
    rows = [
        {
            "code": w.code,
            "message": w.message,
            "where": w.where,
            "count": w.count,
            "examples": "; ".join(w.examples),
        }
        for w in warnings
    ]
    return shape_table("warnings", pd.DataFrame(rows, columns=["code", "message", "where", "count", "examples"]))
