"""Which p-values were looked at together, and what that does to them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tmescope.stats.multiplicity import benjamini_hochberg

__all__ = ["adjust_families", "adjust_within"]


def adjust_families(answers: pd.DataFrame) -> pd.DataFrame:
    """Add q-values: one family is all features of one question in one cohort with one kind of effect and adjustment.

    Parameters
    ----------
    answers : pandas.DataFrame
        Columns question_id, cohort_id, endpoint, effect_name, adjusted_for and p_value (NaN where there is none).

    Returns
    -------
    pandas.DataFrame
        The same rows with ``q_value`` (Benjamini-Hochberg; NaN where p is), ``family`` (its name) and ``family_size``
        (how many p-values it holds).
    """
    adjusted = answers.copy()
    names = answers["cohort_id"] + " | " + answers["endpoint"] + " | " + answers["effect_name"]
    # the questions that a study asks of every endpoint are called KIND:ENDPOINT, which the name says already
    own = ~answers["question_id"].str.contains(":", regex=False)
    names = names.where(~own, answers["question_id"] + " | " + names)
    names = names.where(answers["adjusted_for"] == "", names + " | adjusted for " + answers["adjusted_for"])
    adjusted["family"] = names
    return adjust_within(adjusted)


def adjust_within(table: pd.DataFrame) -> pd.DataFrame:
    """Add q-values within families that are named already.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns family and p_value (NaN where there is none).

    Returns
    -------
    pandas.DataFrame
        The same rows with ``q_value`` (Benjamini-Hochberg; NaN where p is) and ``family_size`` (how many p-values the
        family holds).
    """
    adjusted = table.assign(q_value=np.nan, family_size=0)
    for _, rows in adjusted.groupby("family", sort=False):
        p_values = rows["p_value"].to_numpy(dtype=np.float64)
        adjusted.loc[rows.index, "q_value"] = benjamini_hochberg(p_values)
        adjusted.loc[rows.index, "family_size"] = int(np.count_nonzero(~np.isnan(p_values)))
    return adjusted
