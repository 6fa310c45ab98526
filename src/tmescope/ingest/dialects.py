"""Which dialect a text table is written in: by evidence of its first MiB, declared where the evidence is ambiguous."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from tmescope.foundation.errors import FileFormatError, examples
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes
from tmescope.ingest.delimited import DELIMITERS
from tmescope.ingest.formats import check_first_words
from tmescope.ingest.matrix import Note
from tmescope.ingest.number_styles import NumberStyle
from tmescope.ingest.options import MISSING_WORDS, Dialect, FileFormat

__all__ = ["FoundDialect", "find_dialect", "point_in_doubt"]

_NAMES = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}
_HEAD = 1 << 20
_MOST_RECORDS = 200
_MOST_CELLS = 20_000
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SPACES = " \u00a0\u202f'"
_PROOFS: tuple[tuple[str, str, str], ...] = (
    (r"[+-]?(\d+,(\d{1,2}|\d{4,})|0,\d+|\d{4,},\d+)([eE][+-]?\d+)?", ",", ""),
    (r"[+-]?(\d+\.(\d{1,2}|\d{4,})|0\.\d+|\d{4,}\.\d+)([eE][+-]?\d+)?", ".", ""),
    (r"[+-]?\d{1,3}(\.\d{3})+,\d+", ",", "."),
    (r"[+-]?\d{1,3}(,\d{3})+\.\d+", ".", ","),
    (r"[+-]?[1-9]\d{0,2}(,\d{3}){2,}", ".", ","),
    (r"[+-]?[1-9]\d{0,2}(\.\d{3}){2,}", ",", "."),
)
"""Cells that only one decimal mark (and thousands separator) explains."""
_GROUPED = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?P<mark>[{_SPACES}])\d{{3}}((?P=mark)\d{{3}})*([.,]\d+)?")
_EITHER = {mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}}") for mark in ",."}
_WHOLE = re.compile(r"[+-]?[1-9]\d*")
_SEPARATED_FROM = 4  # digits
_SEP = re.compile(r'"?sep=(?P<mark>[^\w\s"]|\t)"?[\r\n]*', re.IGNORECASE)
"""What Excel writes and reads as the first line of a file."""
_NUMBER_LIKE = re.compile(rf"[+-]?\d[\d.,{_SPACES}]*([eE][+-]?\d+)?")

_DECIMALS = ('decimal = "."', 'decimal = ","')
_POINT_STEPS = (_DECIMALS[0], 'thousands = "."')


@dataclass(frozen=True)
class FoundDialect:
    """How the cells of a text table are separated and written.

    Parameters
    ----------
    delimiter, decimal, thousands : str
        One character each; `thousands` may be empty.
    encoding : str
        A codec of Python.
    n_comments : int
        Lines above the header that are no part of the table: those that begin with ``#``, and ``sep=;`` of Excel.
    is_plain : bool
        Whether the readers of the format need no help.
    notes : tuple of Note
        What differs from plain, with its evidence.
    step, doubtful : str
        See `tmescope.ingest.number_styles.NumberStyle`.
    is_proven : bool
        Whether a cell or a declaration says what a point means, if one stands in the rows that were not looked at.
    """

    delimiter: str
    decimal: str = "."
    thousands: str = ""
    encoding: str = "utf-8-sig"
    n_comments: int = 0
    is_plain: bool = True
    notes: tuple[Note, ...] = ()
    step: str = ""
    doubtful: str = ""
    is_proven: bool = True

    @property
    def style(self) -> NumberStyle:
        """How numbers are written."""
        return NumberStyle(self.decimal, self.thousands, self.step, self.doubtful)


def find_dialect(
    path: Path,
    form: FileFormat,
    declared: Dialect | None = None,
    *,
    names_first: bool = False,
    key: str = "dialect",
    limits: Limits = DEFAULT_LIMITS,
) -> FoundDialect:
    """Find the dialect of a TSV or CSV file.

    Parameters
    ----------
    path : Path
        Plain or gzip.
    form : {'tsv', 'csv'}
        Its own delimiter is taken where it fits.
    declared : Dialect, optional
        Wins over evidence, key by key.
    names_first : bool
        Whether the table is a matrix: its first column holds names, and numbers that can be read in two ways are
        an error. In a sample table they stay text, which is noted; whoever uses them as numbers is then told.
    key : str
        Where the dialect can be declared, for messages; empty where that cannot be.
    limits : Limits
        On the decompressed size.

    Returns
    -------
    FoundDialect

    Raises
    ------
    FileFormatError
        Where the evidence fits two dialects.

    Notes
    -----
    A delimiter fits where it splits all records into equally many cells (the header may have one fewer, as R writes
    it), the header into at least two. A decimal comma needs a cell that nothing else explains, such as ``0,5``;
    ``1,234`` alone is ambiguous. So is ``1.234`` where semicolons separate cells, as programs write them that have
    the decimal comma, and beside whole numbers below 1,000 alone in one column; elsewhere it has a decimal point.
    Delimiters are found in the first 200 records, marks there and, where those leave a doubt, in the first MiB. Columns
    of a sample table that hold fewer words than numbers raise doubts, and prove marks where no other column has any.
    """
    asked = declared or Dialect()
    with open_bytes(path, limits=limits) as handle:
        head = handle.read(_HEAD)
    if asked.comment is None:  # else #1.2 of GCT would be a comment
        check_first_words(head, str(path))
    encoding = asked.encoding or next((name for bom, name in _BOMS if head.startswith(bom)), "utf-8-sig")
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head, len(head) < _HEAD)
    except UnicodeDecodeError:
        return FoundDialect(asked.delimiter or DELIMITERS[form])  # the reader says where
    lines = list(io.StringIO(text, newline=""))  # as files have lines: U+2028 and form feeds end none
    is_cut = len(head) == _HEAD
    if is_cut:
        lines = lines[:-1]
    told = _SEP.fullmatch(lines[0]) if len(lines) > 1 else None
    n_told = 1 if told else 0
    n_comments = n_told + _count_comments(lines[n_told:], asked, str(path))
    table = _Beginning(tuple(lines[n_comments:]), is_cut)
    delimiter, notes = _find_delimiter(table, form, asked, told=told and told["mark"], where=str(path))
    found = FoundDialect(delimiter, encoding=encoding, n_comments=n_comments)
    found = _find_marks(found, table, asked, where=str(path), key=key, matrix=names_first)
    plain = found.delimiter == DELIMITERS[form] and found.decimal == "." and not found.thousands and not n_comments
    notes = (*notes, *found.notes, *_describe(found, lines[n_told:], head, n_comments=n_comments - n_told))
    return replace(found, is_plain=plain and found.encoding == "utf-8-sig", notes=notes)


@dataclass(frozen=True)
class _Beginning:
    """The lines of a file from its header on, as far as they were read, and whether that is not all of it."""

    lines: tuple[str, ...]
    is_cut: bool

    def split(self, delimiter: str, *, most: int | None = None) -> list[list[str]]:
        """Return the header and the first records, at most some; a record that may not be whole is left out."""
        rows: list[list[str]] = []
        try:
            for row in csv.reader(self.lines, delimiter=delimiter):
                if len(rows) == most:
                    return rows
                if any(row):
                    rows.append(row)
        except csv.Error:  # the reader says where
            return rows
        return rows[:-1] if self.is_cut and len(rows) > 2 else rows


def _describe(found: FoundDialect, lines: Sequence[str], head: bytes, *, n_comments: int) -> Iterator[Note]:
    if found.decimal == ",":
        yield Note("dialect.decimal", "decimal mark", ",", "numbers are written with a decimal comma")
    if found.thousands:
        shown = found.thousands
        evidence = f"numbers have {shown!r} between thousands"
        yield Note("dialect.thousands", "thousands separator", shown, evidence)
    if n_comments:
        evidence = f"{n_comments} lines above the header begin with '#' and were left out"
        yield Note("dialect.comments", "comment lines", str(n_comments), evidence)
    if found.encoding != "utf-8-sig":
        yield Note("dialect.encoding", "encoding", found.encoding, f"the text is in {found.encoding}, not in UTF-8")
    elif head.startswith(codecs.BOM_UTF8):
        evidence = "the text begins with a byte order mark, which is no part of it"
        yield Note("dialect.byte_order_mark", "byte order mark", "utf-8", evidence)
    if lines and lines[0].endswith("\r\n"):
        yield Note("dialect.line_ends", "line ends", "CRLF", "lines end with CRLF, as Windows writes them")


def _count_comments(lines: Sequence[str], asked: Dialect, where: str) -> int:
    if asked.comment == "":
        return 0
    n = next((i for i, line in enumerate(lines) if not line.startswith(asked.comment or "#")), 0)
    if n and asked.comment is None:
        rivals = [d for d in _NAMES if lines[n - 1].count(d) == lines[n].count(d) > 0]
        if rivals:
            raise _ambiguous(
                f"line {n} begins with '#' and has as many cells as line {n + 1}: it may be a comment or the header",
                where=f"{where}, line {n}",
                step='declare comment = "#" where it is a comment, comment = "" where it is the header',
            )
    return n


def _find_delimiter(
    table: _Beginning, form: FileFormat, asked: Dialect, *, told: str | None, where: str
) -> tuple[str, tuple[Note, ...]]:
    own = DELIMITERS[form]
    if asked.delimiter:
        return asked.delimiter, ()
    if told:
        name = _NAMES.get(told, repr(told))
        evidence = f"the first line, sep={told}, says what separates cells, and was left out".replace("\t", "tab")
        return told, (Note("dialect.delimiter", "delimiter", name, evidence),)
    fits = {d: width for d in _NAMES if (width := _width(table.split(d, most=_MOST_RECORDS))) > 1}
    rivals = [d for d in fits if d != own and fits[d] > fits.get(own, 0)]
    if not rivals:
        return own, ()
    if len(rivals) > 1 or own in fits:
        every = [d for d in fits if d == own or d in rivals]
        raise _ambiguous(
            "the cells can be split at " + " or ".join(f"{_NAMES[d]}s ({fits[d]} columns)" for d in every),
            where=where,
            step='declare the delimiter, such as delimiter = ";"',
        )
    evidence = f"cells are separated by {_NAMES[rivals[0]]}s, which split all lines into {fits[rivals[0]]}"
    return rivals[0], (Note("dialect.delimiter", "delimiter", _NAMES[rivals[0]], evidence),)


def _width(rows: Sequence[list[str]]) -> int:
    widths = [len(row) for row in rows]
    if len(widths) < 2 or len(set(widths[1:])) > 1 or widths[0] < 2 or widths[1] - widths[0] not in (0, 1):
        return 0
    return widths[1]


@dataclass(frozen=True)
class _Doubt:
    """What can be read in two ways, what to declare, and the marks that are not clear; nothing where all is."""

    what: str = ""
    keys: tuple[str, ...] = ()
    marks: str = ".,"


@dataclass(frozen=True)
class _Marks:
    """What single cells prove about decimal marks and separators of thousands, each with an example."""

    decimals: dict[str, str]
    thousands: dict[str, str]
    either: dict[str, str]
    is_separating: bool
    """Whether a point may separate thousands where nothing else tells."""

    def conflict(self, asked: Dialect) -> _Doubt:
        """Return what can be read in two ways."""
        if asked.decimal is None and len(self.decimals) > 1:
            shown = examples(self.decimals.values())
            return _Doubt(f"numbers are written with a decimal point and with a comma: {shown}", _DECIMALS)
        if asked.thousands is None and len(self.thousands) > 1:
            shown = examples(self.thousands.values())
            return _Doubt(f"thousands are separated in several ways: {shown}", tuple(map(_thousands, self.thousands)))
        decimal, separator = self.chosen(asked)
        if separator and separator == decimal:
            return _Doubt(f"{separator!r} cannot be the decimal mark and separate thousands", _DECIMALS)
        if asked.thousands is not None or separator:
            return _Doubt()
        return self._doubt(decimal, is_declared=asked.decimal is not None)

    def _doubt(self, decimal: str, *, is_declared: bool) -> _Doubt:
        comma = "," if "," in self.either and decimal != "," and not is_declared else ""
        is_told = not self.is_separating or is_declared or bool(self.decimals and not comma)
        point = "." if "." in self.either and (decimal == "," or not is_told) else ""
        if comma:  # where that may be the decimal mark, points may separate thousands
            what = f"{self.either[',']!r} can have a decimal comma or a separator of thousands, and no other cell tells"
            return _Doubt(what, (_DECIMALS[1], _thousands(",")), point + comma)
        if point and decimal == ",":
            what = f"{self.either['.']!r} can have a decimal point or a separator of thousands beside decimal commas"
            return _Doubt(what, (_thousands("."),), point)
        return _Doubt(_say_point(self.either["."]), _POINT_STEPS, point) if point else _Doubt()

    def chosen(self, asked: Dialect) -> tuple[str, str]:
        """Return the decimal mark and the separator of thousands."""
        separator = asked.thousands if asked.thousands is not None else next(iter(self.thousands), "")
        return asked.decimal or next(iter(self.decimals), "," if separator == "." else "."), separator


def _say_point(cell: str) -> str:
    return f"{cell!r} can have a decimal point or a separator of thousands, and no other cell tells"


def _say_step(key: str, keys: Sequence[str]) -> str:
    if not key:
        return "write numbers with a decimal point and without separators of thousands"
    return f"declare {key} = " + " or ".join(f"{{ {one} }}" for one in keys)


def _find_marks(
    found: FoundDialect, table: _Beginning, asked: Dialect, *, where: str, key: str, matrix: bool
) -> FoundDialect:
    for most in (_MOST_RECORDS, None) if matrix else (None,):
        marks = _weigh(table.split(found.delimiter, most=most)[1:], found.delimiter, skip=1 if matrix else 0)
        doubt = marks.conflict(asked)
        if not doubt.what:
            break
    if doubt.what and matrix:
        raise _ambiguous(doubt.what, where=where, step=_say_step(key, doubt.keys))
    decimal, separator = marks.chosen(asked)
    if doubt.what:  # a column of identifiers such as 1.001 takes nothing from the decimal mark of others
        decimal = decimal if asked.decimal or len(marks.decimals) == 1 else "."
        step = _say_step(key, doubt.keys)
        evidence = f"{doubt.what}; where such cells are wanted as numbers, {step}"
        note = Note("dialect.ambiguous", "numbers", "ambiguous", evidence)
        return replace(found, decimal=decimal, notes=(note,), step=step, doubtful=doubt.marks)
    is_proven = bool(marks.decimals or separator or asked.decimal or asked.thousands is not None)
    can_be_told = decimal == "." and not (asked.decimal or separator)  # of cells that were not looked at, or hidden
    step = _say_step(key, (_DECIMALS[1], _thousands(","))) if can_be_told else ""
    return replace(found, decimal=decimal, thousands=separator, step=step, is_proven=is_proven)


def _weigh(rows: Sequence[list[str]], delimiter: str, *, skip: int) -> _Marks:
    columns, mixed = _numeric_columns(rows, skip)
    mixed = [] if skip else mixed
    cells, others = _marked(columns), _marked(mixed)
    proving = cells or others  # words stand in lists too, whose commas prove nothing beside numbers
    proofs = {(d, t): c for p, d, t in _PROOFS for c in proving if re.fullmatch(p, c)}
    thousands = {t: c for (_, t), c in proofs.items() if t}
    thousands |= {m["mark"]: c for c in proving if (m := _GROUPED.fullmatch(c))}
    either = {mark: c for mark, pattern in _EITHER.items() for c in (*others, *cells) if pattern.fullmatch(c)}
    is_separating = delimiter == ";" or any(map(_may_separate, (*columns, *mixed)))
    return _Marks({d: c for (d, _), c in proofs.items()}, thousands, either, is_separating)


def _marked(columns: Sequence[list[str]]) -> list[str]:
    """Return distinct cells, some of each column, that are more than digits: whole numbers say nothing about marks."""
    most = max(_MOST_RECORDS, _MOST_CELLS // max(1, len(columns)))
    distinct = (dict.fromkeys(c for c in column if not c.lstrip("+-").isdigit()) for column in columns)
    return list(dict.fromkeys(chain.from_iterable(islice(cells, most) for cells in distinct)))


def _may_separate(cells: Sequence[str]) -> bool:
    """Return whether a point may separate thousands: rounded numbers are rarely whole, and never so large."""
    whole = [len(c.lstrip("+-")) for c in cells if _WHOLE.fullmatch(c)]
    if not whole or max(whole) >= _SEPARATED_FROM or any(re.fullmatch(_PROOFS[1][0], c) for c in cells):
        return False
    return any(_EITHER["."].fullmatch(c) for c in cells)


def _numeric_columns(rows: Sequence[list[str]], skip: int) -> tuple[list[list[str]], list[list[str]]]:
    """Return what looks like numbers in columns that hold nothing else, and in those that hold fewer words."""
    pure: list[list[str]] = []
    mixed: list[list[str]] = []
    width = max((len(row) for row in rows), default=0)
    for i in range(skip, width):
        cells = [row[i].strip() for row in rows if i < len(row)]
        present = [c for c in cells if c not in MISSING_WORDS]
        numbers = [c for c in present if _NUMBER_LIKE.fullmatch(c)]
        if 2 * len(numbers) > len(present):
            (pure if len(numbers) == len(present) else mixed).append(numbers)
    return pure, mixed


def _thousands(mark: str) -> str:
    return f'thousands = "{mark}"'


def point_in_doubt(cell: str, *, where: str) -> FileFormatError:
    """Return the error for a matrix in which nothing says what a point is.

    Parameters
    ----------
    cell : str
        One with a point, such as ``1.234``.
    where : str
        The file and the line.
    """
    return _ambiguous(_say_point(cell), where=where, step=_say_step("dialect", _POINT_STEPS))


def _ambiguous(what: str, *, where: str, step: str) -> FileFormatError:
    return FileFormatError(what, where=where, expected="a table that can be read in one way", next_step=step)
