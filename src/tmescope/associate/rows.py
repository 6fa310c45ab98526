"""The form of an answer: columns that every question fills alike."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

__all__ = ["count_left_out", "tell_left_out"]


def count_left_out(parts: Iterable[tuple[int, str]]) -> tuple[int, str]:
    """Return how many samples were left out, and who and why, such as ``12 without endpoint; 3 without value``.

    Parameters
    ----------
    parts : iterable of (int, str)
        How many, and what they lack, such as ``endpoint``; in the order of the checks, each sample once.
    """
    told = [(n, what) for n, what in parts if n]
    return sum(n for n, _ in told), "; ".join(f"{n} without {what}" for n, what in told)


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
    counted = [
        count_left_out([(without_endpoint, "endpoint"), (int(n), "value or in no group compared")])
        for n in without_value
    ]
    told["n_left_out"] = [n for n, _ in counted]
    told["left_out"] = [words for _, words in counted]
    for name in ("adjusted_for", "checks"):
        if name not in told:
            told[name] = ""
    return told
