"""Covariates that an association is adjusted for: numbers as they are, categories as levels, nothing dropped unsaid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tmescope.foundation.errors import SampleError, examples
from tmescope.foundation.result import RunWarning

__all__ = ["EncodedCovariates", "encode_covariates"]

_MAX_LEVELS = 20


@dataclass(frozen=True)
class EncodedCovariates:
    """Covariates as columns of numbers.

    Parameters
    ----------
    matrix : pandas.DataFrame
        Index sample_id; float columns, NaN where missing. Numbers keep their unit and name; a category has one column
        ``name=level`` for each level but the most common one.
    names : tuple of str
        Covariates that are in it, in order.
    warnings : tuple of RunWarning
        Covariates that were left out and why, levels without samples, rare levels.
    """

    matrix: pd.DataFrame
    names: tuple[str, ...]
    warnings: tuple[RunWarning, ...]

    @property
    def adjusted_for(self) -> str:
        """Return the words for the column of that name; empty where there are none."""
        return "; ".join(self.names)


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
    table = covariates.reindex(sample_ids)
    parts: list[pd.DataFrame] = []
    names: list[str] = []
    warnings: list[RunWarning] = []
    for name in table.columns:
        part, found = _encode(table[name], str(name), where=where)
        warnings += found
        if part.shape[1]:
            parts.append(part)
            names.append(str(name))
    matrix = pd.concat(parts, axis=1) if parts else pd.DataFrame(index=sample_ids)
    return EncodedCovariates(matrix, tuple(names), tuple(warnings))


def _encode(values: pd.Series, name: str, *, where: str) -> tuple[pd.DataFrame, list[RunWarning]]:
    nothing = pd.DataFrame(index=values.index)
    if values.dropna().nunique() < 2:
        message = f"covariate {name} has one value or none: nothing is adjusted for it"
        return nothing, [RunWarning("covariates.constant", message, where)]
    if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dropna().infer_objects().dtype):
        return pd.DataFrame({name: values.astype("float64")}), []
    counts = values.dropna().astype(str).value_counts()
    if len(counts) > _MAX_LEVELS:
        message = f"covariate {name} has {len(counts)} levels (more than {_MAX_LEVELS}): it was left out"
        return nothing, [RunWarning("covariates.many_levels", message, where, len(counts), tuple(counts.index[:3]))]
    warnings = []
    if isinstance(values.dtype, pd.CategoricalDtype):
        empty = [str(level) for level in values.cat.categories if str(level) not in counts.index]
        if empty:
            message = f"covariate {name} has {len(empty)} levels without samples: they are left out"
            warnings.append(RunWarning("covariates.empty_level", message, where, len(empty), tuple(empty[:3])))
    reference = min(counts.index, key=lambda level: (-counts[level], level))
    text = values.astype("object").map(str, na_action="ignore")
    columns = {
        f"{name}={level}": (text == level).astype("float64").mask(values.isna())
        for level in sorted(counts.index)
        if level != reference
    }
    return pd.DataFrame(columns, index=values.index).astype(np.float64), warnings
