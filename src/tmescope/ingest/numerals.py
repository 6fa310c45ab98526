"""Which cell texts are numbers, and which are missing: one strict rule for matrices, times and features."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from tmescope.ingest.options import MISSING_WORDS

__all__ = ["is_number", "parse_numbers"]

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_PADDED = frozenset({"nan", "NaN"})
"""Missing words that may stand among spaces: the parser of matrices takes them."""
_INFINITE = frozenset({"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"})


def is_number(text: str, *, missing: Collection[str] = MISSING_WORDS) -> bool:
    """Return whether a cell is a decimal number, an infinity (refused later, with its place), or missing."""
    if text in missing:
        return True
    stripped = text.strip()
    return bool(_NUMBER.fullmatch(stripped)) or stripped.casefold() in _INFINITE or stripped in _PADDED


def parse_numbers(
    cells: Sequence[str], *, missing: Collection[str] = MISSING_WORDS
) -> tuple[NDArray[np.float64], list[int]]:
    """Parse texts as numbers without guessing.

    Parameters
    ----------
    cells : sequence of str
        As they stand in the file.
    missing : collection of str
        Texts that mean "missing".

    Returns
    -------
    values : array of float64
        NaN where missing or not a number.
    bad : list of int
        Positions of cells that are neither a finite number nor missing.

    Notes
    -----
    Thousands separators, decimal commas, ``<1`` and infinities are not numbers here: their meaning must be
    declared.
    """
    values = np.full(len(cells), np.nan)
    bad = []
    for i, cell in enumerate(cells):
        if cell in missing:
            continue
        if _NUMBER.fullmatch(cell.strip()) and np.isfinite(number := float(cell)):
            values[i] = number
        else:
            bad.append(i)
    return values, bad
