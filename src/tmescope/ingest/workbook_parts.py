"""The XML parts of an Excel workbook, parsed as a stream without document types and entities."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from xml.parsers import expat

from tmescope.foundation.errors import FileFormatError, TmescopeError
from tmescope.ingest.numerals import is_number

__all__ = [
    "Book",
    "Meanings",
    "Sheet",
    "SheetEntry",
    "as_date",
    "name_cell",
    "parse_rels",
    "parse_sheet",
    "parse_strings",
    "parse_styles",
    "parse_workbook",
]

_MOST_CELLS = 5_000_000
_LONGEST_TEXT = 32_767
_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)})
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
_NOT_DATE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

Attributes = dict[str, str]


@dataclass(frozen=True)
class SheetEntry:
    """A sheet as the workbook lists it."""

    rel_id: str
    visible: bool


@dataclass(frozen=True)
class Book:
    """The list of sheets by name, and whether days are counted from 1904."""

    sheets: dict[str, SheetEntry]
    epoch_1904: bool


@dataclass(frozen=True)
class Meanings:
    """What the cells of a workbook refer to.

    Parameters
    ----------
    strings : sequence of str
        Shared strings.
    dates : collection of int
        Styles that show numbers as dates.
    epoch_1904 : bool
        Whether days are counted from 1904.
    """

    strings: Sequence[str] = ()
    dates: Collection[int] = ()
    epoch_1904: bool = False


@dataclass
class Sheet:
    """The cells of a sheet as text.

    Parameters
    ----------
    cells : dict of int to dict of int to str
        By row, then by column, both from 1; only cells with something in them.
    merged : list of (int, str)
        Top row and range of merged cells.
    n_dates : int
        How many cells were dates.
    uncomputed : list of (int, int)
        Row and column of formulas without a stored value, as programs write them that do not calculate.
    """

    cells: dict[int, dict[int, str]] = field(default_factory=dict)
    merged: list[tuple[int, str]] = field(default_factory=list)
    n_dates: int = 0
    uncomputed: list[tuple[int, int]] = field(default_factory=list)


def parse_workbook(data: bytes, where: str) -> Book:
    """Return the sheets of ``xl/workbook.xml``.

    Raises
    ------
    FileFormatError
        If the XML is damaged or declares a document type.
    """
    sheets: dict[str, SheetEntry] = {}
    epochs: list[str] = []

    def start(name: str, attributes: Attributes) -> None:
        if name == "sheet":
            rel_id = next((v for k, v in attributes.items() if k.split(":")[-1] == "id"), "")
            sheets[attributes.get("name", "")] = SheetEntry(rel_id, attributes.get("state", "visible") == "visible")
        elif name == "workbookPr":
            epochs.append(attributes.get("date1904", "0"))

    _parse(data, start, where=where)
    return Book(sheets, epoch_1904=any(e in ("1", "true") for e in epochs))


def parse_rels(data: bytes, where: str) -> dict[str, str]:
    """Return the places of the sheets by their relation's id; relations to other files are left out.

    Raises
    ------
    FileFormatError
        See `parse_workbook`.
    """
    found: dict[str, str] = {}

    def start(name: str, attributes: Attributes) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            found[attributes.get("Id", "")] = attributes.get("Target", "")

    _parse(data, start, where=where)
    return found


def parse_strings(data: bytes, where: str) -> list[str]:
    """Return the shared strings in their order, formatting and reading aids left out.

    Raises
    ------
    FileFormatError
        See `parse_workbook`.
    """
    strings: list[str] = []
    parts: list[str] = []
    aids = 0

    def start(name: str, _: Attributes) -> None:
        nonlocal aids
        if name == "si":
            parts.clear()
        aids += name == "rPh"

    def end(name: str, text: str) -> None:
        nonlocal aids
        aids -= name == "rPh"
        if name == "t" and not aids:
            parts.append(text)
        elif name == "si":
            strings.append(_unescape("".join(parts)))

    _parse(data, start, end, where=where)
    return strings


def parse_styles(data: bytes, where: str) -> frozenset[int]:
    """Return the positions of the cell styles that show numbers as dates or times.

    Raises
    ------
    FileFormatError
        See `parse_workbook`.
    """
    custom: dict[str, bool] = {}
    formats: list[str] = []
    inside: list[str] = []

    def start(name: str, attributes: Attributes) -> None:
        inside.append(name)
        if name == "numFmt":
            code = _NOT_DATE.sub("", attributes.get("formatCode", "")).lower()
            custom[attributes.get("numFmtId", "")] = bool(re.search(r"[ymdhs]", code)) and "general" not in code
        elif name == "xf" and "cellXfs" in inside[-2:]:
            formats.append(attributes.get("numFmtId", "0"))

    def end(_: str, __: str) -> None:
        inside.pop()

    _parse(data, start, end, where=where)
    known = {str(i) for i in _DATE_FORMATS}
    return frozenset(i for i, f in enumerate(formats) if custom.get(f, f in known))


def parse_sheet(data: bytes, meanings: Meanings, where: str) -> Sheet:
    """Return the cells of a sheet.

    Parameters
    ----------
    data : bytes
        The XML.
    meanings : Meanings
        What cells refer to.
    where : str
        Workbook and sheet, for messages.

    Raises
    ------
    FileFormatError
        See `parse_workbook`; cells that are nowhere, more than five million cells.
    """
    reader = _SheetReader(meanings, where)
    _parse(data, reader.start, reader.end, where=where)
    return reader.sheet


class _SheetReader:
    """Takes the elements of a sheet in their order; a cell that does not say where it is follows the one before."""

    def __init__(self, meanings: Meanings, where: str) -> None:
        self.sheet = Sheet()
        self._meanings = meanings
        self._where = where
        self._row = self._column = self._count = self._aids = 0
        self._cell: Attributes = {}
        self._value: list[str] = []
        self._has_formula = False

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "row":
            self._row, self._column = self._row_number(attributes.get("r")), 0
        elif name == "c":
            self._cell, self._has_formula = attributes, False
            self._value.clear()
            self._row, self._column = self._place(attributes.get("r"))
        elif name == "mergeCell":
            text = attributes.get("ref", "")
            self.sheet.merged.append((_locate(text.partition(":")[0], self._where)[0], text))
        self._has_formula |= name == "f"
        self._aids += name == "rPh"

    def end(self, name: str, text: str) -> None:
        self._aids -= name == "rPh"
        if name in ("v", "t") and not self._aids:
            self._value.append(text)
        elif name == "c":
            self._close_cell("".join(self._value))

    def _row_number(self, said: str | None) -> int:
        return self._row + 1 if said is None else _locate(f"A{said}", self._where)[0]

    def _place(self, said: str | None) -> tuple[int, int]:
        return (max(self._row, 1), self._column + 1) if said is None else _locate(said, self._where)

    def _close_cell(self, text: str) -> None:
        if not text.strip() and self._has_formula and (not self._value or self._cell.get("t", "n") == "n"):
            self.sheet.uncomputed.append((self._row, self._column))
        if not self._value:
            return
        self._count += 1
        if self._count > _MOST_CELLS:
            raise _damaged(f"the sheet has more than {_MOST_CELLS:,} cells", self._where)
        try:
            shown, is_date = _show(self._cell, text, self._meanings)
        except (ValueError, IndexError, OverflowError) as error:
            raise _damaged(f"the cell {self._name()} cannot be read ({error})", self._where) from error
        self.sheet.n_dates += is_date
        if shown.strip():
            if self._column in self.sheet.cells.setdefault(self._row, {}):
                raise _damaged(f"the cell {self._name()} is there twice", self._where)
            self.sheet.cells[self._row][self._column] = shown

    def _name(self) -> str:
        return name_cell(self._row, self._column)


def name_cell(row: int, column: int) -> str:
    """Return the name of a cell, such as ``AB7``.

    Parameters
    ----------
    row, column : int
        From 1; row 0 gives the letters of the column alone.
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row or ''}"


def _show(cell: Attributes, text: str, meanings: Meanings) -> tuple[str, bool]:
    kind = cell.get("t", "n")
    if kind == "s":
        if not text.strip().isdecimal():
            raise ValueError(f"{text[:20]!r} is not the number of a shared text")
        return meanings.strings[int(text)], False
    if kind == "b":
        return ("TRUE" if text.strip() == "1" else "FALSE"), False
    if kind != "n" or not text.strip():
        return _unescape(text), False
    if not is_number(text, missing=()) or not math.isfinite(number := float(text)):
        raise ValueError(f"{text[:20]!r} is not a number")
    is_date = int(cell.get("s", "0")) in meanings.dates
    if is_date and (date := as_date(number, epoch_1904=meanings.epoch_1904)):
        return date, True
    return (str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)), False


def as_date(serial: float, *, epoch_1904: bool = False) -> str | None:
    """Return the ISO text of a day number of Excel, None where it is no day.

    Parameters
    ----------
    serial : float
        Days since the epoch; the fraction is the time of day, rounded to seconds.
    epoch_1904 : bool
        Whether day 0 is 1904-01-01; else day 1 is 1900-01-01, and day 60, which never was, is None.
    """
    if not 0 <= serial < 2_958_466 or (not epoch_1904 and 60 <= serial < 61):
        return None
    seconds = round(serial * 86400)
    if seconds < 86400 and not epoch_1904:
        return str(timedelta(seconds=seconds)).rjust(8, "0")
    epoch = datetime(1904, 1, 1) if epoch_1904 else datetime(1899, 12, 31 if serial < 60 else 30)
    moment = epoch + timedelta(seconds=seconds)
    return moment.date().isoformat() if seconds % 86400 == 0 else moment.isoformat()


def _locate(reference: str, where: str) -> tuple[int, int]:
    found = _REFERENCE.fullmatch(reference)
    column = 0
    for letter in found[1] if found else "":
        column = column * 26 + ord(letter) - 64
    if found is None or int(found[2]) > 1_048_576 or column > 16_384:
        raise _damaged(f"{reference[:20]!r} is not the place of a cell", where)
    return int(found[2]), column


def _unescape(text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"a text has {len(text):,} characters, more than the {_LONGEST_TEXT:,} of a cell")
    unescaped = _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text)
    if _NO_TEXT.search(unescaped):
        raise ValueError("a text holds a character that is none")
    return unescaped


def _damaged(what: str, where: str) -> FileFormatError:
    return FileFormatError(
        what,
        where=where,
        expected="an .xlsx file as Excel or LibreOffice save it",
        next_step="save the table again, best as CSV in UTF-8",
    )


def _parse(
    data: bytes,
    start: Callable[[str, Attributes], None],
    end: Callable[[str, str], None] | None = None,
    *,
    where: str,
) -> None:
    """Parse XML; `end` gets the text that stood directly before the closing tag."""
    if not data:
        return
    pieces: list[str] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def opened(name: str, attributes: Attributes) -> None:
        pieces.clear()
        start(name.rpartition(":")[2], attributes)

    def closed(name: str) -> None:
        if end is not None:
            end(name.rpartition(":")[2], "".join(pieces))
        pieces.clear()

    def refuse(*_: object) -> None:
        raise _damaged("the workbook's XML declares a document type", where)

    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.CharacterDataHandler = pieces.append
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except TmescopeError:
        raise
    except (expat.ExpatError, LookupError, ValueError) as error:  # the others: encodings that expat cannot take
        raise _damaged(f"the workbook's XML is damaged ({error})", where) from error
