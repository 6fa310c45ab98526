"""Covariates that an association is adjusted for: numbers as they are, categories as levels, nothing dropped unsaid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tmescope.foundation.errors import InputError, SampleError, examples, listing
from tmescope.foundation.result import RunWarning
from tmescope.stats.designs import check_columns
from tmescope.stats.roc import auc

__all__ = ["EncodedCovariates", "encode_covariates", "find_determined"]

_MAX_LEVELS = 20
_NEARLY = 0.95


@dataclass(frozen=True)
class EncodedCovariates:
    """Covariates as columns of numbers.

    Parameters
    ----------
    matrix : pandas.DataFrame
        Index sample_id; float columns, NaN where missing. Numbers keep their unit and name; a category has one column
        ``name=level`` for each level but the most common one. Constant and collinear columns are gone.
    names : tuple of str
        Covariates that are in it, in order.
    warnings : tuple of RunWarning
        Covariates and columns that were left out and why, levels without samples.
    stated : tuple of str
        Covariates that the answers are adjusted for, in order: those in the matrix, and those that need no column: one
        value among these samples, or no more to say than others. Identifiers, and what nobody has, are not among them.
    known : pandas.Series, optional
        Index sample_id; whether every stated covariate is known, those without a column too.
    """

    matrix: pd.DataFrame
    names: tuple[str, ...]
    warnings: tuple[RunWarning, ...]
    stated: tuple[str, ...] = ()
    known: pd.Series[bool] | None = None

    @property
    def complete(self) -> pd.Series[bool]:
        """Return which samples have every covariate that the answers are adjusted for."""
        filled = self.matrix.notna().all(axis=1)
        return filled if self.known is None else filled & self.known

    @property
    def adjusted_for(self) -> str:
        """Return the words for the column of that name; empty where there are none."""
        return ", ".join(self.stated)

    @property
    def checks(self) -> str:
        """Return what to say of covariates that are adjusted for without a column; empty where there are none."""
        silent = [name for name in self.stated if name not in self.names]
        told = f"{listing(silent, most=3)}: one value here or no more to say than the others, so nothing to adjust for"
        return told if silent else ""

    @property
    def n_incomplete(self) -> int:
        """Return how many samples have a missing covariate."""
        return int((~self.complete).sum())


def encode_covariates(covariates: pd.DataFrame | None, *, sample_ids: pd.Index[str], where: str) -> EncodedCovariates:
    """Turn numeric and categorical covariates into columns for a model.

    Parameters
    ----------
    covariates : pandas.DataFrame or None
        Index sample_id (once each); numbers, booleans, or categories as text.
    sample_ids : pandas.Index
        Samples of the question, in order; samples without a row have missing values.
    where : str
        Cohort and endpoint, for the warnings.

    Returns
    -------
    EncodedCovariates

    Raises
    ------
    SampleError
        If a sample has two rows.
    InputError
        If a name occurs twice, or a number is infinite.

    Notes
    -----
    A text column with more than 20 levels, or with more levels than half of its samples (at least 3), is an identifier:
    it is left out with a warning. Constant and collinear columns are told by the samples without a missing value. A
    covariate with one value needs no column: among patients who are alike in it, answers are adjusted for it already,
    and stand under the same name as those of other cohorts.
    """
    if covariates is None or covariates.shape[1] == 0:
        return EncodedCovariates(pd.DataFrame(index=sample_ids), (), ())
    twice = covariates.index[covariates.index.duplicated()]
    if len(twice):
        raise SampleError(
            f"{len(twice)} samples have two rows of covariates, for example {examples(str(v) for v in twice[:4])}",
            where="argument covariates",
            expected="one row a sample",
        )
    titles = [str(name) for name in covariates.columns]
    doubled = sorted({name for name in titles if titles.count(name) > 1})
    if doubled:
        raise InputError(
            f"{len(doubled)} covariates occur twice: {examples(doubled[:4])}",
            where="argument covariates",
            expected="each name once",
        )
    table = covariates.reindex(sample_ids)
    parts: dict[str, pd.DataFrame] = {}
    warnings: list[RunWarning] = []
    for position, name in enumerate(titles):
        parts[name], found = _encode(table.iloc[:, position], name, where=where)
        warnings += found
    flat = {name for position, name in enumerate(titles) if table.iloc[:, position].nunique() == 1}
    kept, found = _without_collinear(pd.concat(parts.values(), axis=1), where=where)
    names = tuple(name for name, part in parts.items() if part.columns.isin(kept.columns).any())
    stated = tuple(name for name, part in parts.items() if part.shape[1] or name in flat)
    known = table.loc[:, [name in stated for name in titles]].notna().all(axis=1)
    return EncodedCovariates(kept, names, (*warnings, *found), stated, known)


def find_determined(covariates: pd.DataFrame, codes: np.ndarray) -> tuple[str, ...]:
    """Name the covariates that nearly tell the outcome: adjusting for those removes the question.

    Parameters
    ----------
    covariates : pandas.DataFrame
        Complete.
    codes : array, shape (n,)
        Outcome: 0 and 1, or ordered codes.

    Returns
    -------
    tuple of str
        Numeric covariates with an AUC of 0.95 or more (or 0.05 or less) for the upper half of the outcome, and
        categorical ones whose levels tell the outcome of 95% of the samples where guessing does not.
    """
    found = []
    guess = np.unique(codes, return_counts=True)[1].max() / codes.size
    for name in covariates.columns:
        values = covariates[name]
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


def _without_collinear(matrix: pd.DataFrame, *, where: str) -> tuple[pd.DataFrame, list[RunWarning]]:
    complete = matrix.dropna()
    if len(complete) <= matrix.shape[1]:  # more columns than samples: which to drop is no fact, the model says so
        return matrix, []
    check = check_columns(complete.to_numpy(dtype=np.float64))
    warnings = []
    for code, indices, what in (
        ("covariates.constant", check.constant, "one value"),
        ("covariates.collinear", check.collinear, "no more to say than those before"),
    ):
        lost = tuple(str(matrix.columns[i]) for i in indices)
        if lost:
            message = f"{len(lost)} columns of covariates have {what} among complete samples, and were left out: "
            warnings.append(RunWarning(code, message + listing(lost, most=3), where, len(lost), lost[:3]))
    return matrix.iloc[:, list(check.kept)], warnings


def _is_numeric(values: pd.Series) -> bool:
    return bool(
        pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dropna().infer_objects().dtype)
    )


def _encode(values: pd.Series, name: str, *, where: str) -> tuple[pd.DataFrame, list[RunWarning]]:
    nothing = pd.DataFrame(index=values.index)
    if values.dropna().nunique() < 2:
        message = f"covariate {name} has one value or none: nothing is adjusted for it"
        return nothing, [RunWarning("covariates.constant", message, where)]
    if _is_numeric(values):
        numbers = values.astype("float64")
        if np.isinf(numbers.to_numpy()).any():
            raise InputError(f"covariate {name} has infinite values", where="argument covariates", expected="numbers")
        return pd.DataFrame({name: numbers}), []
    counts = values.dropna().astype(str).value_counts()
    n_known = int(counts.sum())
    if len(counts) > min(_MAX_LEVELS, max(n_known // 2, 3)):
        message = f"covariate {name} has {len(counts)} levels in {n_known} samples: it was left out"
        return nothing, [RunWarning("covariates.many_levels", message, where, len(counts), tuple(counts.index[:3]))]
    warnings = []
    if isinstance(values.dtype, pd.CategoricalDtype):
        empty = [str(level) for level in values.cat.categories if str(level) not in counts.index]
        if empty:
            message = f"covariate {name}: no sample has {listing(empty, most=3)}"
            warnings.append(RunWarning("covariates.empty_level", message, where, len(empty), tuple(empty[:3])))
    reference = min(counts.index, key=lambda level: (-counts[level], level))
    text = values.astype("object").map(str, na_action="ignore")
    columns = {
        f"{name}={level}": (text == level).astype("float64").mask(values.isna())
        for level in sorted(counts.index)
        if level != reference
    }
    return pd.DataFrame(columns, index=values.index).astype(np.float64), warnings
