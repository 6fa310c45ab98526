"""Parquet, h5ad and workbooks that are broken or mean harm."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tests.ingest import workbooks_made as books
from tests.ingest.matrices_made import as_h5ad, as_parquet, mark
from tests.journeys.hostile import Content, Hostile, matrix_made
from tests.study import tiny

from tmescope.foundation.errors import ExpressionError, FileFormatError, SampleError, TmescopeError

MADE = matrix_made()
N_GENES, N_SAMPLES = len(MADE.genes), len(MADE.samples)
FORMAT = FileFormatError


def _parquet(**changed: Any) -> bytes:
    """Return the matrix with columns replaced or added."""
    values = np.array(MADE.values)
    columns: dict[str, Any] = {"gene": MADE.genes} | {s: values[:, i] for i, s in enumerate(MADE.samples)}
    out = io.BytesIO()
    pq.write_table(pa.table(columns | changed), out)
    return out.getvalue()


def _table(*columns: tuple[str, Any]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array(c) for _, c in columns], names=[n for n, _ in columns]), out)
    return out.getvalue()


def _ones(odd: Any, kind: pa.DataType | None = None) -> pa.Array:
    return pa.array([odd, *([1] * (N_GENES - 1))], kind)


GOOD = as_parquet(MADE)
S0 = MADE.samples[0]
_PARQUET: tuple[tuple[str, bytes, type[TmescopeError], tuple[str, ...], tuple[str, ...]], ...] = (
    ("nested columns", _parquet(S9=[[1.0]] * N_GENES), FORMAT, ("1 columns hold no numbers", "S9 (list<"), ()),
    ("structs", _parquet(S9=[{"a": 1.0}] * N_GENES), FORMAT, ("S9 (struct<",), ()),
    ("truth values", _parquet(S9=[True] * N_GENES), ExpressionError, ("S9 (bool)",), ()),
    ("dates", _parquet(S9=pa.array([0] * N_GENES, pa.timestamp("s"))), ExpressionError, ("S9 (timestamp[",), ()),
    ("whole numbers beyond 2^53", _parquet(**{S0: _ones(2**53 + 1)}), ExpressionError,
     ("1 whole numbers are beyond 2^53: 9007199254740993",), (f"column '{S0}'",)),
    ("unsigned numbers at their end", _parquet(**{S0: _ones(2**64 - 1, pa.uint64())}), ExpressionError,
     ("18446744073709551615",), (f"column '{S0}'",)),
    ("infinity", _parquet(**{S0: _ones(float("inf"))}), ExpressionError, ("1 values are infinite",), (S0,)),
    ("a sample of nulls", _parquet(**{S0: pa.nulls(N_GENES, pa.float64())}), ExpressionError,
     ("1 samples have no value at all",), ()),
    ("a gene without a name", _parquet(gene=[None, *MADE.genes[1:]]), ExpressionError, ("1 rows have no name",), ()),
    ("NUL in a name", _parquet(gene=["A\0", *MADE.genes[1:]]), ExpressionError, ("'A\\x00'",), ("gene axis",)),
    ("names in bytes", _parquet(gene=[g.encode() for g in MADE.genes]), FORMAT, ("no column holds names",), ()),
    ("a sample twice", _table(("gene", MADE.genes), *[(S0, np.ones(N_GENES))] * 2), ExpressionError,
     ("1 sample names occur more than once",), ("sample axis",)),
    ("no rows", _table(("gene", pa.array([], pa.string())), (S0, pa.array([], pa.float64()))), FORMAT,
     ("0 rows and 1 columns",), ()),
    ("one column", _table(("gene", MADE.genes)), FORMAT, ("147 rows and 0 columns",), ()),
    ("a cut file", GOOD[:-50], FORMAT, ("the Parquet file cannot be opened",), ()),
    ("the middle cut out", GOOD[:100] + GOOD[-8:], FORMAT, ("smaller than the size reported",), ()),
    ("a footer alone", b"PAR1" + struct.pack("<I", 2**31 - 1) + b"PAR1", FORMAT, ("cannot be opened",), ()),
    ("a pickle", pickle.dumps([1] * 9), FORMAT, ("the file is a Python pickle",), ()),
    ("HDF5", as_h5ad(MADE), FORMAT, ("the file is an HDF5 file",), ()),
)  # fmt: skip


def _replaced(name: str, **dataset: Any) -> Callable[[h5py.File], object]:
    def change(file: h5py.File) -> None:
        del file[name]
        mark(file.create_dataset(name, **dataset), "array", "0.2.0")

    return change


def _linked(name: str, link: object) -> Callable[[h5py.File], object]:
    def change(file: h5py.File) -> None:
        if name in file:
            del file[name]
        file[name] = link

    return change


def _filled(name: str, value: object) -> Callable[[h5py.File], object]:
    def change(file: h5py.File) -> None:
        file[name][...] = value

    return change


def _with_column(**dataset: Any) -> Callable[[h5py.File], object]:
    def change(file: h5py.File) -> None:
        file["obs"].attrs["column-order"] = np.array(["more"], dtype=h5py.string_dtype())
        mark(file["obs"].create_dataset("more", **dataset), "array", "0.2.0")

    return change


def _first_name(file: h5py.File) -> None:
    file["obs/_index"][0] = "S1\n00"


def _elsewhere(inside: str) -> h5py.ExternalLink:
    return h5py.ExternalLink("other.h5ad", inside)


SHAPE = (N_SAMPLES, N_GENES)
BIG = np.full(SHAPE, 1, np.int64)
BIG[0, 0] = 2**53 + 1
PICKLED = np.array([[pickle.dumps(1).hex()] * N_GENES] * N_SAMPLES, dtype=object)
_H5AD: tuple[tuple[str, Callable[[h5py.File], object], type[TmescopeError], tuple[str, ...]], ...] = (
    ("no X", lambda file: file.pop("X"), FORMAT, ("the file holds no X; it has obs, var",)),
    ("no obs", lambda file: file.pop("obs"), FORMAT, ("holds no table 'obs'",)),
    ("objects", _replaced("X", data=PICKLED, dtype=h5py.string_dtype()), FORMAT, ("the values are objects",)),
    ("compounds", _replaced("X", data=np.zeros(SHAPE, [("a", "f8")])), FORMAT, ("of the type [('a', '<f8')]",)),
    ("complex numbers", _replaced("X", data=np.zeros(SHAPE, complex)), FORMAT, ("complex128",)),
    ("pickled bytes", _replaced("X", data=np.void(pickle.dumps(1))), FORMAT, ("|V",)),
    ("three dimensions", _replaced("X", data=np.zeros((2, 2, 2))), FORMAT, ("(shape (2, 2, 2))",)),
    ("nothing in X", _replaced("X", data=h5py.Empty("f8")), FORMAT, ("the values have no shape",)),
    ("another shape", _replaced("X", data=np.ones((3, 2))), ExpressionError, ("the matrix is (3, 2)",)),
    ("a matrix of terabytes", _replaced("X", shape=(10**6, 10**6), dtype="f8", chunks=(100, 100)), FORMAT,
     ("8,000,000,000,000 bytes (shape (1000000, 1000000))",)),
    ("a column of terabytes", _with_column(shape=(10**12,), dtype="f8", chunks=(1000,)), FORMAT,
     ("8,000,000,000,000 bytes (shape (1000000000000,))",)),
    ("whole numbers beyond 2^53", _replaced("X", data=BIG), ExpressionError, ("9007199254740993",)),
    ("unsigned numbers at their end", _replaced("X", data=np.full(SHAPE, 2**64 - 1, np.uint64)), ExpressionError,
     ("3528 whole numbers are beyond 2^53: 18446744073709551615",)),
    ("nothing but NaN", _filled("X", np.nan), ExpressionError, ("all samples have no value",)),
    ("infinities", _filled("X", np.inf), ExpressionError, ("3528 values are infinite",)),
    ("a line break in a name", _first_name, ExpressionError, ("1 sample names hold", "'S1\\n00'")),
    ("a matrix in another file", _linked("X", _elsewhere("/X")), FORMAT, ("'X' is a link to another file",)),
    ("a table in another file", _linked("obs", _elsewhere("/obs")), FORMAT, ("'obs' is a link to another file",)),
    ("names in another file", _linked("var/_index", _elsewhere("/x")), FORMAT, ("'_index' is a link to another",)),
    ("a column in any file", _with_column(shape=(24,), dtype="S1", external=[("/etc/hostname", 0, 24)]), FORMAT,
     ("the values are stored in other files",)),
    ("a link to itself", _linked("X", h5py.SoftLink("/X")), FORMAT, ("'X' is a link to another place",)),
)  # fmt: skip
_SPARSE: tuple[tuple[str, Callable[[h5py.File], object], tuple[str, ...]], ...] = (
    ("indices beyond the matrix", _filled("X/indices", 10**6), ("not sound: the indices go from 1,000,000",)),
    ("negative indices", _filled("X/indices", -5), ("not sound: the indices go from -5",)),
    ("pointers beyond the data", _filled("X/indptr", [0, *([10**8] * N_SAMPLES)]),
     ("not sound: the pointers end at 100,000,000",)),
    ("pointers that decrease", _filled("X/indptr", [0, 9, 3, *([9] * (N_SAMPLES - 2))]),
     ("not sound: the pointers decrease",)),
    ("values in another file", _linked("X/data", _elsewhere("/X")), ("'data' is a link to another file",)),
)  # fmt: skip


def _book(*rows: str, more: dict[str, str] | None = None, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, text in (books.workbook({"s": books.sheet(*rows)}) | (more or {})).items():
            archive.writestr(name, text)
    return out.getvalue()


HEAD = books.cell("A1", "sample_id") + books.cell("B1", "patient_id")
ROW = books.cell("A2", S0) + books.cell("B2", "P1")
STRINGS = "xl/sharedStrings.xml"


def _lying() -> bytes:
    """Return a workbook with a part that grows to 64 MB and says that it has 1,000 bytes."""
    data = bytearray(_book(HEAD, ROW, more={STRINGS: "<sst>" + " " * (64 << 20) + "</sst>"}))
    at = data.rindex(STRINGS.encode()) - 46
    struct.pack_into("<I", data, at + 24, 1000)
    return bytes(data)


def _damaged() -> bytes:
    data = bytearray(_book(HEAD, ROW))
    data[60] ^= 0xFF
    return bytes(data)


def _shared(number: str) -> bytes:
    row = f'<c r="A2" t="s"><v>{number}</v></c>'
    return _book(HEAD, row, more={STRINGS: "<sst><si><t>a</t></si></sst>"})


def _number(text: str) -> bytes:
    return _book(HEAD, books.cell("A2", S0) + f'<c r="B2"><v>{text}</v></c>')


def _book_of_samples(first: str) -> bytes:
    """Return the sample table of the study with another name of its first sample."""
    frame = tiny.cohort_frames(1, 24)[1].astype(object)
    frame.iloc[0, 0] = first
    rows = [list(frame.columns), *frame.to_numpy().tolist()]
    return _book(
        *("".join(books.cell(f"{'ABCDEFGH'[i]}{n}", v) for i, v in enumerate(row)) for n, row in enumerate(rows, 1))
    )


ENTITY = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><sst><si><t>&x;</t></si></sst>'
_BOOKS: tuple[tuple[str, Content, type[TmescopeError], tuple[str, ...]], ...] = (
    ("a part outside", _book(HEAD, ROW, more={"../../x": "x"}), FORMAT, ("outside of itself ('../../x')",)),
    ("a part at an absolute place", _book(HEAD, ROW, more={"/etc/x": "x"}), FORMAT, ("outside of itself ('/etc/x')",)),
    ("a zip bomb", lambda path: _book(HEAD, ROW, more={STRINGS: " " * (64 << 20)}), FORMAT,
     ("-fold when decompressed",)),
    ("a zip bomb that lies", lambda path: _lying(), FORMAT, ("Bad CRC-32",)),
    ("another compression", _book(HEAD, ROW, method=zipfile.ZIP_LZMA), FORMAT, ("compressed in a way",)),
    ("links to other workbooks", _book(HEAD, ROW, more={"xl/externalLinks/a.xml": "x"}), FORMAT, ("other workbooks",)),
    ("macros", _book(HEAD, ROW, more={"xl/vbaProject.bin": "x"}), FORMAT, ("holds macros (xl/vbaProject.bin)",)),
    ("an entity of XML", _book(HEAD, ROW, more={STRINGS: ENTITY}), FORMAT, ("declares a document type",)),
    ("an encoding that XML lacks", _book(HEAD, ROW, more={STRINGS: '<?xml version="1.0" encoding="utf-7"?><a/>'}),
     FORMAT, ("XML is damaged (multi-byte",)),
    ("an encoding that nobody knows", _book(HEAD, ROW, more={STRINGS: '<?xml version="1.0" encoding="x"?><a/>'}),
     FORMAT, ("XML is damaged (unknown encoding",)),
    ("damaged data", _damaged(), FORMAT, ("the workbook cannot be read (",)),
    ("a cut archive", _book(HEAD, ROW)[:-40], FORMAT, ("not a zip file",)),
    ("a document of words", books.packed({"word/document.xml": "x"}), FORMAT, ("no Excel workbook",)),
    ("a negative shared text", _shared("-1"), FORMAT, ("'-1' is not the number of a shared text",)),
    ("a shared text that is not there", _shared("7"), FORMAT, ("the cell A2 cannot be read (list index",)),
    ("a number with underscores", _number("1_0"), FORMAT, ("the cell B2 cannot be read ('1_0' is not a number)",)),
    ("an infinite number", _number("1e999"), FORMAT, ("'1e999' is not a number",)),
    ("half a character", _book(HEAD, books.cell("A2", "_xD800_")), FORMAT, ("a character that is none",)),
    ("a text of 10 MB", lambda path: _book(HEAD, books.cell("A2", "S" * (10 << 20))), FORMAT,
     ("10,485,760 characters",)),
    ("a cell twice", _book(HEAD, ROW + books.cell("A2", "S2")), FORMAT, ("the cell A2 is there twice",)),
    ("a cell beyond the sheet", _book(HEAD, books.cell("XFE2", 1)), FORMAT, ("'XFE2' is not the place of a cell",)),
    ("a header alone", _book(HEAD), FORMAT, ("a header of 2 columns and no rows",)),
    ("nothing", _book(), FORMAT, ("no sheet holds anything",)),
    ("a line break in a name", _book_of_samples("S1\n00"), SampleError,
     ("values of sample_id hold control characters",)),
)  # fmt: skip


def _other_file(path: Path, data: bytes) -> None:
    """Write the file and, beside it, the one that links lead to."""
    path.with_name("other.h5ad").write_bytes(as_h5ad(MADE))
    path.write_bytes(data)


def _linking(data: bytes) -> Callable[[Path], object]:
    return lambda path: _other_file(path, data)


HOSTILE_BINARIES = (
    *(Hostile(f"parquet: {n}", "matrix", "m.parquet", d, e, v, ("m.parquet", *w)) for n, d, e, v, w in _PARQUET),
    *(
        Hostile(f"h5ad: {n}", "matrix", "m.h5ad", _linking(as_h5ad(MADE, change=c)), e, v, ("m.h5ad",))
        for n, c, e, v in _H5AD
    ),
    *(
        Hostile(
            f"sparse h5ad: {n}",
            "matrix",
            "m.h5ad",
            _linking(as_h5ad(MADE, kind="csr_matrix", change=c)),
            FORMAT,
            v,
            ("m.h5ad",),
        )
        for n, c, v in _SPARSE
    ),
    *(Hostile(f"xlsx: {n}", "samples", "s.xlsx", d, e, v, ("s.xlsx",)) for n, d, e, v in _BOOKS),
)
