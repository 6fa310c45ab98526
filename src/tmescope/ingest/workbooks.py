"""Sample tables in Excel workbooks (.xlsx): values as text, dates as ISO text; no macros, no links, no entities."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tmescope.foundation.errors import FileFormatError, TmescopeError, UnknownNameError, examples
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.matrix import Note
from tmescope.ingest.workbook_parts import (
    Meanings,
    Sheet,
    name_cell,
    parse_rels,
    parse_sheet,
    parse_strings,
    parse_styles,
    parse_workbook,
)

__all__ = ["SheetTable", "read_workbook"]

_MOST_PARTS = 10_000
_LARGEST = 512 << 20
_PIECE = 1 << 16
_DAMAGES = (zipfile.BadZipFile, zlib.error, struct.error)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class SheetTable:
    """A table of a workbook, all text.

    Parameters
    ----------
    names : tuple of str
        The header.
    rows : tuple of tuple of str
        The rows with something in them; nothing is the empty text.
    lines : tuple of int
        Their numbers in the sheet.
    notes : tuple of Note
        What a person must be told about the reading.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    notes: tuple[Note, ...]


def read_workbook(path: Path, sheet: str | None = None, *, limits: Limits = DEFAULT_LIMITS) -> SheetTable:
    """Read one sheet of an Excel workbook.

    Parameters
    ----------
    path : Path
        An ``.xlsx`` file.
    sheet : str, optional
        Its name; may be left out where only one visible sheet holds something.
    limits : Limits
        On what the archive's parts grow to (at most 512 MiB in all).

    Returns
    -------
    SheetTable
        Whole numbers without a decimal point, others as the shortest text of the same double; dates as
        ``YYYY-MM-DD``, with a time of day ``YYYY-MM-DDTHH:MM:SS``; logical values as TRUE and FALSE; of formulas
        the value that was last computed.

    Raises
    ------
    FileFormatError
        Not a workbook, damaged, encrypted, too large, with macros, links to other workbooks or a document type;
        formulas without a stored value, merged cells in the header, columns without a name, cells beside the header,
        several sheets and none named.
    UnknownNameError
        No sheet of that name.

    Notes
    -----
    The header is the first row with something in it.
    """
    where = str(path)
    try:
        with zipfile.ZipFile(path) as archive:
            _check_archive(archive, limits, where)
            return _read(archive, sheet, where)
    except TmescopeError:
        raise
    except (*_DAMAGES, RuntimeError, EOFError, OSError, KeyError, ValueError) as error:
        raise FileFormatError(
            f"the workbook cannot be read ({str(error)[:200]})",
            where=where,
            expected="an .xlsx file as Excel or LibreOffice save it",
            next_step="save the table again, best as CSV in UTF-8",
        ) from error


def _check_archive(archive: zipfile.ZipFile, limits: Limits, where: str) -> None:
    what = _look_at_sizes(archive, limits) or _look_at_parts(archive)
    if what:
        raise FileFormatError(
            what,
            where=where,
            expected="a plain .xlsx table: no macros, links, passwords",
            next_step="save the sheet alone, best as CSV in UTF-8",
        )


def _look_at_sizes(archive: zipfile.ZipFile, limits: Limits) -> str:
    """Return what is wrong with the sizes that the archive states, nothing if all is well."""
    parts = archive.infolist()
    total = sum(p.file_size for p in parts)
    packed = max(sum(p.compress_size for p in parts), 1)
    most = min(limits.max_bytes, _LARGEST)
    if len(parts) > _MOST_PARTS or total > most:
        return f"the workbook's {len(parts):,} parts grow to {total:,} bytes; at most {most:,} are read"
    if total > limits.ratio_from and total > limits.max_ratio * packed:
        return f"the workbook grows {total / packed:.0f}-fold when decompressed"
    if any(p.compress_type not in _METHODS for p in parts):
        return "the archive is compressed in a way that workbooks are not"
    return "the workbook is encrypted" if any(p.flag_bits & 1 for p in parts) else ""


def _look_at_parts(archive: zipfile.ZipFile) -> str:
    """Return what is wrong with the names of the parts, nothing if all is well."""
    names = [p.filename for p in archive.infolist()]
    if "xl/workbook.xml" not in names:
        return "the archive is no Excel workbook"
    if strange := [n for n in names if n.startswith("/") or ".." in PurePosixPath(n).parts]:
        return f"the archive holds a part outside of itself ({strange[0]!r})"
    if len(set(names)) < len(names):
        return "the archive holds two parts of one name"
    if macros := [n for n in names if n.lower().endswith(("vbaproject.bin", ".bas"))]:
        return f"the workbook holds macros ({macros[0]})"
    linked = any(n.startswith("xl/externalLinks/") for n in names)
    return "the workbook takes values from other workbooks" if linked else ""


def _unpack(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a part; piece by piece, as its stated size may be a lie of which only the limit of a piece is afraid."""
    with archive.open(name) as part:
        return b"".join(iter(lambda: part.read(_PIECE), b""))


def _read(archive: zipfile.ZipFile, wanted: str | None, where: str) -> SheetTable:
    names = set(archive.namelist())

    def part(name: str) -> bytes:
        return _unpack(archive, name) if name in names else b""

    book = parse_workbook(_unpack(archive, "xl/workbook.xml"), where)
    targets = parse_rels(part("xl/_rels/workbook.xml.rels"), where)
    meanings = Meanings(
        parse_strings(part("xl/sharedStrings.xml"), where), parse_styles(part("xl/styles.xml"), where), book.epoch_1904
    )

    def open_sheet(name: str) -> Sheet:
        place = targets.get(book.sheets[name].rel_id, "")
        inside = place.lstrip("/") if place.startswith("/") else f"xl/{place}"
        if inside not in names:
            raise FileFormatError(
                f"the sheet {name!r} is not in the workbook ({inside!r})",
                where=where,
                expected="a part for every sheet",
                next_step="save the workbook again",
            )
        return parse_sheet(_unpack(archive, inside), meanings, f"{where}, sheet {name!r}")

    if wanted is not None and wanted not in book.sheets:
        raise UnknownNameError.of("sheet", wanted, book.sheets, where=where)
    visible = [n for n, s in book.sheets.items() if s.visible]
    opened = {n: open_sheet(n) for n in ([wanted] if wanted is not None else visible)}
    filled = [n for n, s in opened.items() if s.cells or s.uncomputed]
    if len(filled) != 1:
        raise FileFormatError(
            f"{len(filled)} visible sheets hold something: {examples(filled)}" if filled else "no sheet holds anything",
            where=where,
            expected="one sheet, or the name of the one that is meant",
            next_step="name it (samples_sheet), or remove the others" if filled else "save the table again",
        )
    others = len(book.sheets) - 1
    notes = []
    if others:
        evidence = f"the sheet {filled[0]!r} was read; {others} other sheets of the workbook were not"
        notes.append(Note("workbook.sheet", "sheet", filled[0], evidence))
    return _tabulate(opened[filled[0]], notes, f"{where}, sheet {filled[0]!r}")


def _tabulate(sheet: Sheet, notes: list[Note], where: str) -> SheetTable:
    _check_formulas(sheet, where)
    first = min(sheet.cells)
    header = sheet.cells[first]
    _check_merged(sheet, first, where)
    lines = sorted(n for n in sheet.cells if n > first)
    last = max(header)
    unnamed = sorted({c for n in lines for c in sheet.cells[n] if c not in header})
    if unnamed:
        letters = [name_cell(0, c) for c in unnamed]
        at = next((n, c) for n in lines for c in sheet.cells[n] if c in unnamed)
        raise FileFormatError(
            f"{len(unnamed)} columns hold something and have no name in the header: {examples(letters)}",
            where=f"{where}, cell {name_cell(*at)}",
            expected=f"a name in row {first} for every column, nothing beside the table",
            next_step="name those columns, or clear the cells beside the table",
        )
    columns = [c for c in range(1, last + 1) if c in header]
    merged = sum(top > first for top, _ in sheet.merged)
    if merged:
        evidence = f"{merged} ranges of merged cells below the header: only the first cell of each has its value"
        notes.append(Note("workbook.merged", "merged cells", str(merged), evidence))
    if sheet.n_dates:
        evidence = f"{sheet.n_dates} cells are dates and became text such as 2024-05-31"
        notes.append(Note("workbook.dates", "dates", str(sheet.n_dates), evidence))
    rows = tuple(_row(sheet.cells[n], columns) for n in lines)
    return SheetTable(tuple(header[c] for c in columns), rows, tuple(lines), tuple(notes))


def _row(cells: Mapping[int, str], columns: Sequence[int]) -> tuple[str, ...]:
    return tuple(cells.get(c, "") for c in columns)


def _check_formulas(sheet: Sheet, where: str) -> None:
    """Refuse formulas without a value, in whichever column: all columns go into the results, and these were empty."""
    if sheet.uncomputed:
        names = [name_cell(*place) for place in sheet.uncomputed]
        raise FileFormatError(
            f"{len(names)} cells hold a formula without its value: {examples(names)}",
            where=f"{where}, cell {names[0]}",
            expected="the values that were computed, stored beside the formulas",
            next_step="open the workbook in Excel or LibreOffice, recalculate, and save it",
        )


def _check_merged(sheet: Sheet, first: int, where: str) -> None:
    over = [text for (top, text) in sheet.merged if top <= first]
    if over:
        raise FileFormatError(
            f"cells of the header are merged: {examples(over)}",
            where=f"{where}, row {first}",
            expected="one cell with a name above every column",
            next_step="unmerge the cells and write one header row",
        )
