"""Which cell texts are numbers, and which are missing: one strict rule for matrices, times and features."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from tmescope.ingest.options import MISSING_WORDS

__all__ = ["is_number", "parse_numbers", "value_key"]

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
        Texts that mean "missing", compared as `value_key` says: the code ``-99`` also stands for ``-99.0``.

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
    words = {word.strip() for word in missing}
    codes = {float(word) for word in words if _NUMBER.fullmatch(word)}
    bad = []
    for i, cell in enumerate(cells):
        text = cell.strip()
        if text in words:
            continue
        if not _NUMBER.fullmatch(text) or not np.isfinite(number := float(text)):
            bad.append(i)
        elif number not in codes:
            values[i] = number
    return values, bad


def value_key(text: str) -> str:
    """Return a cell or a declared value such that ``1`` and ``1.0`` are the same and all else is itself.

    Parameters
    ----------
    text : str
        Spaces around it do not count.
    """
    number, bad = parse_numbers([text], missing=())
    return text.strip() if bad else repr(float(number[0]))
