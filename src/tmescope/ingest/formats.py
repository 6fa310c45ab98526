"""Which format a file is in, by what was declared or by its ending, and whether its first bytes agree."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from tmescope.foundation.errors import FileFormatError, MissingFileError
from tmescope.ingest.decompress import GZIP_MAGIC
from tmescope.ingest.options import FileFormat
from tmescope.ingest.tenx_folder import is_tenx_folder

__all__ = [
    "ENDINGS",
    "META_STUDY",
    "NAMES",
    "check_content",
    "check_file",
    "check_first_words",
    "check_text",
    "find_first_words",
    "find_format",
    "find_lengths",
    "is_study_folder",
]

ENDINGS: dict[str, FileFormat] = {
    ".tsv": "tsv",
    ".txt": "tsv",
    ".tab": "tsv",
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".h5ad": "h5ad",
    ".gct": "gct",
    ".xlsx": "xlsx",
}
"""File endings and the format they stand for; text formats may carry a further ``.gz``."""

NAMES: dict[str, FileFormat] = {
    r".*_series_matrix\.txt": "geo_series_matrix",
    r"(.*[_.-])?samplesheet\.csv": "samplesheet",
    r".*_(feature|gene)_bc_matri(x|ces)(_h5)?\.h5": "10x_h5",
    r"(.*\.)?salmon\.merged\.gene_\w+\.tsv": "nfcore_rnaseq",
}
"""Whole file names (as patterns, without ``.gz``) that say more than their ending: those that GEO, nf-core
and Cell Ranger give."""

META_STUDY = "meta_study.txt"
"""The file that makes a folder the study of a cBioPortal."""

_FIRST_WORDS: tuple[tuple[bytes, FileFormat], ...] = (
    (b"!Series_", "geo_series_matrix"),
    (b"#1.2", "gct"),
    (b"#1.3", "gct"),
    (b"gene_id\tgene_name\t", "nfcore_rnaseq"),
)

_LENGTH = re.compile(r"((effective|gene)_?)?length", re.IGNORECASE)
_ZIP = "a ZIP archive (perhaps an Excel workbook)"
_UTF16 = "text in UTF-16"
_SIGNATURES = (
    (GZIP_MAGIC, "a gzip file"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"PAR1", "a Parquet file"),
    (b"PK\x03\x04", _ZIP),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"(\xb5/\xfd", "a zstd file"),
    (b"\x80\x04\x95", "a Python pickle"),
    (b"\x80\x05\x95", "a Python pickle"),
    (b"RDX", "an R data file"),
    (b"%PDF", "a PDF"),
    (b"\xff\xfe", _UTF16),
    (b"\xfe\xff", _UTF16),
)
_KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
_MARKUP = (b"<!doctype", b"<html", b"<?xml")
_HEAD = 512
_OWN_SIGNATURE = {"parquet": "a Parquet file", "h5ad": "an HDF5 file", "10x_h5": "an HDF5 file", "xlsx": _ZIP}


def find_format(path: Path, declared: FileFormat | None = None) -> FileFormat:
    """Return the format of a file and check that its first bytes agree.

    Parameters
    ----------
    path : Path
        An existing, non-empty file; or the folder of a cBioPortal study, which its ``meta_study.txt`` shows, of a Zarr
        store, or of the three files that Cell Ranger writes.
    declared : str, optional
        See `FileFormat`. Wins over the name; the name that GEO or nf-core gives wins over the ending.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FileFormatError
        If it is another folder, empty, of an unknown ending, or if its first bytes belong to another format.
    """
    if declared in (None, "cbioportal") and is_study_folder(path):
        return "cbioportal"
    if declared == "cbioportal" and os.path.isdir(path):  # noqa: PTH112 - it never raises
        return "cbioportal"
    if declared == "zarr" or (declared is None and path.suffix.lower() == ".zarr"):
        return _find_store(path)
    if declared in (None, "10x_mtx") and is_tenx_folder(path):
        return "10x_mtx"
    check_file(path)
    if declared == "cbioportal":
        raise FileFormatError(
            f"{path.name!r} is a file; a cBioPortal study is a folder",
            where=str(path),
            expected="the folder that holds meta_study.txt",
            next_step="name the folder, or declare the format of the file",
        )
    suffixes = [s.lower() for s in path.suffixes]
    gzipped = bool(suffixes) and suffixes[-1] == ".gz"
    ending = (suffixes[-2] if len(suffixes) > 1 else "") if gzipped else (suffixes[-1] if suffixes else "")
    plain = path.name[:-3] if gzipped else path.name
    named = next((form for pattern, form in NAMES.items() if re.fullmatch(pattern, plain, re.IGNORECASE)), None)
    found = declared or named or ENDINGS.get(ending)
    if found is None:
        raise FileFormatError(
            f"the ending {ending or path.name!r} does not say which format the file is in",
            where=str(path),
            expected=f"one of {', '.join(ENDINGS)}, .zarr; text also with .gz",
            next_step="declare the format, or rename the file",
        )
    _check_signature(path, found, gzipped=gzipped)
    return found


def is_study_folder(path: Path) -> bool:
    """Return whether a path is a folder that holds ``meta_study.txt``."""
    try:
        return path.is_dir() and (path / META_STUDY).exists()
    except OSError:  # a name too long, a folder that may not be read: whoever opens it says so
        return False


def _find_store(path: Path) -> FileFormat:
    if not path.exists():
        check_file(path)
    if not path.is_dir():
        raise FileFormatError(
            f"{path.name!r} is a file; a Zarr store is a folder",
            where=str(path),
            expected="the folder that anndata wrote",
            next_step="unpack it, or declare the right format",
        )
    return "zarr"


def check_file(path: Path) -> None:
    """Check that a path is a readable file with something in it.

    Raises
    ------
    MissingFileError
        If it does not exist (a broken or circular link included) or may not be read.
    FileFormatError
        If it is empty, a folder, or a pipe, socket or device, which might never end.
    """
    try:
        found = path.stat()
        if stat.S_ISREG(found.st_mode):
            path.open("rb").close()
    except (OSError, ValueError) as error:  # also link loops, NUL in the name
        raise _unopened(path, error) from error
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "a device")
        raise FileFormatError(
            f"{path.name!r} is {kind}, not a file",
            where=str(path),
            expected="a file with an end, that can be read twice",
            next_step=f"name the file in it; only the folder of a cBioPortal study, with {META_STUDY}, is read "
            "whole, or one with matrix.mtx, features.tsv (or genes.tsv) and barcodes.tsv"
            if stat.S_ISDIR(found.st_mode)
            else "write the data to a file",
        )
    size = found.st_size
    if size == 0:
        raise FileFormatError(
            "the file is empty (0 bytes)",
            where=str(path),
            expected="a header line and rows",
            next_step="write or download the file again",
        )


def _unopened(path: Path, error: OSError | ValueError) -> MissingFileError:
    reason = getattr(error, "strerror", None) or error
    code = getattr(error, "errno", None)
    if code == errno.ELOOP:
        what = f"{path.name!r} is a link that leads back to itself"
    elif code in (errno.ENOENT, errno.ENOTDIR):
        what = f"there is no file {path.name!r}"
        what += ", to which the link of that name shall lead" if path.is_symlink() else ""
    else:
        what = f"the file cannot be opened ({reason})"
    step = "check the path; paths in a study file are relative to that file"
    return MissingFileError(what, where=str(path), expected="a file that may be read", next_step=step)


def check_text(head: bytes, where: str) -> None:
    """Check that the (decompressed) beginning of a file is text that a table can start with.

    Parameters
    ----------
    head : bytes
        The first bytes.
    where : str
        For the message.

    Raises
    ------
    FileFormatError
        If it is nothing, a web page, XML, UTF-16 or binary, or begins as another format of text does.
    """
    check_first_words(head, where)
    check_content(head, where)


def check_content(head: bytes, where: str) -> None:
    """Check that the (decompressed) beginning of a file is text, whatever its first words are.

    Parameters
    ----------
    head, where
        See `check_text`.

    Raises
    ------
    FileFormatError
        See `check_text`.
    """
    looks = _looks_like(head)
    if looks is None and b"\0" in head:
        looks = "binary"
    if looks is None and not head.strip():
        looks = "empty"
    if looks is not None:
        raise FileFormatError(
            f"the content is {looks}, not a table of text",
            where=where,
            expected="UTF-8 text with a header line",
            next_step="declare the right format, or convert the file",
        )


def find_first_words(head: bytes) -> FileFormat | None:
    """Return the format of text that begins so, None where the first words belong to none.

    Parameters
    ----------
    head : bytes
        The first bytes.
    """
    return next((form for words, form in _FIRST_WORDS if head.startswith(words)), None)


def find_lengths(names: Iterable[str]) -> list[str]:
    """Return the columns that hold lengths of genes, by their names: no sample is called so.

    Parameters
    ----------
    names : iterable of str
        Of columns.
    """
    return [name for name in names if _LENGTH.fullmatch(name)]


def check_first_words(head: bytes, where: str) -> None:
    """Check that a file that shall be a plain table does not begin as another format of text does.

    Parameters
    ----------
    head : bytes
        The first bytes.
    where : str
        For the message.

    Raises
    ------
    FileFormatError
        If it begins as GCT, a GEO series matrix or a matrix of nf-core/rnaseq, unless a column of lengths shows it to
        be a table about genes.
    """
    told = find_first_words(head)
    names = head.partition(b"\n")[0].decode("utf-8", "replace").rstrip("\r").replace('"', "").split("\t")
    if told is not None and not (told == "nfcore_rnaseq" and find_lengths(names)):
        raise FileFormatError(
            f"the content is that of the format {told!r}, not a plain table",
            where=where,
            expected="a header line and rows",
            next_step=f"declare the format {told!r}",
        )


def _check_signature(path: Path, found: FileFormat, *, gzipped: bool) -> None:
    with path.open("rb") as handle:
        looks = _looks_like(handle.read(_HEAD))
    wanted = _OWN_SIGNATURE.get(found, "a gzip file" if gzipped else None)
    if looks == wanted or (found in ("tsv", "csv", "samplesheet") and looks == _UTF16):
        return
    declared = wanted or f"plain {found.upper()} text"
    raise FileFormatError(
        f"the file is {looks or 'not ' + declared}; its name or its declaration says {declared}",
        where=str(path),
        expected=declared,
        next_step="declare the right format, or rename or convert the file",
    )


def _looks_like(head: bytes) -> str | None:
    found = next((name for magic, name in _SIGNATURES if head.startswith(magic)), None)
    if found is None and head.lstrip()[:15].lower().startswith(_MARKUP):
        found = "a web page or XML"
    return found
