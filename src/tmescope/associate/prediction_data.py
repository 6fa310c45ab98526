"""What a prediction is learnt from: predictors chosen beforehand, patients of several cohorts, and their outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from tmescope.foundation.errors import InputError, SampleError, examples

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PredictionData", "Predictor"]


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """One measurement that a model may use, and what it is.

    Parameters
    ----------
    name : str
        Signature, gene, or column of a table.
    source : str
        Scoring method, ``gene`` or ``table``.
    kind : {"numeric", "categorical"}
        Categorical ones become one column a level.
    unit : str
        Of the values.
    sha256 : str
        Of the genes of a signature, so that another definition under the same name is noticed; empty otherwise.
    genes : tuple of str
        Those genes.
    scope : {"sample", "cohort"}
        Whether the value of a patient depends on the other patients of the cohort.
    """

    name: str
    source: str
    kind: Literal["numeric", "categorical"] = "numeric"
    unit: str = ""
    sha256: str = ""
    genes: tuple[str, ...] = ()
    scope: Literal["sample", "cohort"] = "sample"

    @property
    def key(self) -> str:
        """``SOURCE:NAME``, unique in a model."""
        return f"{self.source}:{self.name}"


@dataclass(frozen=True, kw_only=True)
class PredictionData:
    """Patients with a known outcome.

    Parameters
    ----------
    predictors : tuple of Predictor
        In order.
    values : pandas.DataFrame
        One row a patient, one column a predictor, named by its key: numbers, or text of categorical ones. Missing
        values are NaN.
    cohorts, samples, patients : array of str, shape (n,)
        Whose row it is. Two rows of one patient are never put on two sides of a split.
    happened : array of float, shape (n,)
        1 for a responder or an event, else 0.
    time : array of float, shape (n,), or None
        Months; None where the outcome is response.

    Raises
    ------
    InputError
        If lengths or columns do not fit, a value is infinite, or an outcome is neither 0 nor 1.
    SampleError
        If a sample stands in a cohort twice.
    """

    predictors: tuple[Predictor, ...]
    values: pd.DataFrame
    cohorts: NDArray[np.str_]
    samples: NDArray[np.str_]
    patients: NDArray[np.str_]
    happened: NDArray[np.float64]
    time: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        """Refuse what does not fit together."""
        keys = [p.key for p in self.predictors]
        if len(set(keys)) < len(keys) or not keys:
            raise InputError(f"{len(keys)} predictors, some twice or none at all", where="predictors")
        if list(self.values.columns) != keys:
            raise InputError("the columns of values are not the predictors", where="values", expected=examples(keys))
        sizes = {len(self.values), self.cohorts.size, self.samples.size, self.patients.size, self.happened.size}
        if len(sizes) > 1 or (self.time is not None and self.time.size not in sizes):
            raise InputError("the parts differ in length", expected="one row a patient in each")
        if not np.isin(self.happened, (0.0, 1.0)).all():
            raise InputError("an outcome is neither 0 nor 1", where="happened", expected="patients with a known one")
        if self.time is not None and not (np.isfinite(self.time) & (self.time >= 0.0)).all():
            raise InputError("a time is missing or negative", where="time", expected="months, zero or more")
        numeric = self.values[[p.key for p in self.predictors if p.kind == "numeric"]].to_numpy(dtype=np.float64)
        if np.isinf(numeric).any():
            raise InputError("a value is infinite", where="values", expected="numbers, NaN where one is missing")
        places = pd.MultiIndex.from_arrays([self.cohorts, self.samples])
        if twice := list(places[places.duplicated()]):
            told = examples(f"{c}: {s}" for c, s in twice[:4])
            raise SampleError(f"{len(twice)} samples stand in a cohort twice: {told}", expected="one row a sample")

    @property
    def n(self) -> int:
        """How many patients."""
        return int(self.happened.size)

    @property
    def is_survival(self) -> bool:
        """Whether the outcome is a time to event."""
        return self.time is not None

    @property
    def cohort_ids(self) -> tuple[str, ...]:
        """Cohorts in the order in which they come."""
        return tuple(dict.fromkeys(str(c) for c in self.cohorts))

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> PredictionData:
        """Return some of the patients; a patient may be drawn more than once.

        Parameters
        ----------
        rows : array
            Mask, or positions.
        """
        at = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        drawn = object.__new__(PredictionData)
        parts = {
            "predictors": self.predictors,
            "values": self.values.iloc[at].reset_index(drop=True),
            "cohorts": self.cohorts[at],
            "samples": self.samples[at],
            "patients": self.patients[at],
            "happened": self.happened[at],
            "time": None if self.time is None else self.time[at],
        }
        for name, part in parts.items():
            object.__setattr__(drawn, name, part)
        return drawn

    def choose(self, predictors: Sequence[Predictor]) -> PredictionData:
        """Return the same patients with some of the predictors.

        Parameters
        ----------
        predictors : sequence of Predictor
            Some of those that there are.
        """
        return replace(self, predictors=tuple(predictors), values=self.values[[p.key for p in predictors]])

    def complete(self) -> NDArray[np.bool_]:
        """Return which patients have every predictor."""
        return np.asarray(self.values.notna().all(axis=1).to_numpy(), dtype=bool)

    def standardised(self) -> PredictionData:
        """Return numeric predictors in standard deviations around the mean of the patient's own cohort.

        A predictor that does not vary in a cohort becomes 0 there.
        """
        values = self.values.copy()
        for predictor in self.predictors:
            if predictor.kind == "numeric":
                values[predictor.key] = standardise_within(values[predictor.key], self.cohorts)
        return replace(self, values=values)


def standardise_within(values: pd.Series[float], cohorts: NDArray[np.str_]) -> pd.Series[float]:
    """Return values in standard deviations around the mean of the own cohort.

    Parameters
    ----------
    values : pandas.Series
        One a patient; NaN is missing and stays so.
    cohorts : array of str
        Of each patient.
    """
    groups = values.astype("float64").groupby(cohorts)
    spread = groups.transform("std")
    moved = values - groups.transform("mean")
    return (moved / spread.where(spread > 0.0)).where((spread > 0.0) | values.isna(), 0.0)
