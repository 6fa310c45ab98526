"""Which steps of a run are done: each step's folder carries the hash of all that it was made from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tmescope.foundation.errors import StoreError
from tmescope.foundation.provenance import hash_file, hash_json
from tmescope.store.atomic import staged_folder
from tmescope.store.lock import folder_lock

__all__ = ["RECORD", "Ledger", "Step", "open_ledger"]

RECORD = ".step.json"
"""Name of the file in a step's folder that says what it was made from."""

_RECORD_VERSION = 1


@dataclass(frozen=True)
class Step:
    """One step of a run, with one atomic commit.

    Parameters
    ----------
    name : str
        Such as ``cohort-liu2019``; also the folder's name.
    ingredients : mapping
        JSON-able: everything that decides the outcome (parameters, hashes of inputs, outcomes of earlier steps).
    make : callable
        Fills the given empty folder.
    public : bool
        Whether the folder stands in the results themselves rather than among the working files.
    """

    name: str
    ingredients: Mapping[str, Any]
    make: Callable[[Path], None]
    public: bool = False


@dataclass
class Ledger:
    """A folder of results and what is done in it.

    Parameters
    ----------
    root : pathlib.Path
        Folder of results.
    redone, kept : list of str
        Names of the steps that ran, and of those that were up to date.
    """

    root: Path
    redone: list[str]
    kept: list[str]

    def folder(self, name: str, *, public: bool = False) -> Path:
        """Return the folder of a step."""
        return self.root / name if public else self.root / ".tmescope" / "steps" / name

    def is_done(self, step: Step) -> bool:
        """Return whether the step was made from the same ingredients and its files are as they were written."""
        folder = self.folder(step.name, public=step.public)
        record = _read_record(folder)
        if record is None or record.get("key") != hash_json(dict(step.ingredients)):
            return False
        files: dict[str, str] = record.get("files", {})
        return _files(folder) == files

    def do(self, step: Step) -> dict[str, str]:
        """Make the step unless it is done; return the hashes of its files, which later steps build on."""
        if self.is_done(step):
            self.kept.append(step.name)
        else:
            with self.staged(step) as folder:
                step.make(folder)
            self.redone.append(step.name)
        return self.outcome(step.name, public=step.public)

    @contextmanager
    def staged(self, step: Step) -> Iterator[Path]:
        """Yield a folder to fill; it is committed with its record when the block ends well."""
        with staged_folder(self.folder(step.name, public=step.public)) as folder:
            yield folder
            seal(folder, step)

    def outcome(self, name: str, *, public: bool = False) -> dict[str, str]:
        """Return file name to sha256 of a step that is done.

        Parameters
        ----------
        name : str
            Of the step.
        public : bool
            Whether it stands in the results themselves.

        Raises
        ------
        StoreError
            If it is not done.
        """
        record = _read_record(self.folder(name, public=public))
        if record is None:
            raise StoreError(f"the step {name!r} left no record", where=str(self.root), next_step="run the study again")
        files: dict[str, str] = record["files"]
        return files

    def forget_others(self, names: set[str]) -> None:
        """Remove working folders of steps that this study no longer has, and leftovers of killed runs."""
        for folder in (self.root, self.root / ".tmescope", self.root / ".tmescope" / "steps"):
            for entry in sorted(folder.iterdir()) if folder.is_dir() else []:
                stale = entry.name.startswith(".") and entry.suffix in {".part", ".old"}
                unknown = folder.name == "steps" and entry.is_dir() and entry.name not in names
                if stale or unknown:
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def seal(folder: Path, step: Step) -> None:
    """Write the record of a step beside its files."""
    record = {"version": _RECORD_VERSION, "key": hash_json(dict(step.ingredients)), "files": _files(folder)}
    (folder / RECORD).write_text(json.dumps(record, sort_keys=True, indent=1) + "\n", encoding="utf-8")


@contextmanager
def open_ledger(root: Path) -> Iterator[Ledger]:
    """Open a folder of results for one run.

    Parameters
    ----------
    root : pathlib.Path
        Made if it does not exist. If the run fails before its first commit, a folder that it made is removed again.

    Raises
    ------
    StoreError
        If the folder holds other files than tmescope's.
    FolderInUseError
        If another run is writing there.
    """
    work = root / ".tmescope"
    if root.exists() and not root.is_dir():
        raise StoreError("the output is a file, not a folder", where=str(root), next_step="give a folder with --output")
    if root.is_dir() and not work.is_dir() and any(root.iterdir()):
        raise StoreError(
            "the output folder holds files that tmescope did not write",
            where=str(root),
            expected="a new or empty folder, or the folder of an earlier run",
            next_step="give another folder with --output",
        )
    is_new = not work.is_dir()
    made = [p for p in (root, *root.parents) if not p.exists()]
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the output folder cannot be made: {error.strerror}",
            where=str(root),
            next_step="give another folder with --output",
        ) from error
    ledger = Ledger(root, [], [])
    try:
        with folder_lock(work / "lock", folder=root):
            yield ledger
    except BaseException:
        if is_new and not ledger.redone:
            shutil.rmtree(work, ignore_errors=True)
            for folder in made:
                folder.rmdir()
        raise


def _read_record(folder: Path) -> dict[str, Any] | None:
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and record.get("version") == _RECORD_VERSION else None


def _files(folder: Path) -> dict[str, str]:
    return {p.name: hash_file(p) for p in sorted(folder.iterdir()) if p.is_file() and p.name != RECORD}
