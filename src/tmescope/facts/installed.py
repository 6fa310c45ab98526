"""References that a user installed: checked, whole or not at all, several versions side by side."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import uuid
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tmescope.facts.registry import ReferenceFile, find_reference
from tmescope.foundation.errors import (
    FactsError,
    FileFormatError,
    FormatVersionError,
    MissingFileError,
    StoreError,
    UnknownNameError,
)

__all__ = ["Installed", "facts_folder", "install", "list_installed", "remove", "verify"]

FORMAT = 1
_RECORD = "installed.json"
_LARGEST = 512 * 2**20  # bytes of one file after decompression; the largest reference that is known has 5 MB
_BLOCK = 2**20


@dataclass(frozen=True)
class Installed:
    """One installed version of a reference.

    Parameters
    ----------
    name, version : str
        Which; a version that the registry does not know is called after its hash, ``sha256-…``.
    known : bool
        Whether all files have the sha256 that the registry states for `version`.
    sha256 : mapping of str to str
        Role to hash of the file as it was installed.
    files : mapping of str to str
        Role to name in `folder`.
    licence : str
        The terms as the registry stated them then.
    accepted : bool
        Whether the user accepted the licence by name.
    folder : str
        Where the files are.
    """

    name: str
    version: str
    known: bool
    sha256: Mapping[str, str]
    files: Mapping[str, str]
    licence: str
    accepted: bool
    folder: str = ""


def facts_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of installed references.

    Parameters
    ----------
    environment : mapping of str to str
        ``TMESCOPE_FACTS`` is the folder itself; else ``XDG_DATA_HOME``, and else ``~/.local/share``, holds
        ``tmescope/facts``. Relative paths are not taken for XDG_DATA_HOME, as its specification asks.
    """
    if own := environment.get("TMESCOPE_FACTS"):
        return Path(own).expanduser().absolute()
    data = Path(environment.get("XDG_DATA_HOME", ""))
    home = data if data.is_absolute() else Path(environment.get("HOME") or Path.home()) / ".local" / "share"
    return home / "tmescope" / "facts"


def install(name: str, source: Path, *, home: Path, accepted: frozenset[str] = frozenset()) -> Installed:
    """Check the files of a reference and put them under ``home/name/version``.

    Parameters
    ----------
    name : str
        Name in the registry.
    source : Path
        The file, or the folder that holds the files by the names that the registry states.
    home : Path
        As from `facts_folder`.
    accepted : frozenset of str
        Names of references whose licence the user accepts.

    Returns
    -------
    Installed
        Also where the same version was there already: it is written anew.

    Raises
    ------
    UnknownNameError
        No such reference.
    FactsError
        Its licence must be accepted first.
    MissingFileError
        A file is not there.
    FileFormatError
        A file is not what the registry expects: header, number of rows, text, size.
    StoreError
        The folder cannot be written.
    """
    reference = find_reference(name)
    if reference.must_accept and name not in accepted:
        raise FactsError(
            f"the licence of {name} is not accepted: {reference.licence}",
            where=reference.url,
            next_step=f"read the terms, then add: --accept-licence {name}",
        )
    paths = {file.role: _locate(file, source, alone=len(reference.files) == 1) for file in reference.files}
    for file in reference.files:
        _check_content(file, paths[file.role])
    hashes = {role: _hash(path) for role, path in paths.items()}
    version = reference.recognise(hashes)
    named = version or "sha256-" + hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()[:12]
    record = Installed(
        name=name,
        version=named,
        known=version is not None,
        sha256=hashes,
        files={role: role + "".join(path.suffixes[-1:]) for role, path in paths.items()},
        licence=reference.licence,
        accepted=name in accepted,
    )
    try:
        with _staged(home / name / named) as folder:
            for role, path in paths.items():
                shutil.copyfile(path, folder / record.files[role])
            text = json.dumps({"format": FORMAT, **asdict(record)}, indent=1, sort_keys=True)
            (folder / _RECORD).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"the reference cannot be installed: {error.strerror}",
            where=str(home),
            next_step="set TMESCOPE_FACTS to a folder that you may write to",
        ) from error
    return _read(home / name / named / _RECORD)


def list_installed(home: Path) -> tuple[Installed, ...]:
    """Return what is installed, sorted by name and version; nothing where there is no such folder.

    Parameters
    ----------
    home : Path
        As from `facts_folder`.

    Raises
    ------
    FactsError
        A record is damaged.
    FormatVersionError
        A record was written by a newer tmescope.
    """
    return tuple(_read(path) for path in sorted(home.glob(f"[!.]*/[!.]*/{_RECORD}")))


def verify(one: Installed) -> tuple[str, ...]:
    """Compare the files of an installed reference with its record; return what is wrong, nothing if all is well.

    Parameters
    ----------
    one : Installed
        As from `list_installed`.
    """
    wrong = []
    for role, name in one.files.items():
        path = Path(one.folder) / name
        if not path.is_file():
            wrong.append(f"{name} is missing")
        elif _hash(path) != one.sha256[role]:
            wrong.append(f"{name} has another sha256 than when it was installed")
    return tuple(wrong)


def remove(name: str, version: str, *, home: Path) -> None:
    """Remove one installed version.

    Parameters
    ----------
    name, version : str
        As in `list_installed`.
    home : Path
        As from `facts_folder`.

    Raises
    ------
    UnknownNameError
        It is not installed.
    """
    known = {f"{one.name} {one.version}": one for one in list_installed(home)}
    if f"{name} {version}" not in known:
        raise UnknownNameError.of("installed reference", f"{name} {version}", known)
    folder = Path(known[f"{name} {version}"].folder)
    aside = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.old")
    folder.rename(aside)
    shutil.rmtree(aside)


def _read(path: Path) -> Installed:
    where = f"installed facts: {path.parent.parent.name}/{path.parent.name}"
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        written_by = record.pop("format")
        if isinstance(written_by, int) and written_by > FORMAT:
            raise FormatVersionError(
                f"format {written_by} is newer than {FORMAT}", where=where, next_step="use a newer tmescope"
            )
        found = Installed(**{**record, "folder": str(path.parent)})
        files = [Path(name).name == name and role in found.sha256 for role, name in found.files.items()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FactsError(
            "the record of an installed reference is damaged",
            where=where,
            next_step=f"remove {path.parent} and add it again",
        ) from error
    if not all(files) or (found.name, found.version) != (path.parent.parent.name, path.parent.name):
        raise FactsError("the record names other files", where=where, next_step=f"remove {path.parent}")
    return found


def _locate(file: ReferenceFile, source: Path, *, alone: bool) -> Path:
    path = source if alone and not source.is_dir() else source / file.name
    if not path.is_file():
        expected = f"a folder with {file.name}" if not alone else "a file"
        raise MissingFileError(f"there is no file for {file.role!r}", where=str(path), expected=expected)
    return path


def _lines(path: Path) -> Iterator[str]:
    """Yield the lines of a text file, unpacked where it is gzip, with a limit on what comes out."""
    size = 0
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if packed else path.open("rb") as handle:
        while line := handle.readline(_BLOCK):
            size += len(line)
            if size > _LARGEST:
                raise FileFormatError(f"more than {_LARGEST} bytes come out of the file", where=str(path))
            yield line.decode("utf-8-sig" if size == len(line) else "utf-8").rstrip("\r\n")


def _check_content(file: ReferenceFile, path: Path) -> None:
    try:
        lines = _lines(path)
        header = [cell.strip('"') for cell in next(lines, "").split("\t")]
        rows = 1 + sum(1 for line in lines if line)
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FileFormatError(
            f"the file is damaged or not text: {error}", where=str(path), expected=f"the file {file.name}"
        ) from error
    if file.columns and not any(set(columns) <= set(header) for columns in file.columns):
        wanted = " or ".join(", ".join(columns) for columns in file.columns)
        shown = ", ".join(header)[:60]
        raise FileFormatError(f"the first line is {shown!r}", where=str(path), expected=f"the columns {wanted}")
    if rows < file.min_rows:
        raise FileFormatError(
            f"{rows} lines: the file is cut off or another one",
            where=str(path),
            expected=f"at least {file.min_rows}",
        )


def _hash(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@contextmanager
def _staged(final: Path) -> Iterator[Path]:
    # the room store, which does this for results, lies above facts
    final.parent.mkdir(parents=True, exist_ok=True)
    staged = final.with_name(f".{final.name}.{uuid.uuid4().hex[:8]}.part")
    staged.mkdir()
    try:
        yield staged
        aside = final.with_name(f".{final.name}.{uuid.uuid4().hex[:8]}.old")
        if final.is_dir():
            final.rename(aside)
        staged.rename(final)
        shutil.rmtree(aside, ignore_errors=True)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
