"""Tables of the same kind, of several steps, as one."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from tmescope.store.tables import empty_table

__all__ = ["stack_tables"]


def stack_tables(name: str, parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all parts one below the other.

    Parameters
    ----------
    name : str
        Of their schema, whose empty table stands for parts without rows.
    parts : iterable of pandas.DataFrame
        In the order in which their rows shall stand. Those without rows are passed over: their columns have no types.
    """
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else empty_table(name)
