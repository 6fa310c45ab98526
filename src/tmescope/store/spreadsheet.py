"""Tables as one Excel workbook (.xlsx): typed cells, text that no spreadsheet runs or turns into dates, same bytes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

import pandas as pd

from tmescope.foundation.errors import StoreError, examples

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MOST_CHARACTERS", "MOST_COLUMNS", "MOST_ROWS", "SheetPlan", "plan_sheets", "write_spreadsheet"]

MOST_ROWS = 1_048_576
"""Rows that a sheet of Excel has, its header among them."""

MOST_COLUMNS = 16_384
"""Columns that a sheet of Excel has."""

MOST_CHARACTERS = 32_767
"""Characters that a cell of Excel takes, as UTF-16 counts them."""

_NAME = 31
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK = 4096
_LOOKED_AT = 200
_WIDEST = 60
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_HEADER, _TEXT = 1, 2  # the styles of `_STYLES`: bold, and text that stays text when somebody edits it
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f\ud800-\udfff\ufffe\uffff]")

_STYLES = (
    f'<styleSheet xmlns="{_MAIN}">'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)


@dataclass(frozen=True)
class SheetPlan:
    """One sheet.

    Parameters
    ----------
    name : str
        As Excel takes it.
    table : pandas.DataFrame
        Its rows; the index is not written.
    """

    name: str
    table: pd.DataFrame

    @property
    def last_cell(self) -> str:
        """The place of the last cell, such as ``D10``."""
        return f"{_letters(max(self.table.shape[1], 1))}{len(self.table) + 1}"


def plan_sheets(tables: Sequence[tuple[str, pd.DataFrame]], *, most_rows: int = MOST_ROWS) -> tuple[SheetPlan, ...]:
    """Give every table its sheet, or several where it has more rows than a sheet.

    Parameters
    ----------
    tables : sequence of (str, pandas.DataFrame)
        Names and tables, in the order of the sheets.
    most_rows : int
        Rows of a sheet, the header among them.

    Returns
    -------
    tuple of SheetPlan
        Names without the characters that Excel does not take, at most 31 characters, different in any case of letters.
        The second sheet of a long table is called ``NAME_2``; each has the header.

    Raises
    ------
    StoreError
        If a table has more columns than a sheet, or a text has more characters than a cell.
    """
    plans: list[SheetPlan] = []
    for name, table in tables:
        _check_fits(name, table)
        for first in range(0, max(len(table), 1), most_rows - 1):
            part = table.iloc[first : first + most_rows - 1]
            plans.append(SheetPlan(_free_name(name, [p.name for p in plans]), part))
    return tuple(plans)


def write_spreadsheet(sheets: Sequence[SheetPlan], path: Path) -> None:
    """Write a workbook; the same sheets give the same bytes.

    Parameters
    ----------
    sheets : sequence of SheetPlan
        From `plan_sheets`; at least one.
    path : pathlib.Path
        Not yet committed, see `tmescope.store.atomic.staged_file`.

    Notes
    -----
    Numbers are written as the shortest decimal of the same double, logical values as such, missing values and empty
    text as empty cells, infinities and whole numbers beyond 2**53 as text. Text stands in the cells as inline text in
    the format ``@``: it is never a formula, a number or a date. Characters that XML 1.0 forbids are written as
    ``_xHHHH_``, which spreadsheets show as the character. There are no dates and no formulas. Time stamps inside are
    those of 1980.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, text in _frame_parts([s.name for s in sheets], sheets):
            archive.writestr(_entry(name), _HEAD + text)
        for number, sheet in enumerate(sheets, start=1):
            with archive.open(_entry(f"xl/worksheets/sheet{number}.xml"), "w", force_zip64=True) as part:
                _write_sheet(part, sheet)


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
    return info


def _check_fits(name: str, table: pd.DataFrame) -> None:
    what = ""
    if table.shape[1] > MOST_COLUMNS:
        what = f"the table {name!r} has {table.shape[1]:,} columns; a sheet takes {MOST_COLUMNS:,}"
    long = [str(c) for c in table.columns if _longest(table[c]) > MOST_CHARACTERS or _units(str(c)) > MOST_CHARACTERS]
    if long:
        what = f"the table {name!r} has text of more than {MOST_CHARACTERS:,} characters in {examples(long)}"
    if what:
        raise StoreError(
            what,
            where=name,
            expected="a table that fits into a sheet of Excel",
            next_step=f"use tables/{name}.parquet or tables/{name}.csv",
        )


def _longest(column: pd.Series[Any]) -> int:
    if column.dtype.kind in "fiub":
        return 0
    return max((_units(v) for v in column if isinstance(v, str) and len(v) > MOST_CHARACTERS // 2), default=0)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _free_name(wanted: str, taken: Sequence[str]) -> str:
    plain = _NOT_IN_NAMES.sub("_", wanted).strip("'") or "sheet"
    used = {name.casefold() for name in (*taken, "history")}  # Excel keeps the last one for itself
    name, number = plain[:_NAME], 1
    while name.casefold() in used:
        number += 1
        end = f"_{number}"
        name = plain[: _NAME - len(end)] + end
    return name


def _frame_parts(names: Sequence[str], sheets: Sequence[SheetPlan]) -> Iterator[tuple[str, str]]:
    numbers = range(1, len(names) + 1)
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPES}.worksheet+xml"/>' for n in numbers
    )
    yield (
        "[Content_Types].xml",
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>{types}</Types>',
    )
    yield (
        "_rels/.rels",
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    )
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"/>' for n, name in zip(numbers, names, strict=True)
    )
    filters = "".join(
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{i}" hidden="1">{_range(sheet)}</definedName>'
        for i, sheet in enumerate(sheets)
    )
    yield (
        "xl/workbook.xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><bookViews><workbookView/></bookViews>'
        f"<sheets>{listed}</sheets><definedNames>{filters}</definedNames></workbook>",
    )
    relations = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        f'<Relationships xmlns="{_PACKAGE}/relationships">{relations}'
        f'<Relationship Id="rId{len(names) + 1}" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>',
    )
    yield "xl/styles.xml", _STYLES


def _range(sheet: SheetPlan) -> str:
    letters, digits = re.fullmatch(r"([A-Z]+)(\d+)", sheet.last_cell).groups()  # type: ignore[union-attr]
    quoted = sheet.name.replace("'", "''")
    return escape(f"'{quoted}'!$A$1:${letters}${digits}")


def _write_sheet(part: IO[bytes], sheet: SheetPlan) -> None:
    table = sheet.table
    columns = [str(c) for c in table.columns]
    letters = [_letters(i + 1) for i in range(len(columns))]
    widths = "".join(
        f'<col min="{i}" max="{i}" width="{_width(name, table.iloc[:_LOOKED_AT, i - 1])}" customWidth="1"/>'
        for i, name in enumerate(columns, start=1)
    )
    header = "".join(f'<c r="{a}1"{_inline(name, _HEADER)}' for a, name in zip(letters, columns, strict=True))
    part.write(
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><dimension ref="A1:{sheet.last_cell}"/>'
        '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" '
        'state="frozen"/><selection pane="bottomLeft"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}</cols>'
        f'<sheetData><row r="1">{header}</row>'.encode()
    )
    writers = [_writer_of(table.iloc[:, i]) for i in range(len(columns))]
    for first in range(0, len(table), _CHUNK):
        chunk = table.iloc[first : first + _CHUNK]
        cells = [[write(v) for v in _values(chunk.iloc[:, i])] for i, write in enumerate(writers)]
        rows = []
        for number, row in enumerate(zip(*cells, strict=True), start=first + 2):
            filled = "".join(f'<c r="{a}{number}"{cell}' for a, cell in zip(letters, row, strict=True) if cell)
            rows.append(f'<row r="{number}">{filled}</row>')
        part.write("".join(rows).encode())
    part.write(
        f'</sheetData><autoFilter ref="A1:{sheet.last_cell}"/><ignoredErrors>'
        f'<ignoredError sqref="A1:{sheet.last_cell}" numberStoredAsText="1"/></ignoredErrors></worksheet>'.encode()
    )


def _values(column: pd.Series[Any]) -> list[Any]:
    missing = column.isna().to_numpy()
    return [None if gone else value for value, gone in zip(column.tolist(), missing, strict=True)]


def _writer_of(column: pd.Series[Any]) -> Callable[[Any], str]:
    if pd.api.types.is_bool_dtype(column.dtype):
        return lambda v: "" if v is None else f' t="b"><v>{int(v)}</v></c>'
    if pd.api.types.is_integer_dtype(column.dtype):
        return lambda v: "" if v is None else _number(int(v)) if abs(v) <= 2**53 else _inline(str(v), _TEXT)
    if pd.api.types.is_float_dtype(column.dtype):
        return lambda v: "" if v is None else _inline(str(v), _TEXT) if abs(v) == float("inf") else _number(float(v))
    return lambda v: "" if v is None or v == "" else _inline(str(v), _TEXT)


def _number(value: float) -> str:
    return f"><v>{value!r}</v></c>"


def _inline(text: str, style: int) -> str:
    doubled = _LOOKS_ESCAPED.sub("_x005F_", text)
    safe = _NOT_IN_XML.sub(lambda m: f"_x{ord(m[0]):04X}_", doubled)
    return f' s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(safe)}</t></is></c>'


def _letters(number: int) -> str:
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def _width(name: str, column: pd.Series[Any]) -> int:
    shown = [f"{v:.6g}" if isinstance(v, float) else str(v) for v in _values(column) if v is not None]
    return min(max(map(len, [name, *shown])) + 3, _WIDEST)
