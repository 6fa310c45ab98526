"""A model that leaves the study that made it: what is needed to predict a new patient, and no patient of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from tmescope.associate.prediction_data import standardise_within
from tmescope.associate.prediction_models import FittedModel
from tmescope.foundation.errors import MethodError, ScaleError
from tmescope.foundation.result import RunWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FEWEST_OF_COHORT", "Applied", "SavedModel", "apply_model"]

FEWEST_OF_COHORT = 10
"""A model that needs a cohort refuses fewer patients than this."""


@dataclass(frozen=True, kw_only=True)
class SavedModel:
    """A model with its preparation, what it is for, and how it did where it was judged.

    Parameters
    ----------
    model_id, endpoint : str
        Names of the study that made it.
    kind : {"response", "survival"}
        Whether the chance is that of response, or of an event until the horizon.
    fitted : FittedModel
        Coefficients and preparation.
    horizon_months : float or None
        Of a survival model.
    standardise : {"training", "within_cohort"}
        Whether numbers are scaled by the training patients, or within the cohort that it is applied to.
    scales : tuple of str
        Scales of expression of the training cohorts.
    training : tuple of mapping
        cohort_id, n and n_events of each training cohort.
    performance : tuple of mapping
        predictor, compared_with, measure, estimate, ci_low, ci_high, k, method: pooled, out of cohort.
    verdicts : tuple of str
        In words.
    scheme : str
        ``out_of_cohort`` or ``out_of_fold``.
    intended_use : str
        As its makers state it.
    software : mapping of str to str
        Package to version.
    """

    model_id: str
    endpoint: str
    kind: Literal["response", "survival"]
    fitted: FittedModel
    horizon_months: float | None = None
    standardise: Literal["training", "within_cohort"] = "training"
    scales: tuple[str, ...] = ()
    training: tuple[Mapping[str, Any], ...] = ()
    performance: tuple[Mapping[str, Any], ...] = ()
    verdicts: tuple[str, ...] = ()
    scheme: str = "out_of_cohort"
    intended_use: str = ""
    software: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_cohort(self) -> bool:
        """Whether a patient's prediction depends on the other patients that the model is applied to."""
        used = {c.predictor for c in self.fitted.preparation.columns}
        scores = [p for p in self.fitted.preparation.predictors if p.key in used]
        return self.standardise == "within_cohort" or any(p.scope == "cohort" for p in scores)

    @property
    def reads_expression(self) -> bool:
        """Whether any predictor comes from expression."""
        return any(p.source != "table" for p in self.fitted.preparation.predictors)


@dataclass(frozen=True)
class Applied:
    """Predictions for new patients.

    Parameters
    ----------
    table : pandas.DataFrame
        sample_id, linear, predicted, reason, filled, outside: one row a patient.
    warnings : tuple of RunWarning
        How many have none, have filled values, or lie beyond the range of the training patients.
    """

    table: pd.DataFrame
    warnings: tuple[RunWarning, ...]


def apply_model(saved: SavedModel, values: pd.DataFrame, *, scale: str, where: str) -> Applied:
    """Predict new patients.

    Parameters
    ----------
    saved : SavedModel
        The model.
    values : pandas.DataFrame
        Index sample_id; one column a predictor by its key. Columns that are absent count as missing values.
    scale : str
        Scale of the expression that the values come from.
    where : str
        Cohort, for messages.

    Returns
    -------
    Applied
        A patient of whom no predictor with a coefficient is known has no prediction, whatever could be filled.

    Raises
    ------
    ScaleError
        If the expression is on another scale than that of all training cohorts.
    MethodError
        If the model needs a cohort and there are fewer than ten patients.
    """
    _check(saved, len(values), scale=scale, where=where)
    preparation = saved.fitted.preparation
    columns = {}
    for predictor in preparation.predictors:
        numeric = predictor.kind == "numeric"
        column = values.get(predictor.key)
        if column is None:
            column = pd.Series(np.nan if numeric else None, index=values.index)
        column = column.astype("float64" if numeric else object)
        if numeric:
            column = column.where(np.isfinite(column))
        if numeric and saved.standardise == "within_cohort":
            column = standardise_within(column, np.zeros(len(values), dtype=np.str_))
        columns[predictor.key] = column
    table = pd.DataFrame(columns, index=values.index)
    found = saved.fitted.predict(table)
    told = pd.DataFrame(
        {
            "sample_id": list(values.index.astype(str)),
            "linear": found.linear,
            "predicted": found.chance,
            "reason": list(found.prepared.reasons),
            "filled": list(found.prepared.filled),
            "outside": list(found.prepared.outside),
        }
    )
    used = sorted({c.predictor for c, b in zip(preparation.columns, saved.fitted.coefficients, strict=True) if b})
    if used:
        nothing = table[used].isna().all(axis=1).to_numpy() & (told["reason"] == "").to_numpy()
        told.loc[nothing, ["linear", "predicted"]] = np.nan
        told.loc[nothing, "reason"] = "no predictor of the model is known"
        told.loc[nothing, "filled"] = ""
    return Applied(told, tuple(_warnings(told, saved, where)))


def _check(saved: SavedModel, n: int, *, scale: str, where: str) -> None:
    if saved.reads_expression and scale not in saved.scales:
        raise ScaleError(
            f"the expression is {scale}, and the model {saved.model_id} was learnt on {', '.join(saved.scales)}",
            where=where,
            expected=f"expression as {' or '.join(saved.scales)}",
            next_step="convert the matrix and declare its scale",
        )
    if saved.needs_cohort and n < FEWEST_OF_COHORT:
        raise MethodError(
            f"the model {saved.model_id} measures each patient by the others of the cohort, and there are {n}",
            where=where,
            expected=f"{FEWEST_OF_COHORT} patients or more, of the population that the model is for",
            next_step="learn a model on scores that take each sample alone, scaled by the training patients",
        )


def _warnings(table: pd.DataFrame, saved: SavedModel, where: str) -> Iterator[RunWarning]:
    for name, what in (
        ("reason", "have no prediction"),
        ("filled", "have values that are missing and were filled"),
        ("outside", "have values beyond the range of the training patients"),
    ):
        rows = table[table[name] != ""]
        if len(rows):
            code = "model.no_prediction" if name == "reason" else f"model.{name}"
            message = f"model {saved.model_id}: {len(rows)} of {len(table)} patients {what}"
            yield RunWarning(code, message, where, len(rows), tuple(dict.fromkeys(rows[name]))[:3])
    if not any(v.startswith("beats") for v in saved.verdicts):
        message = f"model {saved.model_id}: {'; '.join(saved.verdicts) or 'it was compared with nothing simpler'}"
        yield RunWarning("model.not_better", message, where)
