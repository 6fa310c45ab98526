"""What is no file at all, sample tables, lists of genes and study files that are broken or mean harm."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
from tests.journeys.hostile import STUDY, Hostile, matrix_made, writer
from tests.study import tiny

from tmescope.foundation.errors import (
    FileFormatError,
    MissingFileError,
    SampleError,
    StudyFileError,
    TmescopeError,
)
from tmescope.study import ingesting

FORMAT, MISSING = FileFormatError, MissingFileError
_PLACES = (
    ("matrix", "m.tsv"),
    ("matrix", "m.gct"),
    ("matrix", "m.parquet"),
    ("matrix", "m.h5ad"),
    ("matrix", "m_series_matrix.txt"),
    ("samples", "s.csv"),
    ("samples", "s.xlsx"),
)
"""Whose place what is no file takes."""


def _listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        here = Path.cwd()
        os.chdir(path.parent)  # the name of a socket may have 107 bytes
        try:
            one.bind(path.name)
        finally:
            os.chdir(here)


_NO_FILES: tuple[tuple[str, Callable[[Path], object], type[TmescopeError], str], ...] = (
    ("no bytes", lambda path: path.write_bytes(b""), FORMAT, "empty (0 bytes)"),
    ("a folder", lambda path: path.mkdir(), FORMAT, "is a folder, not a file"),
    ("a pipe", os.mkfifo, FORMAT, "is a pipe, not a file"),
    ("a socket", _listening, FORMAT, "is a socket, not a file"),
    ("a device without an end", lambda path: path.symlink_to("/dev/zero"), FORMAT, "is a device, not a file"),
    ("a link to itself", lambda path: path.symlink_to(path.name), MISSING, "is a link that leads back to itself"),
    ("a link to nothing", lambda path: path.symlink_to("gone"), MISSING, "there is no file"),
)


@contextlib.contextmanager
def _growing(path: Path) -> Iterator[None]:
    """Let somebody write to the file as soon as it was read."""
    real = ingesting.read_cohort

    def read(*arguments: object, **options: object) -> object:
        found = real(*arguments, **options)  # type: ignore[arg-type]
        with path.open("ab") as file:
            file.write(b"\n")
        return found

    with mock.patch.object(ingesting, "read_cohort", read):
        yield


@contextlib.contextmanager
def _shrinking(path: Path) -> Iterator[None]:
    """Cut the file after its hash was taken, before it is read."""
    real = ingesting.read_cohort

    def read(*arguments: object, **options: object) -> object:
        os.truncate(path, path.stat().st_size - 40)
        return real(*arguments, **options)  # type: ignore[arg-type]

    with mock.patch.object(ingesting, "read_cohort", read):
        yield


def _samples(*columns: tuple[str, object]) -> Callable[[Path], object]:
    table = pa.Table.from_arrays([pa.array(c) for _, c in columns], names=[n for n, _ in columns])
    return lambda path: pq.write_table(table, path)


TABLE = tiny.cohort_frames(1, 24)[1].to_csv(index=False).encode()
LINES = TABLE.splitlines(keepends=True)
TSV = writer("tsv").write(matrix_made())
_TABLES: tuple[tuple[str, str, bytes | Callable[[Path], object], type[TmescopeError], tuple[str, ...]], ...] = (
    ("a header alone", "s.csv", LINES[0], FORMAT, ("a header of 8 columns and no rows",)),
    ("UTF-16 without a mark", "s.csv", TABLE.decode().encode("utf-16-be"), FORMAT, ("binary",)),
    ("lone carriage returns", "s.csv", TABLE.replace(b"\n", b"\r"), FORMAT, ("a carriage return stands alone",)),
    ("NUL in a cell", "s.csv", TABLE.replace(b"pre", b"p\0e", 1), FORMAT, ("a NUL byte in the text",)),
    ("a cell of 10 MB", "s.csv", TABLE.replace(b"pre", b"p" * (10 << 20), 1), FORMAT, ("field larger than",)),
    ("a quote that is not closed", "s.csv", TABLE.replace(b"P1-01", b'"P1-01', 1), FORMAT, ("cannot be parsed",)),
    ("a byte order mark in the middle", "s.csv", TABLE.replace(b"S1-04", b"\xef\xbb\xbfS1-04"), SampleError,
     ("1 values of sample_id hold", "\\ufeffS1-04")),
    ("an escape in a patient's name", "s.csv", TABLE.replace(b"P1-04", b"\x1b]0;P\x07"), SampleError,
     ("1 values of patient_id hold", "\\x1b]0;P")),
    ("a line break in a sample's name", "s.csv", TABLE.replace(b"S1-05", b'"S1\n05"'), SampleError, ("'S1\\n05'",)),
    ("a web page", "s.csv", b"<!DOCTYPE html><html>", FORMAT, ("a web page or XML",)),
    ("nested columns", "s.parquet", _samples(("sample_id", [["a"]])), FORMAT, ("sample_id (list<",)),
    ("bytes", "s.parquet", _samples(("sample_id", [b"\xff"])), FORMAT, ("sample_id (binary)",)),
    ("a column without a name", "s.parquet", _samples(("sample_id", ["a"]), ("", ["b"])), FORMAT,
     ("1 columns have no name, at position 2",)),
    ("no columns", "s.parquet", lambda path: pq.write_table(pa.table({}), path), FORMAT, ("0 columns and no rows",)),
    ("a matrix of nf-core", "s.tsv", writer("nfcore_rnaseq").write(matrix_made()), FORMAT,
     ("the content is that of the format 'nfcore_rnaseq'",)),
)  # fmt: skip
_UNIVERSES: tuple[tuple[str, bytes | Callable[[Path], object], type[TmescopeError], tuple[str, ...]], ...] = (
    ("a pipe", os.mkfifo, FORMAT, ("is a pipe, which may",)),
    ("a device without an end", lambda path: path.symlink_to("/dev/zero"), FORMAT, ("is a device, which may",)),
    ("a gigabyte", lambda path: (path.touch(), os.truncate(path, 1 << 30)), FORMAT, ("has 1,073,741,824 bytes",)),
    ("a folder", lambda path: path.mkdir(), MISSING, ("Is a directory",)),
    ("a link to itself", lambda path: path.symlink_to(path.name), MISSING, ("cannot be read",)),
    ("nothing but comments", b"# none\n", FORMAT, ("names no gene",)),
)
_STUDIES: tuple[tuple[str, bytes | Callable[[Path], object], type[TmescopeError], tuple[str, ...]], ...] = (
    ("a pipe", os.mkfifo, StudyFileError, ("this is a pipe or a device",)),
    ("a folder", lambda path: path.mkdir(), StudyFileError, ("this is a folder",)),
    ("not UTF-8", b'format = 1\nid = "\xff"\n', StudyFileError, ("the study file is not TOML",)),
    ("a gigabyte", lambda path: (path.touch(), os.truncate(path, 1 << 30)), StudyFileError, ("1073741824 bytes",)),
    ("a key twice", b"format = 1\nformat = 1\n", StudyFileError, ("Cannot overwrite a value",)),
    ("tables without an end", b"a = " + b"[" * 5000, StudyFileError, ("not TOML: maximum recursion",)),
)

HOSTILE_FILES = (
    *(
        Hostile(f"{name} for {file_name}", role, file_name, make, error, (said,), (file_name,))
        for role, file_name in _PLACES
        for name, make, error, said in _NO_FILES
    ),
    *(Hostile(f"samples: {n}, {f}", "samples", f, c, e, v, (f,)) for n, f, c, e, v in _TABLES),
    *(Hostile(f"gene universe: {n}", "universe", "genes.txt", c, e, v, ("genes.txt",)) for n, c, e, v in _UNIVERSES),
    *(Hostile(f"study: {n}", "study", STUDY, c, e, v, (STUDY,)) for n, c, e, v in _STUDIES),
    Hostile("a matrix that grows while it is read", "matrix", "m.tsv", TSV, FORMAT,
            ("the file changed while it was read: 'm.tsv'",), ("m.tsv",), meanwhile=_growing),
    Hostile("a matrix that shrinks while it is read", "matrix", "m.tsv", TSV, FORMAT,
            ("line 148 has",), ("m.tsv, line 148",), meanwhile=_shrinking),
    Hostile("samples that grow while they are read", "samples", "s.csv", TABLE, FORMAT,
            ("the file changed while it was read: 's.csv'",), ("s.csv",), meanwhile=_growing),
)  # fmt: skip
