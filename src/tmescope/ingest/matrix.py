"""What every matrix reader hands over: numbers with the names of both axes, exactly as in the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tmescope.foundation.errors import ExpressionError, FileFormatError, examples

__all__ = ["RawMatrix", "refuse_text_columns"]


@dataclass(frozen=True)
class RawMatrix:
    """A matrix as read, before anybody decided what its rows are.

    Parameters
    ----------
    by_column : array of float64, shape (columns of the file, rows of the file)
        One row here is one column of the file; missing cells are NaN.
    rows : tuple of str
        Names of the file's rows.
    columns : tuple of str
        Names of the file's columns, without the one that holds the row names.
    obs : pandas.DataFrame, optional
        The sample table inside an h5ad file, all text.
    """

    by_column: NDArray[np.float64]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    obs: pd.DataFrame | None = None


def refuse_text_columns(names: Sequence[str], kinds: Sequence[str], where: str) -> None:
    """Raise the error for columns that are neither row names nor numbers.

    Parameters
    ----------
    names, kinds : sequence of str
        The columns and what they hold.
    where : str
        The file.

    Raises
    ------
    FileFormatError
        If a column is nested.
    ExpressionError
        If a column is text, dates, booleans and so on.
    """
    if not names:
        return
    shown = examples([f"{n} ({k})" for n, k in zip(names, kinds, strict=True)])
    nested = any(word in kind for kind in kinds for word in ("list", "struct", "map", "union"))
    error = FileFormatError if nested else ExpressionError
    raise error(
        f"{len(names)} columns hold no numbers: {shown}",
        where=where,
        expected="one column of names, and numbers in all others",
        next_step="remove those columns; what is known about samples belongs into the sample table",
    )
