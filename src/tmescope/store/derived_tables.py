"""Tables that follow from what a lake holds: made once for each state of it, kept beside it, believed only whole."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from tmescope.foundation.errors import StoreError
from tmescope.store.atomic import staged_folder
from tmescope.store.lake_files import explain_file
from tmescope.store.lake_layout import LakeFile
from tmescope.store.lake_parts import checksum

if TYPE_CHECKING:
    from tmescope.store.lake_layout import LakeLayout

__all__ = ["FOLDER", "FORMAT", "VERSION", "DerivedTables", "derived_files", "read_derived", "write_derived"]

FORMAT = "tmescope-derived"
VERSION = 1
FOLDER = "derived"
"""Folder of the lake in which they lie, one folder a kind of tables and state."""
_ROOT = "derived.json"
_LARGEST_ROOT = 1 << 20
_KEPT = 2
_IN_USE = 86_400.0
"""Seconds since it was made or last opened in which a state may still be read by another process."""
_NAME = re.compile(r"[a-z][a-z_]{0,40}")
_MOST = 1 << 62


@dataclass(frozen=True)
class DerivedTables:
    """Tables that were read back and found whole.

    Parameters
    ----------
    folder : Path
        In which they lie.
    about : mapping of str to object
        What their maker said of them.
    n_rows : mapping of str to int
        By table.
    """

    folder: Path
    about: Mapping[str, Any]
    n_rows: Mapping[str, int]

    def file(self, table: str) -> Path:
        """Return the file of a table."""
        return self.folder / f"{table}.parquet"


def derived_folder(path: Path, kind: str, layout: LakeLayout) -> Path:
    """Return the folder of the tables of a kind for what a lake holds: parts, versions and mentions decide its name.

    Parameters
    ----------
    path : Path
        Folder of the lake.
    kind : str
        Of tables.
    layout : LakeLayout
        What it holds.
    """
    return path / FOLDER / f"{kind}-{layout.tagged_state}"


def read_derived(
    path: Path, kind: str, layout: LakeLayout, *, schemas: Mapping[str, pa.Schema], most_rows: int
) -> DerivedTables | None:
    """Read what is kept for a state of a lake.

    Parameters
    ----------
    path : Path
        Folder of the lake.
    kind : str
        Of tables.
    layout : LakeLayout
        What the lake holds.
    schemas : mapping of str to pyarrow.Schema
        Columns of each table.
    most_rows : int
        More no table can have.

    Returns
    -------
    DerivedTables or None
        None where nothing is kept for this state, or a newer version wrote it.

    Raises
    ------
    StoreError
        If what is kept is damaged, or was made of something else.
    """
    folder = derived_folder(path, kind, layout)
    if not folder.exists():
        return None
    place = f"{FOLDER}/{folder.name}"
    said = _read_root(folder, place)
    if said["version"] > VERSION:
        return None
    if said["key"] != folder.name or said["files"].keys() != schemas.keys():
        raise _damaged(path, f"{place}/{_ROOT}", "tells of other tables than belong here")
    for table, file in said["files"].items():
        own = f"{place}/{table}.parquet"
        if how := explain_file(folder / f"{table}.parquet", file) or _unlike(
            folder / f"{table}.parquet", file, schemas[table], most_rows=most_rows
        ):
            raise _damaged(path, own, how)
    with suppress(OSError):
        os.utime(folder)  # it is in use
    return DerivedTables(folder, said["about"], {name: file.n_rows for name, file in said["files"].items()})


def write_derived(
    path: Path,
    kind: str,
    layout: LakeLayout,
    *,
    about: Mapping[str, Any],
    write: Callable[[Path], Mapping[str, int]],
) -> None:
    """Keep tables for a state of a lake, in one step; those of all but the last two states are removed.

    Parameters
    ----------
    path : Path
        Folder of the lake.
    kind : str
        Of tables.
    layout : LakeLayout
        What the lake holds.
    about : mapping of str to object
        Of what JSON can hold.
    write : callable
        Writes ``<table>.parquet`` into the folder that it is given; returns the rows of each table.

    Raises
    ------
    OSError
        If nothing can be written there.

    Notes
    -----
    A state that was made or opened within a day stays: another process may still read its files.
    """
    final = derived_folder(path, kind, layout)
    with staged_folder(final) as staged:
        files = {
            table: LakeFile(n, (staged / f"{table}.parquet").stat().st_size, checksum(staged / f"{table}.parquet"))
            for table, n in write(staged).items()
        }
        said = {"format": FORMAT, "version": VERSION, "key": final.name, "about": about}
        said["files"] = {table: asdict(file) for table, file in files.items()}
        (staged / _ROOT).write_text(json.dumps(said, sort_keys=True, indent=1) + "\n", encoding="utf-8")
    with suppress(OSError):
        states = [p for p in final.parent.iterdir() if _is_state(p, kind)]
        for old in sorted(states, key=lambda p: (p == final, p.stat().st_mtime))[:-_KEPT]:
            if time.time() - old.stat().st_mtime > _IN_USE:
                shutil.rmtree(old, ignore_errors=True)


def derived_files(path: Path) -> Iterator[tuple[str, str]]:
    """Read every derived file of a lake; yield its place and what is wrong with it, nothing where it is whole.

    Parameters
    ----------
    path : Path
        Folder of the lake.
    """
    parent = path / FOLDER
    if not parent.is_dir():
        return
    for folder in sorted(p for p in parent.iterdir() if not p.name.startswith(".")):
        place = f"{FOLDER}/{folder.name}"
        try:
            said = _read_root(folder, place)
        except StoreError as error:
            yield f"{place}/{_ROOT}", error.what.removeprefix(f"{place}/{_ROOT} ")
            continue
        yield f"{place}/{_ROOT}", "" if said["key"] == folder.name else "tells of other tables than belong here"
        for table, file in said["files"].items():
            yield f"{place}/{table}.parquet", explain_file(folder / f"{table}.parquet", file)


def _read_root(folder: Path, place: str) -> dict[str, Any]:
    """Return what a folder of tables says of itself, checked in all but what its maker said of them."""
    try:
        with (folder / _ROOT).open("rb") as file:
            said = json.loads(file.read(_LARGEST_ROOT))
        if said["format"] != FORMAT or type(said["version"]) is not int or said["version"] < 1:
            raise ValueError("another format")
        if said["version"] > VERSION:  # how it tells the rest is not known
            return {"version": said["version"], "key": folder.name, "about": {}, "files": {}}
        files = {
            _name(k): LakeFile(*(_size(v[n]) for n in ("n_rows", "n_bytes", "crc32"))) for k, v in said["files"].items()
        }
        return {"version": said["version"], "key": said["key"], "about": dict(said["about"]), "files": files}
    except OSError as error:
        raise _damaged(folder.parent.parent, f"{place}/{_ROOT}", f"cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(folder.parent.parent, f"{place}/{_ROOT}", "is not as it was written") from error


def _is_state(folder: Path, kind: str) -> bool:
    own = re.fullmatch(rf"{re.escape(kind)}-[0-9a-f]{{24}}", folder.name)
    return bool(own) and not folder.is_symlink() and (folder / _ROOT).is_file()


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(f"{value[:60]!r} is no table")
    return value


def _size(value: object) -> int:
    if type(value) is not int or not 0 <= value < _MOST:
        raise ValueError(f"{value!r} is no size")
    return value


def _unlike(path: Path, file: LakeFile, schema: pa.Schema, *, most_rows: int) -> str:
    try:
        with pq.ParquetFile(path) as opened:
            found = opened.schema_arrow
            if (found.names, found.types) != (schema.names, schema.types):
                return "has other columns than belong there"
            if opened.metadata.num_rows != file.n_rows or file.n_rows > most_rows:
                return f"has {opened.metadata.num_rows:,} rows, which cannot be"
    except (OSError, pa.ArrowException) as error:
        return f"cannot be read ({type(error).__name__})"
    return ""


def _damaged(path: Path, place: str, how: str) -> StoreError:
    return StoreError(
        f"{place} {how}",
        where=str(path),
        expected="the file as tmescope wrote it",
        next_step="nothing: what follows from the lake is made anew",
    )
