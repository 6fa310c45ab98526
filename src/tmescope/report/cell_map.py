"""Where the cells of an atlas lie in an embedding, as a report wants it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MOST_DOTS", "CellMap"]

MOST_DOTS = 50_000
"""Cells up to which each is a dot; more are counted in bins."""


@dataclass(frozen=True)
class CellMap:
    """Cells of one cohort in an embedding.

    Parameters
    ----------
    cohort_id : str
        Of the cohort.
    embedding : str
        UMAP or PCA; empty where the atlas has neither.
    labels : str
        Column of the labels; empty where the study names none.
    cells : pandas.DataFrame
        x, y, sample_id, label (missing: none), n_cells: a row a cell, or one for each bin, sample and label.
    bins : int
        Bins of each axis; 0 where each row is a cell.
    absent : tuple of str
        Commands that make what the atlas lacks.
    """

    cohort_id: str
    embedding: str
    labels: str
    cells: pd.DataFrame
    bins: int = 0
    absent: tuple[str, ...] = ()
