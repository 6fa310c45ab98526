"""What every matrix reader hands over: numbers with the names of both axes, exactly as in the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tmescope.foundation.errors import ExpressionError, FileFormatError, examples
from tmescope.ingest.number_styles import PLAIN, NumberStyle
from tmescope.ingest.options import Orientation

if TYPE_CHECKING:  # processes that only read a file start in a third of the time without them
    import pandas as pd

__all__ = ["Note", "RawMatrix", "check_sparse", "refuse_inexact", "refuse_text_columns"]

_EXACT = 2**53


@dataclass(frozen=True)
class Note:
    """What a reader did that is not plain from the file: which column named the genes, which dialect it found.

    Parameters
    ----------
    code : str
        Stable short name of the warning, ``topic.what``; empty where a row of the quality table is enough.
    check : str
        What was looked at, for the quality table.
    value : str
        What was found.
    evidence : str
        One sentence.
    """

    code: str
    check: str
    value: str
    evidence: str


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
        The sample table inside the file, all text.
    natural : {'genes_by_samples', 'samples_by_genes'}
        What the format's rows are where nothing is declared; `obs` describes the samples of that orientation.
    notes : tuple of Note
        What a person must be told about the reading.
    style : NumberStyle
        How `obs` writes numbers.
    """

    by_column: NDArray[np.float64]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    obs: pd.DataFrame | None = None
    natural: Orientation = "genes_by_samples"
    notes: tuple[Note, ...] = ()
    style: NumberStyle = PLAIN


def refuse_inexact(values: NDArray[Any], where: str) -> None:
    """Raise the error for numbers that a double does not hold: whole ones beyond 2^53, and wider kinds of numbers.

    Parameters
    ----------
    values : array
        As stored.
    where : str
        The file, and the column where there is one.

    Raises
    ------
    ExpressionError
        If there are any.
    """
    if values.dtype.kind == "f" and values.dtype.itemsize > 8:
        raise ExpressionError(
            f"the numbers are of the type {values.dtype}",
            where=where,
            expected="numbers of 64 bits at most",
            next_step="write the matrix as float64 or float32",
        )
    if values.dtype.kind not in "iu" or values.dtype.itemsize < 8:
        return
    odd = values[(values > _EXACT) | (values < -_EXACT)] if values.dtype.kind == "i" else values[values > _EXACT]
    if odd.size:
        raise ExpressionError(
            f"{odd.size} whole numbers are beyond 2^53: {examples(odd.ravel()[:4].tolist())}",
            where=where,
            expected="numbers that a double holds exactly",
            next_step="look for identifiers among the numbers, or for counts that ran over",
        )


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


def check_sparse(values: Any, where: str) -> None:
    """Check that the positions of a sparse matrix lie inside it: scipy writes wherever they say.

    Parameters
    ----------
    values : numpy.ndarray or scipy.sparse.spmatrix
        As read; dense ones pass.
    where : str
        The file, for messages.

    Raises
    ------
    FileFormatError
        If pointers decrease or point outside, or indices lie outside.
    """
    from scipy import sparse

    if not sparse.issparse(values):
        return
    try:
        values.check_format(full_check=True)
    except ValueError as error:
        raise FileFormatError(
            f"the sparse matrix contradicts itself ({error})",
            where=where,
            expected="positions inside the matrix",
            next_step="write the file again with anndata",
        ) from error
