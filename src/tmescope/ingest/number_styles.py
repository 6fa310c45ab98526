"""How the numbers of a text table are written, and the same numbers as a plain table would write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tmescope.ingest.numerals import is_number
from tmescope.ingest.options import MISSING_WORDS

__all__ = ["PLAIN", "NumberStyle", "as_plain_table", "is_unclear", "plain_numbers"]

_UNCLEAR = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)


@dataclass(frozen=True)
class NumberStyle:
    """How numbers are written.

    Parameters
    ----------
    decimal : str
        The decimal mark.
    thousands : str
        Between thousands; empty where there is none.
    step : str
        What to do where cells such as ``1,234`` are wanted as numbers and nothing says which number that is; empty
        where it is known.
    """

    decimal: str = "."
    thousands: str = ""
    step: str = ""


PLAIN = NumberStyle()
"""A decimal point and no separators."""


def is_unclear(cell: str) -> bool:
    """Return whether a cell alone does not say if its mark is that of decimals or of thousands, as in ``1,234``."""
    return _UNCLEAR.fullmatch(cell.strip()) is not None


def plain_numbers(style: NumberStyle, cells: Sequence[str]) -> list[str | None]:
    """Return numbers as they would stand in a plain table: a decimal point, no separators.

    Parameters
    ----------
    style : NumberStyle
        How the table writes them.
    cells : sequence of str
        One column or row.

    Returns
    -------
    list of str or None
        None for a cell that is neither a number of that style nor one of `MISSING_WORDS`; those stay.
    """
    mark, group = re.escape(style.decimal), re.escape(style.thousands)
    whole = rf"(\d+|\d{{1,3}}({group}\d{{3}})+)" if group else r"\d+"
    number = re.compile(rf"[+-]?({whole}({mark}\d*)?|{mark}\d+)([eE][+-]?\d+)?", re.ASCII)
    plain: list[str | None] = []
    for cell in cells:
        if cell in MISSING_WORDS:
            plain.append(cell)
        elif number.fullmatch(cell.strip()):
            plain.append(cell.strip().replace(style.thousands, "").replace(style.decimal, "."))
        else:
            plain.append(None)
    return plain


def as_plain_table(style: NumberStyle, cells: Sequence[str]) -> list[str]:
    """Return a column with its numbers as in a plain table and all other cells as they stand.

    Parameters
    ----------
    style : NumberStyle
        How the table writes numbers.
    cells : sequence of str
        One column.

    Returns
    -------
    list of str
        `cells` themselves where one is a number of a plain table alone: beside ``2,5`` a ``1.5`` is in doubt.
    """
    if (style.decimal, style.thousands) == (PLAIN.decimal, PLAIN.thousands):
        return list(cells)
    plain = plain_numbers(style, cells)
    if any(p is None and is_number(c) for p, c in zip(plain, cells, strict=True)):
        return list(cells)
    return [c if p is None else p for p, c in zip(plain, cells, strict=True)]
