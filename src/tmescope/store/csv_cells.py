"""Cells of CSV files that neither a spreadsheet computes nor a terminal obeys."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["inert_cells"]

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_STEERING = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_OBEYED = re.compile(f"[{_STEERING}]")


def inert_cells(text: pd.Series[Any]) -> pd.Series[Any]:
    r"""Return texts as they may stand in a CSV file; what is missing stays missing.

    Parameters
    ----------
    text : pandas.Series
        Of strings.

    Returns
    -------
    pandas.Series
        Those that begin with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return have an apostrophe before them. In
        all of them, control characters but for tabs and line ends, and marks that turn the direction of writing, are
        written as escapes such as ``\x1b``: a file that is shown in a terminal does not steer it. Parquet files keep
        the text as it came.
    """
    starts = text.str.startswith(_DANGEROUS).fillna(False).astype(bool)
    safe = text.mask(starts, "'" + text)
    steers = pc.match_substring_regex(pa.array(safe, type=pa.large_string(), from_pandas=True), f"[{_STEERING}]")
    if not pc.any(steers).as_py():
        return safe
    return safe.str.replace(_OBEYED, lambda found: repr(found[0])[1:-1], regex=True)
