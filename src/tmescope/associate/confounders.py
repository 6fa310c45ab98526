"""Stated confounders as columns of numbers, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tmescope.foundation.errors import InputError, examples, listing
from tmescope.stats.designs import check_columns
from tmescope.stats.roc import auc

__all__ = ["Encoded", "encode_confounders", "find_determined"]

_NEARLY = 0.95


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """Columns for a model.

    Parameters
    ----------
    columns : pandas.DataFrame
        Float columns by sample, numeric ones as given, categorical ones as ``name=level`` for all levels but the most
        common; constant and collinear ones are gone.
    notes : tuple of str
        What was left out: empty levels, constant and collinear columns.
    """

    columns: pd.DataFrame
    notes: tuple[str, ...]


def encode_confounders(confounders: pd.DataFrame) -> Encoded:
    """Turn a table of confounders into columns of a design.

    Parameters
    ----------
    confounders : pandas.DataFrame
        Index sample_id, complete; numeric or boolean columns, or text and categories.

    Returns
    -------
    Encoded

    Raises
    ------
    InputError
        If a name occurs twice, a value is missing or infinite, or a text column has a level for nearly every sample.
    """
    names = [str(name) for name in confounders.columns]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InputError(f"{len(twice)} confounders occur twice: {examples(twice)}", where="argument confounders")
    if confounders.isna().to_numpy().any():
        raise InputError("confounders have missing values", expected="samples with all confounders known")
    parts: list[pd.DataFrame] = []
    notes: list[str] = []
    for position, name in enumerate(names):
        part, found = _encode(name, confounders.iloc[:, position])
        parts.append(part)
        notes += found
    columns = pd.concat(parts, axis=1) if parts else pd.DataFrame(index=confounders.index)
    check = check_columns(columns.to_numpy(dtype=np.float64))
    for what, indices in (("constant", check.constant), ("collinear with those before", check.collinear)):
        if indices:
            notes.append(f"{what}, left out: {listing([str(columns.columns[i]) for i in indices], most=3)}")
    return Encoded(columns=columns.iloc[:, list(check.kept)], notes=tuple(notes))


def find_determined(confounders: pd.DataFrame, codes: np.ndarray) -> tuple[str, ...]:
    """Name the confounders that nearly tell the outcome: adjusting for those removes the question.

    Parameters
    ----------
    confounders : pandas.DataFrame
        Complete.
    codes : array, shape (n,)
        Outcome: 0 and 1, or ordered codes.

    Returns
    -------
    tuple of str
        Numeric confounders with an AUC of 0.95 or more (or 0.05 or less) for the upper half of the outcome, and
        categorical ones whose levels tell the outcome of 95% of the samples where guessing does not.
    """
    found = []
    guess = np.unique(codes, return_counts=True)[1].max() / codes.size
    for name in confounders.columns:
        values = confounders[name]
        if _is_numeric(values) and values.nunique() > 2:
            area = auc(values.to_numpy(dtype=np.float64), codes > np.median(codes) - (np.median(codes) == codes.max()))
            told = max(area.auc, 1.0 - area.auc) if area.reason in {"", "perfect_separation"} else 0.0
        else:
            table = pd.crosstab(values.astype("str").to_numpy(), codes)
            told = float(table.max(axis=1).sum()) / codes.size
            told = told if guess < _NEARLY else 0.0
        if told >= _NEARLY:
            found.append(str(name))
    return tuple(found)


def _is_numeric(values: pd.Series[float]) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values.dtype))  # booleans count as numbers


def _encode(name: str, values: pd.Series[str]) -> tuple[pd.DataFrame, Sequence[str]]:
    if _is_numeric(values):  # type: ignore[arg-type]
        numbers = values.astype("float64")
        if np.isinf(numbers.to_numpy()).any():
            raise InputError(f"confounder {name} has infinite values", where="argument confounders")
        return numbers.to_frame(name), ()
    notes = []
    if isinstance(values.dtype, pd.CategoricalDtype):
        empty = sorted(str(level) for level in values.dtype.categories if not (values == level).any())
        if empty:
            notes.append(f"{name}: no sample has {listing(empty, most=3)}")
    text = values.astype("str")
    counts = text.value_counts().sort_index()
    if len(counts) > max(len(text) // 2, 2):
        raise InputError(
            f"confounder {name} has {len(counts)} levels in {len(text)} samples, for example "
            f"{examples(counts.index[:4])}",
            where="argument confounders",
            expected="numbers, or a few levels with several samples each",
            next_step="leave out identifiers, or join rare levels",
        )
    reference = max(counts.index, key=lambda level: (counts[level], level)) if len(counts) else ""
    levels = [level for level in counts.index if level != reference]
    return pd.DataFrame({f"{name}={lv}": (text == lv).astype("float64") for lv in levels}, index=values.index), notes
