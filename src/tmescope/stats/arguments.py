"""What every statistic asks of its arrays, so that all treat shapes, missing values and codes alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.foundation.errors import EndpointError, InputError, examples

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["as_binary", "as_codes", "as_times", "as_vector", "check_confidence", "complete"]


def as_vector(values: ArrayLike, *, name: str) -> NDArray[np.float64]:
    """Turn numbers into a float64 vector in which NaN means missing.

    Parameters
    ----------
    values : array-like, shape (n,)
        Numbers; None and pandas' NA become NaN.
    name : str
        What the values are, for the message.

    Returns
    -------
    array of float64, shape (n,)

    Raises
    ------
    InputError
        If there is more than one dimension, a value is no number, or a value is infinite.
    """
    array = _as_float(values, name)
    if array.ndim != 1:
        raise InputError(
            f"{name} has {array.ndim} dimensions", where=f"argument {name}", expected="one value per sample"
        )
    infinite = np.isinf(array)
    if infinite.any():
        raise InputError(
            f"{name} has {int(infinite.sum())} infinite values",
            where=f"argument {name}, position {examples(int(i) for i in np.flatnonzero(infinite)[:4])}",
            expected="finite numbers, NaN where a value is missing",
            next_step="set them to NaN, or add an offset before taking a logarithm",
        )
    return array


def as_binary(values: ArrayLike, *, name: str) -> NDArray[np.float64]:
    """Turn yes/no values into a float64 vector of 1, 0 and NaN (missing).

    Parameters
    ----------
    values : array-like, shape (n,)
        Booleans, or 1 and 0; None, NaN and pandas' NA are missing.
    name : str
        What the values are, for the message.

    Raises
    ------
    InputError
        If a value is neither 0, 1 nor missing: codings such as 1/2 are declared by the user, never guessed.
    """
    array = as_vector(values, name=name)
    other = ~(np.isnan(array) | (array == 0.0) | (array == 1.0))
    if other.any():
        raise InputError(
            f"{name} has {int(other.sum())} values that are neither 0 nor 1, for example "
            f"{examples(float(v) for v in array[other][:4])}",
            where=f"argument {name}",
            expected="True/False or 1/0, NaN where it is missing",
        )
    return array


def as_codes(values: ArrayLike, *, name: str) -> NDArray[np.float64]:
    """Turn group codes into a float64 vector of 0, 1, 2 ... and NaN (missing; -1 is missing too).

    Parameters
    ----------
    values : array-like, shape (n,)
        Whole numbers from 0; -1, None and NaN are missing (as in pandas' category codes).
    name : str
        What the values are, for the message.

    Raises
    ------
    InputError
        If a code is not a whole number, or below -1.
    """
    array = as_vector(values, name=name)
    array = np.where(array == -1.0, np.nan, array)
    seen = array[~np.isnan(array)]
    wrong = seen[(seen < 0) | (seen != np.round(seen))]
    if wrong.size:
        raise InputError(
            f"{name} has {wrong.size} values that are no group code, for example "
            f"{examples(float(v) for v in wrong[:4])}",
            where=f"argument {name}",
            expected="whole numbers from 0, one per group; -1 or NaN where it is missing",
        )
    return array


def as_times(values: ArrayLike, *, name: str) -> NDArray[np.float64]:
    """Turn follow-up times into a float64 vector in which NaN means missing.

    Raises
    ------
    EndpointError
        If a time is negative. A time of zero is allowed: the subject is at risk at time zero only.
    """
    array = as_vector(values, name=name)
    negative = array < 0
    if negative.any():
        raise EndpointError(
            f"{name} has {int(negative.sum())} negative values, for example "
            f"{examples(float(v) for v in array[negative][:4])}",
            where=f"argument {name}",
            expected="times since the start of follow-up, zero or more",
        )
    return array


def complete(**vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Keep the positions at which no vector is missing, in the order in which they came.

    Raises
    ------
    InputError
        If the vectors differ in length.
    """
    lengths = {name: vector.size for name, vector in vectors.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {size}" for name, size in lengths.items())
        raise InputError(f"the arguments differ in length: {told}", expected="one value per sample in each")
    keep = ~np.any([np.isnan(v) for v in vectors.values()], axis=0)
    return tuple(v[keep] for v in vectors.values())


def check_confidence(confidence: float) -> None:
    """Refuse a confidence level outside (0, 1), such as 95 for 95%.

    Raises
    ------
    InputError
        If it is not between 0 and 1.
    """
    if not 0.0 < confidence < 1.0:
        raise InputError(
            f"the confidence level is {confidence!r}",
            where="argument confidence",
            expected="a number between 0 and 1, such as 0.95",
        )


def _as_float(values: Any, name: str) -> NDArray[np.float64]:
    try:
        if hasattr(values, "to_numpy"):  # pandas: nullable columns have to be told what a missing value becomes
            return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{name} has values that are no numbers ({error})",
            where=f"argument {name}",
            expected="numbers, NaN where a value is missing",
        ) from error
