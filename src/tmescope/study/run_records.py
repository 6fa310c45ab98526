"""What a run was asked and made from, kept beside its results as study.json, and read back with distrust."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from tmescope.foundation.errors import FormatVersionError, MissingFileError, StoreError, TmescopeError
from tmescope.store.atomic import staged_file
from tmescope.store.tables import SCHEMAS, read_table, shape_table
from tmescope.study.schema_horizon import OF_COHORTS

if TYPE_CHECKING:
    import pandas as pd

    from tmescope.study.schema import Study

__all__ = ["RECORD_FILE", "RunRecord", "read_run", "read_run_table", "shown_path", "write_run_record"]

RECORD_FILE = "study.json"
"""Name of the file at the top of the results."""

_FORMAT, _VERSION = "study-record", 1
_MOST_BYTES = 64 << 20
_MOST_TABLE_BYTES = 8 << 30
_PARTS = ("versions", "inputs", "facts")
_NEXT = "give the folder that tmescope run wrote, untouched"


@dataclass(frozen=True)
class RunRecord:
    """One run.

    Parameters
    ----------
    folder : pathlib.Path
        Its results.
    study : mapping
        The resolved study: every key with its value, defaults included; paths without what tells about the machine.
    versions, inputs, facts : mapping of str to str
        Package to version; name of an input, and of a fact, to its sha256.
    tables : tuple of str
        Names of the tables that are there, in the order of `SCHEMAS`.
    models : mapping of str to mapping of str to str
        What each frozen model that was applied is, by the name of the method that it is; empty in records of releases
        that did not say.
    """

    folder: Path
    study: Mapping[str, Any]
    versions: Mapping[str, str]
    inputs: Mapping[str, str]
    facts: Mapping[str, str]
    tables: tuple[str, ...]
    models: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def shown_path(path: str) -> str:
    """Return a path of a study file, or its last part where it leaves the study's folder: that tells of the machine.

    Parameters
    ----------
    path : str
        As the study file has it.
    """
    posix, windows = PurePosixPath(path), PureWindowsPath(path)
    if windows.drive or windows.is_absolute() or (".." in windows.parts and "\\" in path):
        return windows.name
    return posix.name if posix.is_absolute() or ".." in posix.parts else path


def write_run_record(root: Path, study: Study, provenance: Mapping[str, Any]) -> None:
    """Write the record; the same run gives the same bytes.

    Parameters
    ----------
    root : pathlib.Path
        Folder of results.
    study : Study
        That ran.
    provenance : mapping
        From `tmescope.study.crate.provenance_of`.
    """
    record = {
        "format": _FORMAT,
        "version": _VERSION,
        "study": _without_paths(study.model_dump(mode="json", exclude=_not_asked(study))),
        **{part: dict(provenance[part]) for part in _PARTS},
        **({"models": provenance["models"]} if provenance.get("models") else {}),
    }
    text = json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    final = root / RECORD_FILE
    if final.is_file() and not final.is_symlink() and final.read_bytes() == text.encode():
        return
    with staged_file(final) as staged:
        staged.write_text(text, encoding="utf-8")


def _not_asked(study: Study) -> set[str]:
    """Return the parts of a study file that do not belong to its kind."""
    return set(OF_COHORTS) if study.study.kind == "horizon" else {"horizon"}


def _without_paths(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_paths(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_without_paths(v) for v in value]
    return shown_path(value) if isinstance(value, str) and _may_be_path(value) else value


def _may_be_path(text: str) -> bool:
    return bool(re.match(r"(/|\\\\|[A-Za-z]:[\\/])", text)) or ".." in re.split(r"[\\/]", text)


def read_run(folder: Path) -> RunRecord:
    """Read the record of a folder of results.

    Parameters
    ----------
    folder : pathlib.Path
        As ``tmescope run`` wrote it.

    Returns
    -------
    RunRecord

    Raises
    ------
    MissingFileError
        If there is no such folder, or no record in it.
    StoreError
        If the record is too large, damaged, a link, or not of its form.
    FormatVersionError
        If a newer release wrote it.
    """
    if not folder.is_dir():
        raise MissingFileError("there is no such folder of results", where=str(folder), next_step=_NEXT)
    path = folder / RECORD_FILE
    if not path.exists() and not path.is_symlink():
        raise MissingFileError(
            f"the folder holds no {RECORD_FILE}: it is no folder of results, or an older release wrote it",
            where=str(folder),
            next_step="run the study again with this release",
        )
    record = _parse(_own_file(path, most=_MOST_BYTES))
    version = record.get("version")
    if record.get("format") != _FORMAT or not isinstance(version, int) or isinstance(version, bool):
        _refuse("the file is not a record of a run", path)
    if version > _VERSION:
        raise FormatVersionError(
            f"the record is in format {version}; this release reads up to {_VERSION}",
            where=f"{folder.name}/{RECORD_FILE}",
            next_step="install a newer tmescope",
        )
    for part in _PARTS:
        values = record.get(part)
        if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
            _refuse(f"{part} is not a table of texts", path)
    if not isinstance(record.get("study"), dict):
        _refuse("study is not a table", path)
    parts = {part: record[part] for part in _PARTS}
    return RunRecord(folder, record["study"], tables=_tables(folder), models=_models(record, path), **parts)


def _models(record: Mapping[str, Any], path: Path) -> dict[str, dict[str, str]]:
    models = record.get("models", {})
    told = models.values() if isinstance(models, dict) else [None]
    if not all(isinstance(one, dict) and all(isinstance(v, str) for v in one.values()) for one in told):
        _refuse("models is not a table of tables of texts", path)
    found: dict[str, dict[str, str]] = models
    return found


def _tables(folder: Path) -> tuple[str, ...]:
    place = folder / "tables"
    if place.is_symlink() or not place.is_dir():
        _refuse("tables is not a folder of its own", place)
    return tuple(name for name in SCHEMAS if (place / f"{name}.parquet").exists())


def _parse(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except (OSError, ValueError, RecursionError) as error:
        _refuse(f"the file cannot be read as JSON: {type(error).__name__}", path)
    if not isinstance(record, dict):
        _refuse("the file is not a record of a run", path)
    return record


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is no JSON"
    raise ValueError(message)


def _own_file(path: Path, *, most: int) -> Path:
    if path.is_symlink() or not path.is_file():
        _refuse("the file is a link or no file", path)
    if (size := path.stat().st_size) > most:
        _refuse(f"the file has {size:,} bytes; more than {most:,} are not read", path)
    return path


def _refuse(message: str, path: Path) -> NoReturn:
    raise StoreError(message, where=f"{path.parent.name}/{path.name}", expected="what a run wrote", next_step=_NEXT)


def read_run_table(record: RunRecord, name: str) -> pd.DataFrame:
    """Read one table of a run, with the columns and types of its schema.

    Parameters
    ----------
    record : RunRecord
        The run.
    name : str
        In ``record.tables``.

    Raises
    ------
    StoreError
        If the file is a link, damaged, larger than anything a run writes, or not that table.
    FormatVersionError
        If a newer release wrote it.
    """
    path = _own_file(record.folder / "tables" / f"{name}.parquet", most=_MOST_TABLE_BYTES)
    try:
        about = pq.read_metadata(path)
        size = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
        if size > _MOST_TABLE_BYTES:
            _refuse(f"the table holds {size:,} bytes; more than {_MOST_TABLE_BYTES:,} are not read", path)
        return shape_table(name, read_table(path))
    except TmescopeError:
        raise
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        _refuse(f"the table cannot be read: {type(error).__name__}", path)
