"""Which dialect a text table is written in: by evidence of its first MiB, declared where the evidence is ambiguous."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from tmescope.foundation.errors import FileFormatError, examples
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes
from tmescope.ingest.delimited import DELIMITERS
from tmescope.ingest.formats import check_first_words
from tmescope.ingest.matrix import Note
from tmescope.ingest.options import MISSING_WORDS, Dialect, FileFormat

__all__ = ["FoundDialect", "find_dialect", "plain_numbers"]

_NAMES = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}
_HEAD = 1 << 20
_MOST_LINES = 200
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
_NUMBER_LIKE = re.compile(rf"[+-]?\d[\d.,{_SPACES}]*([eE][+-]?\d+)?")


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
        Lines above the header that begin with ``#``.
    is_plain : bool
        Whether the readers of the format need no help.
    notes : tuple of Note
        What differs from plain, with its evidence.
    """

    delimiter: str
    decimal: str = "."
    thousands: str = ""
    encoding: str = "utf-8-sig"
    n_comments: int = 0
    is_plain: bool = True
    notes: tuple[Note, ...] = ()


def find_dialect(
    path: Path,
    form: FileFormat,
    declared: Dialect | None = None,
    *,
    names_first: bool = False,
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
    A delimiter fits where it splits all lines into equally many cells (the header may have one fewer, as R writes
    it), the header into at least two. A decimal comma needs a cell that nothing else explains, such as ``0,5``;
    ``1,234`` alone is ambiguous. Evidence is taken from the first 200 lines.
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
    if len(head) == _HEAD:
        lines = lines[:-1]
    lines = lines[:_MOST_LINES]
    n_comments = _count_comments(lines, asked, str(path))
    delimiter, notes = _find_delimiter(lines[n_comments:], form, asked, where=str(path))
    found = FoundDialect(delimiter, encoding=encoding, n_comments=n_comments)
    rows = list(_split(lines[n_comments:], delimiter))[1:]
    found = _find_marks(found, rows, asked, where=str(path), matrix=names_first)
    plain = found.delimiter == DELIMITERS[form] and found.decimal == "." and not found.thousands and not n_comments
    notes = (*notes, *found.notes, *_describe(found, lines, head))
    return replace(found, is_plain=plain and found.encoding == "utf-8-sig", notes=notes)


def _describe(found: FoundDialect, lines: Sequence[str], head: bytes) -> Iterator[Note]:
    if found.decimal == ",":
        yield Note("dialect.decimal", "decimal mark", ",", "numbers are written with a decimal comma")
    if found.thousands:
        shown = found.thousands
        evidence = f"numbers have {shown!r} between thousands"
        yield Note("dialect.thousands", "thousands separator", shown, evidence)
    if found.n_comments:
        evidence = f"{found.n_comments} lines above the header begin with '#' and were left out"
        yield Note("dialect.comments", "comment lines", str(found.n_comments), evidence)
    if found.encoding != "utf-8-sig":
        yield Note("dialect.encoding", "encoding", found.encoding, f"the text is in {found.encoding}, not in UTF-8")
    elif head.startswith(codecs.BOM_UTF8):
        yield Note("", "byte order mark", "utf-8", "The text begins with a byte order mark, which is no part of it.")
    if lines and lines[0].endswith("\r\n"):
        yield Note("", "line ends", "CRLF", "Lines end as Windows writes them.")


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
    lines: Sequence[str], form: FileFormat, asked: Dialect, *, where: str
) -> tuple[str, tuple[Note, ...]]:
    own = DELIMITERS[form]
    if asked.delimiter:
        return asked.delimiter, ()
    fits = {d: width for d in _NAMES if (width := _width(lines, d)) > 1}
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


def _width(lines: Sequence[str], delimiter: str) -> int:
    widths = [len(row) for row in _split(lines, delimiter)]
    if len(widths) < 2 or len(set(widths[1:])) > 1 or widths[0] < 2 or widths[1] - widths[0] not in (0, 1):
        return 0
    return widths[1]


def _split(lines: Sequence[str], delimiter: str) -> Iterator[list[str]]:
    try:
        yield from (row for row in csv.reader(lines, delimiter=delimiter) if any(row))
    except csv.Error:  # the reader says where
        return


@dataclass(frozen=True)
class _Marks:
    """What single cells prove about decimal marks and separators of thousands, each with an example."""

    decimals: dict[str, str]
    thousands: dict[str, str]
    either: dict[str, str]

    def conflict(self, asked: Dialect) -> tuple[str, str]:
        """Return what can be read in two ways and what to declare; empty texts where all is clear."""
        if asked.decimal is None and len(self.decimals) > 1:
            shown = examples(self.decimals.values())
            return f"numbers are written with a decimal point and with a comma: {shown}", 'decimal = ","'
        if asked.thousands is None and len(self.thousands) > 1:
            shown = examples(self.thousands.values())
            return f"thousands are separated in several ways: {shown}", 'thousands = "."'
        decimal, separator = self.chosen(asked)
        if separator and separator == decimal:
            return f"{separator!r} cannot be the decimal mark and separate thousands", "decimal and thousands"
        told = asked.thousands is not None or separator
        if "," in self.either and decimal != "," and not (told or asked.decimal):
            what = f"{self.either[',']!r} can have a decimal comma or a separator of thousands, and no other cell tells"
            return what, 'decimal = "," or thousands = ","'
        if "." in self.either and decimal == "," and not told:
            what = f"{self.either['.']!r} can have a decimal point or a separator of thousands beside decimal commas"
            return what, 'thousands = "."'
        return "", ""

    def chosen(self, asked: Dialect) -> tuple[str, str]:
        """Return the decimal mark and the separator of thousands."""
        decimal = asked.decimal or next(iter(self.decimals), ".")
        return decimal, asked.thousands if asked.thousands is not None else next(iter(self.thousands), "")


def _find_marks(
    found: FoundDialect, rows: Sequence[list[str]], asked: Dialect, *, where: str, matrix: bool
) -> FoundDialect:
    cells = list(dict.fromkeys(islice(_numeric_cells(rows, 1 if matrix else 0), _MOST_CELLS)))
    proofs = {(d, t): c for p, d, t in _PROOFS for c in cells if re.fullmatch(p, c)}
    thousands = {t: c for (_, t), c in proofs.items() if t}
    thousands |= {m["mark"]: c for c in cells if (m := _GROUPED.fullmatch(c))}
    either = {mark: c for mark, pattern in _EITHER.items() for c in cells if pattern.fullmatch(c)}
    marks = _Marks({d: c for (d, _), c in proofs.items()}, thousands, either)
    what, step = marks.conflict(asked)
    if what and matrix:
        raise _ambiguous(what, where=where, step=f"declare the dialect: {step}")
    if what:
        evidence = f"{what}; such cells stay text until the dialect is declared: {step}"
        return replace(found, notes=(Note("dialect.ambiguous", "numbers", "ambiguous", evidence),))
    decimal, separator = marks.chosen(asked)
    return replace(found, decimal=decimal, thousands=separator)


def _numeric_cells(rows: Sequence[list[str]], skip: int) -> Iterator[str]:
    """Yield the cells of columns that hold nothing but what looks like numbers."""
    width = max((len(row) for row in rows), default=0)
    for i in range(skip, width):
        cells = [row[i].strip() for row in rows if i < len(row)]
        present = [c for c in cells if c not in MISSING_WORDS]
        if all(_NUMBER_LIKE.fullmatch(c) for c in present):
            yield from present


def plain_numbers(found: FoundDialect, cells: Sequence[str]) -> list[str | None]:
    """Return numbers of a dialect as they would stand in a plain table: a decimal point, no separators.

    Parameters
    ----------
    found : FoundDialect
        The dialect.
    cells : sequence of str
        One column or row.

    Returns
    -------
    list of str or None
        None for a cell that is neither a number of the dialect nor one of `MISSING_WORDS`; those stay.
    """
    mark, group = re.escape(found.decimal), re.escape(found.thousands)
    whole = rf"(\d+|\d{{1,3}}({group}\d{{3}})+)" if group else r"\d+"
    number = re.compile(rf"[+-]?({whole}({mark}\d*)?|{mark}\d+)([eE][+-]?\d+)?", re.ASCII)
    plain: list[str | None] = []
    for cell in cells:
        if cell in MISSING_WORDS:
            plain.append(cell)
        elif number.fullmatch(cell.strip()):
            plain.append(cell.strip().replace(found.thousands, "").replace(found.decimal, "."))
        else:
            plain.append(None)
    return plain


def _ambiguous(what: str, *, where: str, step: str) -> FileFormatError:
    return FileFormatError(what, where=where, expected="a table that can be read in one way", next_step=step)
