"""Tables of the page: plain cells that the template writes, with what sorting needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from tmescope.report.numbers import MISSING, count, decimal, is_missing, percent, plain

__all__ = ["Cell", "HtmlTable", "doi_address", "from_frame", "number", "share", "words"]

_EXACT = 1e15
_DOI = re.compile(r"(10\.\d{4,9}/[^\s\"'<>{}|\\^`]+)")


@dataclass(frozen=True)
class Cell:
    """One cell.

    Parameters
    ----------
    text : str
        What is shown; the template escapes it.
    sort : float or str, optional
        Key for sorting where the text does not sort.
    kind : str
        ``text``, ``number``, ``status``, ``code``, ``day`` or ``meter``: a style, never a meaning of its own.
    href : str, optional
        Address of a DOI or of a document.
    links : sequence of (str, str or None)
        Several documents in place of `text`: what is shown of each, and its address.
    """

    text: str
    sort: float | str | None = None
    kind: str = "text"
    href: str | None = None
    links: Sequence[tuple[str, str | None]] = ()

    @property
    def key(self) -> str | None:
        """What the page sorts by, numbers to seven digits; None where that is the text."""
        if self.sort is None or isinstance(self.sort, str):
            return self.sort
        number = float(self.sort)
        key = str(int(number)) if number.is_integer() and abs(number) < _EXACT else f"{number:.7g}"
        return None if key == self.text else key


@dataclass(frozen=True)
class HtmlTable:
    """A table of the page.

    Parameters
    ----------
    id, caption : str
        Identifier and caption.
    columns : sequence of (str, bool)
        Heading, and whether the column holds numbers.
    rows : sequence of sequence of Cell
        The first cell of a row heads it.
    sortable : bool
        Whether a click on a heading sorts.
    filters : sequence of (str, int, sequence of str)
        Name, column and values to choose from.
    note : str
        Shown below.
    """

    id: str
    caption: str
    columns: Sequence[tuple[str, bool]]
    rows: Sequence[Sequence[Cell]]
    sortable: bool = False
    filters: Sequence[tuple[str, int, Sequence[str]]] = field(default_factory=tuple)
    note: str = ""


def words(value: object, kind: str = "text") -> Cell:
    """Return a cell of text; a dash where it is missing or empty."""
    shown = plain(value)
    return Cell(shown if shown.strip() else MISSING, kind=kind)


def number(value: Any, places: int | None = None) -> Cell:
    """Return a cell of a number; whole where `places` is None. Missing values sort last."""
    if is_missing(value):
        return Cell(MISSING, sort="", kind="number")
    shown = count(value) if places is None else decimal(value, places)
    return Cell(shown, sort=float(value), kind="number")


def share(value: Any) -> Cell:
    """Return a cell of a share from 0 to 1, shown as a percentage beside a bar."""
    if is_missing(value):
        return Cell(MISSING, sort="", kind="number")
    return Cell(percent(value), sort=round(float(value), 4), kind="meter")


def doi_address(reference: object) -> str | None:
    """Return the https address of the DOI in a reference; None where there is none."""
    found = _DOI.search(reference) if isinstance(reference, str) else None
    return f"https://doi.org/{found.group(1).rstrip('.,;)')}" if found else None


def from_frame(frame: pd.DataFrame, *, name: str, caption: str) -> HtmlTable:
    """Return a table of a figure's own numbers, already written as text; columns of numbers are aligned right.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its column names become headings.
    name, caption : str
        Identifier and caption of the table.
    """
    columns = [(str(c), bool(frame[c].map(_looks_numeric).all())) for c in frame.columns]
    rows = [
        [Cell(plain(v), kind="number" if is_number else "text") for v, (_, is_number) in zip(r, columns, strict=True)]
        for r in frame.itertuples(index=False)
    ]
    return HtmlTable(name, caption, columns, rows)


def _looks_numeric(value: object) -> bool:
    return isinstance(value, int | float) or bool(re.fullmatch(r"[\u2212<> ]*[\d\u202f.]+%?|–", str(value)))
