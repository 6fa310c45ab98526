"""Every fault of text in every format of text."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.journeys.hostile import Hostile, matrix_made, writer

from tmescope.foundation.errors import ExpressionError, FileFormatError, TmescopeError

MADE = matrix_made()
GENE, SAMPLE = MADE.genes[1].encode(), MADE.samples[0].encode()
N = len(MADE.samples)
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Text:
    """A format of text: its file, the line of the second gene, how many cells of text a row begins with."""

    writer: str
    file_name: str
    row: int
    n_text: int = 1
    between: bytes = b"\t"
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lines(self) -> list[bytes]:
        """The good file."""
        return writer(self.writer).write(MADE).splitlines(keepends=True)

    def with_row(self, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
        """Return the file with the cells of the second gene changed."""
        lines = self.lines
        cells = lines[self.row - 1].rstrip(b"\n").split(self.between)
        lines[self.row - 1] = self.between.join(change(cells)) + b"\n"
        return b"".join(lines)

    def swollen(self) -> bytes:
        """Return the file with 40 MB of empty lines, which all readers pass over."""
        return b"".join([*self.lines[: self.row], b"\n" * (40 << 20), *self.lines[self.row :]])

    def with_cell(self, value: bytes, column: int = 0) -> bytes:
        """Return the file with one number of the second gene replaced."""
        at = self.n_text + column
        return self.with_row(lambda cells: [*cells[:at], value, *cells[at + 1 :]])

    def with_name(self, change: Callable[[bytes], bytes]) -> bytes:
        """Return the file with the name of the second gene changed."""
        return self.with_row(lambda cells: [c if c.strip(b'"') != GENE else change(c) for c in cells])


TEXTS = (
    Text("tsv", "m.tsv", 3),
    Text("csv", "m.csv", 3, between=b","),
    Text("gct 1.2", "m.gct", 5, 2),
    Text("geo_series_matrix", "m_series_matrix.txt", 10),
    Text("nfcore_rnaseq", "n.tsv", 3, 2, options={"format": "nfcore_rnaseq", "gene_column": "gene_name"}),
)
"""A new format of text is one line here."""


def _inside(cell: bytes, odd: bytes) -> bytes:
    middle = len(cell) // 2
    return cell[:middle] + odd + cell[middle:]


Fault = tuple[Callable[[Text], bytes], type[TmescopeError], tuple[str, ...], tuple[str, ...]]
"""How the file is made; the error; what is said; where, with {row} for the line."""

LAST = f"column '{MADE.samples[0]}'"
PLACE = (f"gene '{MADE.genes[1]}'", f"sample '{MADE.samples[0]}'")
FAULTS: dict[str, Fault] = {
    "a byte that is not UTF-8": (
        lambda t: t.with_name(lambda c: _inside(c, b"\xe4")),
        FileFormatError,
        ("byte 0xe4 is not UTF-8",),
        ("line {row}",),
    ),
    "a row with one cell more": (
        lambda t: t.with_row(lambda cells: [*cells, b"1"]),
        FileFormatError,
        ("line {row} has ", "the header has "),
        ("line {row}",),
    ),
    "a row that is cut": (
        lambda t: t.with_row(lambda cells: cells[:-2]),
        FileFormatError,
        ("line {row} has ", "the header has "),
        ("line {row}",),
    ),
    "a word among numbers": (
        lambda t: t.with_cell(b"high"),
        ExpressionError,
        ("1 cells are not numbers: 'high'",),
        ("line {row}", LAST),
    ),
    "NAN in capitals": (
        lambda t: t.with_cell(b"NAN"),
        ExpressionError,
        ("1 cells are not numbers: 'NAN'",),
        ("line {row}", LAST),
    ),
    "a negative NaN": (
        lambda t: t.with_cell(b"-nan"),
        ExpressionError,
        ("1 cells are not numbers: '-nan'",),
        ("line {row}", LAST),
    ),
    "a number in hexadecimal": (
        lambda t: t.with_cell(b"0x1F"),
        ExpressionError,
        ("1 cells are not numbers: '0x1F'",),
        ("line {row}", LAST),
    ),
    "minus infinity": (
        lambda t: t.with_cell(b"-inf"),
        ExpressionError,
        ("1 values are infinite, the first is -inf",),
        PLACE,
    ),
    "a number beyond all doubles": (
        lambda t: t.with_cell(b"1e999"),
        ExpressionError,
        ("1 values are infinite, the first is inf",),
        PLACE,
    ),
    "a row of missing words in all samples": (
        lambda t: b"".join(
            t.between.join(c if i < t.n_text else b"NA" for i, c in enumerate(line.split(t.between))) + b"\n"
            if n >= t.row - 1 and not line.startswith(b"!")
            else line
            for n, line in enumerate(t.lines, start=1)
        ),
        ExpressionError,
        ("all samples have no value at all", f"'{MADE.samples[0]}'"),
        (),
    ),
    "NUL in the name of a gene": (
        lambda t: t.with_name(lambda c: _inside(c, b"\0")),
        ExpressionError,
        ("1 gene names hold control characters", "\\x00"),
        ("gene axis",),
    ),
    "an escape sequence in the name of a gene": (
        lambda t: t.with_name(lambda c: _inside(c, b"\x1b[31m")),
        ExpressionError,
        ("1 gene names hold control characters", "\\x1b[31m"),
        ("gene axis",),
    ),
    "a byte order mark in the middle": (
        lambda t: t.with_name(lambda c: _inside(c, BOM) if c.startswith(b'"') else BOM + c),
        ExpressionError,
        ("1 gene names hold control characters or a byte order mark", "\\ufeff"),
        ("gene axis",),
    ),
    "lone carriage returns": (
        lambda t: b"".join(t.lines).replace(b"\n", b"\r"),
        FileFormatError,
        ("carriage return",),
        ("line 1",),
    ),
    "UTF-16 without a mark": (
        lambda t: b"".join(t.lines).decode().encode("utf-16-le"),
        FileFormatError,
        (),
        (),
    ),
}


def _cases() -> list[Hostile]:
    cases = []
    for text in TEXTS:
        for name, (make, error, value, where) in FAULTS.items():
            said = tuple(v.format(row=text.row) for v in value)
            place = (text.file_name, *(w.format(row=text.row) for w in where))
            full = f"{text.writer}: {name}"
            cases.append(Hostile(full, "matrix", text.file_name, make(text), error, said, place, text.options))
    return cases


def _packed() -> list[Hostile]:
    cases = []
    for text in TEXTS:
        good = b"".join(text.lines)
        name = f"{text.file_name}.gz"
        for fault, data, said in (
            ("gzip that is cut", gzip.compress(good)[:-9], "without its closing checksum"),
            (
                "gzip with a wrong checksum",
                gzip.compress(good)[:-8] + b"\1\2\3\4" + gzip.compress(good)[-4:],
                "damaged",
            ),
            ("rubbish behind the gzip", gzip.compress(good) + b"rubbish", "after the first gzip member are not gzip"),
            ("a gzip bomb", lambda path, text=text: gzip.compress(text.swollen()), "-fold when decompressed"),
        ):
            full = f"{text.writer}: {fault}"
            cases.append(Hostile(full, "matrix", name, data, FileFormatError, (said,), (name,), text.options))
    return cases


def _huge(cell: bytes) -> bytes:
    return cell[:1] + b"G" * (10 << 20) + cell[-1:]


def _with_a_long_name(_: object) -> bytes:
    return b"".join([*TEXTS[0].lines, b"Z" * (20 << 20), b"\t1" * N, b"\n"])


def _single() -> list[Hostile]:
    tsv, csv, gct, geo, nfcore = TEXTS
    twice = b"".join(tsv.lines).replace(MADE.samples[1].encode(), SAMPLE, 1)
    joined = b"".join(csv.lines).replace(GENE, b'"' + GENE[:2] + b"\n" + GENE[2:] + b'"', 1)
    one = b"".join(line.split(b"\t")[0] + b"\n" for line in tsv.lines)
    mixed = tsv.with_row(lambda cells: [cells[0], b",".join(cells[1:])])
    sizes = b"".join(gct.lines).replace(b"\t24\n", b"\t23\n", 1)
    return [
        Hostile("a sample twice", "matrix", "m.tsv", twice, ExpressionError, ("1 sample names occur more than once",)),
        Hostile("a line break in a name", "matrix", "m.csv", joined, FileFormatError, ("line 3 has 1 cells",),
                ("line 3",)),
        Hostile("a cell of 20 MB far below", "matrix", "m.tsv", _with_a_long_name, ExpressionError,
                ("1 gene names have more than 1,000 characters",)),
        Hostile("a number of 10 MB", "matrix", "m.tsv", lambda path: tsv.with_cell(b"1" * (10 << 20), 5),
                ExpressionError,
                ("1 values are infinite",), (f"sample '{MADE.samples[5]}'",)),
        Hostile("a name of 10 MB in GCT", "matrix", "m.gct", lambda path: gct.with_name(_huge), ExpressionError,
                ("1 gene names have more than 1,000 characters",), ("gene axis",)),
        Hostile("a name of 10 MB in a series matrix", "matrix", geo.file_name, lambda path: geo.with_name(_huge),
                ExpressionError, ("1 gene names have more than 1,000 characters",), ("gene axis",)),
        Hostile("a byte order mark before the first row of GCT", "matrix", "m.gct",
                b"".join([*gct.lines[:3], BOM, *gct.lines[3:]]), FileFormatError,
                ("a byte order mark stands in the middle",), ("line 4",)),
        Hostile("one column", "matrix", "m.tsv", one, FileFormatError, ("one column only",), ("line 1",)),
        Hostile("mixed delimiters", "matrix", "m.tsv", mixed, FileFormatError, ("line 3 has 2 cells",), ("line 3",)),
        Hostile("a header alone in CSV", "matrix", "m.csv", csv.lines[0], FileFormatError, ("no rows",)),
        Hostile("a header alone in GCT", "matrix", "m.gct", b"".join(gct.lines[:3]), FileFormatError, ("no rows",)),
        Hostile("a header alone of nf-core", "matrix", "n.tsv", nfcore.lines[0], FileFormatError,
                ("there is a header and no rows",), (), nfcore.options),
        Hostile("a table alone without its head", "matrix", geo.file_name, b"".join(geo.lines[6:]), FileFormatError,
                ("no samples",), ("!Sample_geo_accession",)),
        Hostile("a series matrix that is cut", "matrix", geo.file_name, b"".join(geo.lines[:-3]), FileFormatError,
                ("ends without the line !series_matrix_table_end",)),
        Hostile("a series matrix without rows", "matrix", geo.file_name, b"".join([*geo.lines[:8], geo.lines[-1]]),
                ExpressionError, ("has no rows",)),
        Hostile("GCT of other sizes", "matrix", "m.gct", sizes, FileFormatError, ("line 2 says 23 samples",),
                ("line 2",)),
        Hostile("GCT that is cut", "matrix", "m.gct", b"".join(gct.lines[:-5]), FileFormatError,
                ("rows; there are",), ("line 2",)),
        Hostile("GCT of sizes beyond all memory", "matrix", "m.gct", b"#1.3\n9\t9\t999999999\t9\n", FileFormatError,
                ("the sizes are",), ("line 2",)),
        Hostile("GCT called CSV", "matrix", "m.csv", b"".join(gct.lines), FileFormatError,
                ("the content is that of the format 'gct'",)),
        Hostile("GCT called TSV", "matrix", "m.tsv", b"".join(gct.lines), FileFormatError,
                ("the content is that of the format 'gct'",)),
        Hostile("a series matrix called TSV", "matrix", "m.tsv", b"".join(geo.lines), FileFormatError,
                ("the content is that of the format 'geo_series_matrix'",)),
        Hostile("a matrix of nf-core called TSV", "matrix", "m.tsv", b"".join(nfcore.lines), FileFormatError,
                ("the content is that of the format 'nfcore_rnaseq'",)),
        Hostile("TSV called GCT", "matrix", "m.gct", b"".join(tsv.lines), FileFormatError, ("the first line is 'gene",),
                ("line 1",)),
        Hostile("TSV called a series matrix", "matrix", geo.file_name, b"".join(tsv.lines), FileFormatError,
                ("the line begins 'gene",), ("line 1",)),
    ]  # fmt: skip


HOSTILE_TEXTS = (*_cases(), *_packed(), *_single())
