"""Folds of patients: nobody on both sides, and each fold with its share of every cohort and outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.associate.prediction_data import PredictionData

__all__ = ["split_folds"]


def split_folds(data: PredictionData, *, n_folds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Deal patients into folds.

    Parameters
    ----------
    data : PredictionData
        Patients; rows of one patient share a fold.
    n_folds : int
        At most as many as patients are used.
    rng : numpy.random.Generator
        For the order.

    Returns
    -------
    array of int, shape (n,)
        Fold of each row. It depends on the names of the patients and not on the order of the rows.

    Notes
    -----
    Patients are shuffled within each cohort and outcome and dealt in turn, so that a fold has at most one more of
    each than another.
    """
    first: dict[str, tuple[str, float]] = {}
    for patient, cohort, happened in zip(data.patients, data.cohorts, data.happened, strict=True):
        known = first.get(str(patient))
        if known is None or happened > known[1]:
            first[str(patient)] = (str(cohort), float(happened))
    groups: dict[tuple[str, float], list[str]] = {}
    for patient in sorted(first):
        groups.setdefault(first[patient], []).append(patient)
    dealt: dict[str, int] = {}
    place = 0
    for key in sorted(groups):
        names = groups[key]
        for i in rng.permutation(len(names)):
            dealt[names[i]] = place % n_folds
            place += 1
    return np.array([dealt[str(p)] for p in data.patients], dtype=np.int64)
