"""The form of an answer: columns that every question fills alike."""

from __future__ import annotations

import pandas as pd

__all__ = ["tell_left_out"]


def tell_left_out(rows: pd.DataFrame, *, n_samples: int, n_known: int) -> pd.DataFrame:
    """Say of every answer who is not in it and why.

    Parameters
    ----------
    rows : pandas.DataFrame
        Answers with the column n.
    n_samples : int
        Samples of the cohort.
    n_known : int
        Those of them whose endpoint is known.

    Returns
    -------
    pandas.DataFrame
        The same rows with ``n_left_out``, ``left_out`` (in words) and, where absent, empty ``adjusted_for``
        and ``checks``.
        Samples that a comparison of groups does not use (the middle tertile) count as in no group.
    """
    without_endpoint = n_samples - n_known
    told = rows.copy()
    without_value = n_known - told["n"].astype("int64")
    told["n_left_out"] = without_endpoint + without_value
    told["left_out"] = [_words(without_endpoint, int(n)) for n in without_value]
    for name in ("adjusted_for", "checks"):
        if name not in told:
            told[name] = ""
    return told


def _words(without_endpoint: int, without_value: int) -> str:
    parts = ((without_endpoint, "without endpoint"), (without_value, "without value or in no group compared"))
    return "; ".join(f"{n} {what}" for n, what in parts if n)
