"""Which pooled answers may be called clear: where cohorts agree by luck, Hartung-Knapp alone does not decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from tmescope.report.forests import Effect
from tmescope.report.numbers import interval, p_value

__all__ = ["LUCKY", "deciding_p", "find_clear", "is_narrow", "tell_bounded"]

LUCKY = "†"
"""Mark of a row whose interval is narrower than that of a fixed effect."""

_LEVEL = 0.05


def is_narrow(rows: pd.DataFrame) -> pd.Series[bool]:
    """Return which rows have an interval narrower than that of a fixed effect.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of the table ``pooled``.
    """
    return rows["narrower_than_fixed"].astype("boolean").fillna(value=False).astype(bool)


def deciding_p(rows: pd.DataFrame) -> pd.Series[float]:
    """Return the p by which rows are ranked: Hartung-Knapp not below one's where cohorts agree by luck.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of the table ``pooled``.
    """
    return rows["p_value"].where(~is_narrow(rows), rows["p_value_max1"]).astype(np.float64)


def find_clear(rows: pd.DataFrame, effect: Effect) -> pd.Series[bool]:
    """Return which rows are clear: q < 0.05, and where cohorts agree by luck the interval not below one too.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of the table ``pooled``.
    effect : Effect
        With the value that says nothing.
    """
    apart = (rows["ci_low_max1"] > effect.reference) | (rows["ci_high_max1"] < effect.reference)
    return (rows["q_value"].astype(np.float64) < _LEVEL) & (~is_narrow(rows) | apart)


def tell_bounded(row: Mapping[Any, Any], name: str) -> str:
    """Return the limits and p of Hartung-Knapp not below one in words.

    Parameters
    ----------
    row : mapping
        One row of the table ``pooled``.
    name : str
        Its kind of effect.
    """
    bounded = {**row, "ci_low": row["ci_low_max1"], "ci_high": row["ci_high_max1"]}
    return f"not below one: {interval(bounded, name).split(' ', 1)[-1]}, p {p_value(row['p_value_max1'])}"
