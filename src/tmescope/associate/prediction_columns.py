"""From predictors to the columns of a model: what is imputed, coded and scaled, learnt from the training patients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.associate.prediction_data import PredictionData, Predictor

__all__ = ["Column", "Missing", "Preparation", "Prepared", "learn_preparation"]

Missing = Literal["median", "complete"]
"""``median``: of the training patients, with a column that says that it was missing; ``complete``: patients without a
value are left out of training and get no prediction."""

_FEWEST_OF_LEVEL = 3


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a model and how it is made of a predictor.

    Parameters
    ----------
    predictor : str
        Key of the predictor.
    name : str
        Such as ``tis18``, ``braf=V600E`` or ``tmb is missing``.
    kind : {"value", "level", "missing"}
        The number itself, 1 where the patient has a level, or 1 where the value is missing.
    level : str
        The level; empty otherwise.
    fill : float
        What stands for a missing number; NaN where a missing one means no prediction.
    centre, spread : float
        Mean and standard deviation (n - 1) of the training patients after filling: the column enters as
        ``(x - centre) / spread``.
    low, high : float
        Least and greatest number of the training patients; NaN for levels.
    """

    predictor: str
    name: str
    kind: Literal["value", "level", "missing"]
    level: str = ""
    fill: float = float("nan")
    centre: float = 0.0
    spread: float = 1.0
    low: float = float("nan")
    high: float = float("nan")

    def entries(self, values: pd.Series) -> NDArray[np.float64]:
        """Return the column of some patients, not yet scaled.

        Parameters
        ----------
        values : pandas.Series
            Of the predictor.
        """
        if self.kind == "missing":
            return np.asarray(values.isna().to_numpy(dtype=np.float64))
        if self.kind == "level":
            return np.asarray((values.astype(object) == self.level).to_numpy(dtype=np.float64))
        numbers = values.to_numpy(dtype=np.float64)
        return np.where(np.isnan(numbers), self.fill, numbers)


@dataclass(frozen=True)
class Prepared:
    """Patients as a model wants them.

    Parameters
    ----------
    matrix : array of float, shape (n, p)
        Centred and scaled; rows of patients without a prediction are NaN.
    reasons : tuple of str, length n
        Why there is no prediction; empty where there is one.
    filled, outside : tuple of str, length n
        Names of the predictors whose missing value was filled, and of those beyond the range of the training patients.
    """

    matrix: NDArray[np.float64]
    reasons: tuple[str, ...]
    filled: tuple[str, ...]
    outside: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """Everything that is done to a patient's values before they enter a model.

    Parameters
    ----------
    predictors : tuple of Predictor
        Those of the model.
    columns : tuple of Column
        In the order of the coefficients.
    levels : mapping of str to tuple of str
        Key of each categorical predictor to the levels that the training patients had.
    missing : {"median", "complete"}
        What is done about missing values.
    """

    predictors: tuple[Predictor, ...]
    columns: tuple[Column, ...]
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    missing: Missing = "median"

    def matrix(self, values: pd.DataFrame) -> NDArray[np.float64]:
        """Return the columns of patients, centred and scaled.

        Parameters
        ----------
        values : pandas.DataFrame
            One row a patient, one column a predictor.
        """
        parts = [(c.entries(values[c.predictor]) - c.centre) / c.spread for c in self.columns]
        return np.column_stack(parts) if parts else np.zeros((len(values), 0))

    def apply(self, values: pd.DataFrame) -> Prepared:
        """Return the columns of patients, and who has none and why; each patient is looked at by itself.

        Parameters
        ----------
        values : pandas.DataFrame
            One row a patient, one column a predictor.
        """
        told: list[list[list[str]]] = [[[] for _ in range(len(values))] for _ in range(3)]
        used = {c.predictor for c in self.columns}
        for predictor in self.predictors:
            if predictor.key not in used:
                continue  # it did not vary in the training patients: nothing hangs on it
            series = values[predictor.key]
            for kind, rows, words in self._found(predictor, series):
                for i in rows:
                    told[kind][i].append(words)
        reasons = tuple("; ".join(t) for t in told[0])
        matrix = self.matrix(values)
        matrix[[bool(r) for r in reasons]] = np.nan
        return Prepared(matrix, reasons, tuple(", ".join(t) for t in told[1]), tuple(", ".join(t) for t in told[2]))

    def _found(self, predictor: Predictor, values: pd.Series) -> Iterator[tuple[int, NDArray[np.int64], str]]:
        """Yield what is to be told of a predictor: 0 no prediction, 1 filled, 2 beyond the training range."""
        absent = values.isna().to_numpy(dtype=bool)
        if self.missing == "complete":
            yield 0, np.flatnonzero(absent), f"no value of {predictor.name}"
        else:
            yield 1, np.flatnonzero(absent), predictor.name
        if predictor.kind == "categorical":
            strange = ~absent & ~values.astype(object).isin(self.levels.get(predictor.key, ())).to_numpy(dtype=bool)
            yield 0, np.flatnonzero(strange), f"{predictor.name} has a level that no training patient had"
            return
        numbers = values.to_numpy(dtype=np.float64)
        for column in self.columns:
            if column.predictor == predictor.key and column.kind == "value":
                slack = 1e-9 * max(1.0, abs(column.low), abs(column.high))
                beyond = (numbers < column.low - slack) | (numbers > column.high + slack)
                yield 2, np.flatnonzero(beyond), predictor.name


def learn_preparation(data: PredictionData, *, missing: Missing) -> Preparation:
    """Decide from the training patients alone how predictors become columns.

    Parameters
    ----------
    data : PredictionData
        Training patients; under ``complete`` those that have every predictor.
    missing : {"median", "complete"}
        What is done about missing values.

    Returns
    -------
    Preparation
        A predictor that does not vary in these patients gives no column, and values that are missing in the same
        patients share the column that says so; three at least must lack it, and no cohort wholly, or the column would
        say which cohort a patient is of. Of a categorical predictor the most common
        level is the one that others are compared with, and levels of fewer than three patients count as it.
    """
    raw = [c for p in data.predictors for c in _of_predictor(p, data.values[p.key], missing=missing)]
    columns = []
    absent: set[bytes] = set()
    for column in raw:
        entries = column.entries(data.values[column.predictor])
        if column.kind == "missing":
            if _names_cohorts(entries, data.cohorts):
                continue
            if entries.tobytes() in absent:
                continue  # missing together, as a column that stands here already says
            absent.add(entries.tobytes())
        spread = float(entries.std(ddof=1)) if entries.size > 1 else 0.0
        if spread > 1e-12 * max(1.0, float(np.abs(entries).max(initial=0.0))):
            columns.append(replace(column, centre=float(entries.mean()), spread=spread))
    levels = {
        p.key: tuple(sorted(data.values[p.key].dropna().astype(str).unique()))
        for p in data.predictors
        if p.kind == "categorical"
    }
    return Preparation(predictors=data.predictors, columns=tuple(columns), levels=levels, missing=missing)


def _names_cohorts(entries: NDArray[np.float64], cohorts: NDArray[np.str_]) -> bool:
    """Return whether one of several cohorts is wholly without a value."""
    names = np.unique(cohorts)
    return names.size > 1 and any(bool(entries[cohorts == name].all()) for name in names)


def _of_predictor(predictor: Predictor, values: pd.Series, *, missing: Missing) -> Iterator[Column]:
    known = values.dropna()
    if not len(known):
        return
    if predictor.kind == "numeric":
        numbers = known.to_numpy(dtype=np.float64)
        fill = float(np.median(numbers)) if missing == "median" else float("nan")
        low, high = float(numbers.min()), float(numbers.max())
        yield Column(predictor=predictor.key, name=predictor.name, kind="value", fill=fill, low=low, high=high)
    else:
        counts = known.astype(str).value_counts()
        ranked = sorted(counts.index, key=lambda level: (-int(counts[level]), level))
        for level in sorted(v for v in ranked[1:] if counts[v] >= _FEWEST_OF_LEVEL):
            name = f"{predictor.name}={level}"
            yield Column(predictor=predictor.key, name=name, kind="level", level=level)
    if missing == "median" and len(values) - len(known) >= _FEWEST_OF_LEVEL:
        yield Column(predictor=predictor.key, name=f"{predictor.name} is missing", kind="missing")
