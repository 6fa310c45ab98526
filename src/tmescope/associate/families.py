"""Which p-values were looked at together, and what that does to them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tmescope.stats.multiplicity import benjamini_hochberg

__all__ = ["adjust_families"]


def adjust_families(answers: pd.DataFrame) -> pd.DataFrame:
    """Add q-values: one family is all features asked of one endpoint in one cohort with one kind of effect.

    Parameters
    ----------
    answers : pandas.DataFrame
        Columns cohort_id, endpoint, effect_name and p_value (NaN where there is none); where there is a column
        adjusted_for, each adjustment is a family of its own.

    Returns
    -------
    pandas.DataFrame
        The same rows with ``q_value`` (Benjamini-Hochberg; NaN where p is), ``family`` (its name) and ``family_size``
        (how many p-values it holds).
    """
    adjusted = answers.copy()
    adjusted["family"] = answers["cohort_id"] + " | " + answers["endpoint"] + " | " + answers["effect_name"]
    if "adjusted_for" in answers:  # each adjustment asks another question
        beside = answers["adjusted_for"]
        adjusted["family"] += (" | adjusted for " + beside).where(beside != "", "")
    adjusted["q_value"] = np.nan
    adjusted["family_size"] = 0
    for _, rows in adjusted.groupby("family", sort=False):
        p_values = rows["p_value"].to_numpy(dtype=np.float64)
        adjusted.loc[rows.index, "q_value"] = benjamini_hochberg(p_values)
        adjusted.loc[rows.index, "family_size"] = int(np.count_nonzero(~np.isnan(p_values)))
    return adjusted
