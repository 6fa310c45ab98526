"""Expression as the report needs it: all samples over the genes that every cohort measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tmescope.foundation.errors import InputError

__all__ = ["SampleMatrix"]


@dataclass(frozen=True)
class SampleMatrix:
    """Samples by genes on a log2 scale.

    Parameters
    ----------
    values : pandas.DataFrame
        Finite numbers; its index has the levels cohort_id and sample_id, its columns are genes.
    n_common : int
        Genes that every cohort measured without a missing value, of which the columns are a part.
    scale : str
        What the numbers are, in words.

    Raises
    ------
    InputError
        If a value is not finite or the index has other levels.
    """

    values: pd.DataFrame
    n_common: int
    scale: str

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        levels = list(self.values.index.names)
        n_bad = int((~np.isfinite(self.values.to_numpy(dtype=np.float64))).sum())
        if levels != ["cohort_id", "sample_id"] or n_bad:
            raise InputError(
                f"{n_bad} values are not finite, index levels are {levels}",
                where="SampleMatrix.values",
                expected="finite values indexed by cohort_id and sample_id",
                next_step="leave out genes that are missing in a cohort",
            )
