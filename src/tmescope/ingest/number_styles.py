"""How the numbers of a text table are written, and the same numbers as a plain table would write them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from tmescope.ingest.numerals import is_number
from tmescope.ingest.options import MISSING_WORDS

__all__ = ["PLAIN", "NumberStyle", "as_plain_table", "find_unclear", "is_unclear", "plain_codes", "plain_numbers"]

_UNCLEAR = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
_ONE_MARK = re.compile(r"[+-]?\d*(?P<mark>[.,])\d+([eE][+-]?\d+)?", re.ASCII)
_WITH_COMMA = re.compile(r"[+-]?\d+(,\d+)+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_WITH_MARKS = re.compile(r"[+-]?\d[\d.,\u00a0\u202f' ]*([eE][+-]?\d+)?", re.ASCII)


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
        What to do where cells that are written otherwise, or in two ways, are wanted as numbers; empty where nothing
        can be declared.
    doubtful : str
        The marks of which nothing says whether they are that of decimals or of thousands in cells such as ``1,234``.
    """

    decimal: str = "."
    thousands: str = ""
    step: str = ""
    doubtful: str = ""

    def advise(self, cells: Iterable[str]) -> str:
        """Return `step` where one of some cells that are no numbers would be one in another style, else nothing.

        Parameters
        ----------
        cells : iterable of str
            As they stand in the file.
        """
        otherwise = _WITH_MARKS if self.doubtful else _WITH_COMMA
        return self.step if any(otherwise.fullmatch(cell.strip()) for cell in cells) else ""


PLAIN = NumberStyle()
"""A decimal point and no separators."""


def is_unclear(cell: str) -> bool:
    """Return whether a cell alone does not say if its mark is that of decimals or of thousands, as in ``1,234``."""
    return _UNCLEAR.fullmatch(cell.strip()) is not None


def find_unclear(style: NumberStyle, cells: Sequence[str], *, missing: Collection[str] = ()) -> list[int]:
    """Return where a column holds cells that can be read in two ways.

    Parameters
    ----------
    style : NumberStyle
        How the table writes numbers.
    cells : sequence of str
        One column. Where it holds a cell such as ``5.67``, its points are those of decimals.
    missing : collection of str
        Words that are declared missing: no numbers, however they look.
    """
    if not style.doubtful:
        return []
    words = {word.strip() for word in missing}
    unclear = [i for i, cell in enumerate(cells) if is_unclear(cell) and cell.strip() not in words]
    ones = (_ONE_MARK.fullmatch(cell.strip()) for cell in cells if not is_unclear(cell)) if unclear else ()
    proven = {one["mark"] for one in ones if one is not None and one[0] not in words}
    doubtful = [mark for mark in style.doubtful if mark not in proven or len(proven) > 1]
    return [i for i in unclear if any(mark in cells[i] for mark in doubtful)]


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


def as_plain_table(style: NumberStyle, cells: Sequence[str], *, missing: Collection[str] = ()) -> list[str]:
    """Return a column with its numbers as in a plain table and all other cells as they stand.

    Parameters
    ----------
    style : NumberStyle
        How the table writes numbers.
    cells : sequence of str
        One column.
    missing : collection of str
        Words that are declared missing: no numbers, however they look.

    Returns
    -------
    list of str
        `cells` themselves where one is a number of a plain table alone: beside ``2,5`` a ``1.5`` is in doubt.
    """
    if _is_plain(style):
        return list(cells)
    words = {word.strip() for word in missing}
    plain = plain_numbers(style, cells)
    if any(p is None and is_number(c) and c.strip() not in words for p, c in zip(plain, cells, strict=True)):
        return list(cells)
    return [c if p is None else p for p, c in zip(plain, cells, strict=True)]


def plain_codes(style: NumberStyle, words: Sequence[str]) -> tuple[str, ...]:
    """Return declared words, and what becomes of those that are numbers where `as_plain_table` writes a column anew.

    Parameters
    ----------
    style : NumberStyle
        How the table writes numbers.
    words : sequence of str
        As in the file, such as ``-9,9``.
    """
    if _is_plain(style):
        return tuple(words)
    plain = plain_numbers(style, words)
    kept = [w for w, p in zip(words, plain, strict=True) if p is None or not is_number(w)]  # 9.999 may be 9999
    return tuple(dict.fromkeys([*kept, *(p for p in plain if p is not None)]))


def _is_plain(style: NumberStyle) -> bool:
    return (style.decimal, style.thousands) == (PLAIN.decimal, PLAIN.thousands)
