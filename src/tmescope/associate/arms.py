"""Arms of a trial, as the user states them: who was treated, who was not, and how they came to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from tmescope.foundation.errors import InputError, SampleError, examples
from tmescope.foundation.result import RunWarning

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Arms", "Randomisation", "Treatment", "ratio_row", "read_arms"]

Randomisation = Literal["randomised", "not_randomised", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """Who got what.

    Parameters
    ----------
    arm : pandas.Series
        Index sample_id; name of the arm. Missing is left out. A sample may occur twice with the same arm.
    control : str
        Name of the control arm.
    randomisation : {"randomised", "not_randomised", "unknown"}
        How patients came to their arm, as stated by the user.
    """

    arm: pd.Series
    control: str
    randomisation: Randomisation = "unknown"


@dataclass(frozen=True)
class Arms:
    """Arms of the samples of one question.

    Parameters
    ----------
    treated : array of float, shape (n,)
        1 treated, 0 control, NaN where not known.
    missing : str
        ``no_control_arm`` or ``no_treated_arm`` where a comparison is not possible; empty otherwise.
    status : str
        How patients came to their arm, in words.
    warnings : tuple of RunWarning
    """

    treated: NDArray[np.float64]
    missing: str
    status: str
    warnings: tuple[RunWarning, ...]


_STATUS = {
    "randomised": "randomised arms (as stated)",
    "not_randomised": "arms not randomised (as stated): an interaction may be one with the choice of treatment",
    "unknown": "not stated whether arms were randomised: an interaction may be one with the choice of treatment",
}


def read_arms(treatment: Treatment, sample_ids: pd.Index[str], *, where: str) -> Arms:
    """Read the arms of the samples of a question.

    Parameters
    ----------
    treatment : Treatment
        As stated.
    sample_ids : pandas.Index
        Samples, in order.
    where : str
        Cohort and endpoint, for messages.

    Returns
    -------
    Arms

    Raises
    ------
    InputError
        If there are more than two arms, or the randomisation status is unknown to us.
    SampleError
        If a sample has two arms.
    """
    if treatment.randomisation not in _STATUS:
        raise InputError(
            f"the randomisation status is {treatment.randomisation!r}",
            where="Treatment.randomisation",
            expected=", ".join(_STATUS),
        )
    arms = _one_each(treatment, where=where).reindex(sample_ids)
    others = _others(arms, treatment, where=where)
    missing = "" if others and (arms == treatment.control).any() else "no_control_arm" if others else "no_treated_arm"
    treated = np.asarray((arms != treatment.control).astype("float64").mask(arms.isna()), dtype=np.float64)
    status = f"{_STATUS[treatment.randomisation]}; control arm: {treatment.control}"
    return Arms(treated, missing, status, tuple(_warn(treatment, missing, where=where)))


def _one_each(treatment: Treatment, *, where: str) -> pd.Series:
    arms = treatment.arm.dropna().astype("str").str.strip()
    per_sample = arms.groupby(level=0).nunique()
    torn = per_sample.index[per_sample > 1]
    if len(torn):
        raise SampleError(
            f"{len(torn)} samples have two different arms, for example {examples(str(v) for v in torn[:4])}",
            where=f"{where}: Treatment.arm",
            expected="one arm a sample",
            next_step="correct the label, or leave the sample out",
        )
    return arms[~arms.index.duplicated()]


def _others(arms: pd.Series, treatment: Treatment, *, where: str) -> list[str]:
    """Return the arms other than the control."""
    others = sorted(set(arms.dropna()) - {treatment.control})
    if len(others) > 1:
        raise InputError(
            f"there are {len(others)} arms beside {treatment.control!r}: {examples(others[:4])}",
            where=f"{where}: Treatment.arm",
            expected="two arms",
            next_step="compare one arm at a time: set the others to missing",
        )
    return others


def _warn(treatment: Treatment, missing: str, *, where: str) -> Iterator[RunWarning]:
    if missing:
        message = (
            f"{missing.replace('_', ' ')} ({treatment.control!r} is the control): whether a feature is predictive or "
            "prognostic cannot be told"
        )
        yield RunWarning("interactions.no_control_arm", message, where)
    elif treatment.randomisation != "randomised":
        yield RunWarning("interactions.not_randomised", _STATUS[treatment.randomisation], where)


def ratio_row(name: str, effect: tuple[float, float, float], *, n: tuple[int, int], method: str) -> dict[str, Any]:
    """Return the columns of an answer that is a ratio.

    Parameters
    ----------
    name : str
        Of the effect.
    effect : tuple of float
        Logarithm of the ratio, its standard error, p-value.
    n : tuple of int
        Samples and events.
    method : str
        Of the estimate.
    """
    log_ratio, error, p_value = effect
    half = float(stats.norm.ppf(0.975)) * error
    with np.errstate(over="ignore"):
        ratio, low, high = (float(np.exp(v)) for v in (log_ratio, log_ratio - half, log_ratio + half))
    return {
        "n": n[0],
        "n_events": n[1],
        "effect": ratio,
        "effect_name": name,
        "std_error": error,
        "ci_low": low,
        "ci_high": high,
        "p_value": p_value,
        "method": method,
    }
