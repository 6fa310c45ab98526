"""Files of papers and trials into a lake: each file for itself, so that one that is refused costs no other."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.foundation.errors import InputError, MissingFileError, TmescopeError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.ingest.document_formats import read_documents
from tmescope.ingest.formats import check_file
from tmescope.store.lake_layout import sequence_of

if TYPE_CHECKING:
    from tmescope.store.lake import Added, Lake
    from tmescope.store.lake_versions import PartCounts

__all__ = ["TASK", "FileOutcome", "ingest_documents", "listed_files"]

TASK = "documents"
"""Task of the progress that advances with each record."""
_SIDECARS = frozenset({".md5", ".part", ".tmp"})
_LOG = "log/ingests.jsonl"


@dataclass(frozen=True, kw_only=True)
class FileOutcome:
    """What became of a file.

    Parameters
    ----------
    path : Path
        As it was given.
    format : str
        See `tmescope.ingest.document_formats.FORMATS`; empty where it was refused before it was known.
    added : Added, optional
        What the lake holds of it; None where it was refused.
    counts : PartCounts, optional
        What it added, revised and deleted, whatever the order in which files came; None where it was refused,
        or nothing new came with any file.
    refused : TmescopeError, optional
        Why it was refused.
    """

    path: Path
    format: str = ""
    added: Added | None = None
    counts: PartCounts | None = None
    refused: TmescopeError | None = None

    @property
    def is_new(self) -> bool:
        """Return whether it was read: False where the lake had it already, or it was refused."""
        return self.added is not None and self.added.is_new

    @property
    def n_documents(self) -> int:
        """Return how many records the lake holds of it."""
        return self.added.part.n_rows("documents") if self.added else 0


def listed_files(given: Iterable[Path]) -> list[Path]:
    """Return the files that are meant: those given, and in place of a folder the files in it, sorted.

    Parameters
    ----------
    given : iterable of Path
        Files and folders. Hidden files and checksums (``.md5``) that lie beside others are left out of folders; those
        that a pattern of the shell gave are left out too.
    """
    found: list[Path] = []
    for path in given:
        inside = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
        hidden = {p for p in inside if path.is_dir() and p.name.startswith(".")}
        found += [p for p in inside if p not in hidden and p.suffix.lower() not in _SIDECARS]
    return list(dict.fromkeys(found))


def ingest_documents(files: Sequence[Path], lake: Lake, *, progress: Progress = SILENT) -> list[FileOutcome]:
    """Add files to a lake.

    Parameters
    ----------
    files : sequence of Path
        In any order: what the lake shows does not depend on it.
    lake : Lake
        From `tmescope.store.lake.create_lake`.
    progress : Progress
        Its task ``documents`` advances with each record.

    Returns
    -------
    list of FileOutcome
        One a file, in their order.

    Raises
    ------
    FolderInUseError
        If another process writes to the lake.
    StoreError
        If nothing can be written.

    Notes
    -----
    Each file is committed when it was read to its end. The lake knows files by the hash of their bytes: one that it
    has is hashed and not read again, so that the same command goes on where an earlier one was stopped, and redoes
    the file at most that was being read.
    """
    began, start = datetime.now(UTC), time.monotonic()
    progress.plan({TASK: 1.0})
    progress.start(TASK, unit="documents")
    with lake.writing():
        outcomes = [_ingest(path, lake, progress) for path in files]
        counts = lake.counts() if any(o.is_new for o in outcomes) else {}
        outcomes = [replace(o, counts=counts.get(o.added.part.sha256)) if o.added else o for o in outcomes]
        seconds = time.monotonic() - start
        _log(lake.path / _LOG, outcomes, began=began, seconds=seconds)
    fresh = sum(o.n_documents for o in outcomes if o.is_new)
    n_new = sum(o.is_new for o in outcomes)
    progress.finish(TASK, f"{fresh:,} from {n_new} new files, {fresh / max(seconds, 1e-3):,.0f} a second")
    return outcomes


def _ingest(path: Path, lake: Lake, progress: Progress) -> FileOutcome:
    name, sequence = "", sequence_of(path.name)
    try:
        check_file(path)
        if (known := lake.known(path, sequence=sequence)) is not None:
            return FileOutcome(path=path, format=known.part.source, added=known)
        form, batches = read_documents(path)
        name = form.name
        added = lake.add(path, batches, source=name, sequence=sequence, progress=progress)
    except (InputError, MissingFileError) as error:
        return FileOutcome(path=path, format=name, refused=error)
    return FileOutcome(path=path, format=name, added=added)


def _log(path: Path, outcomes: Sequence[FileOutcome], *, began: datetime, seconds: float) -> None:
    """Write a line about an ingest: the only place in a lake where times are."""
    path.parent.mkdir(exist_ok=True)
    said = {
        "began": began.isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "new": [o.path.name for o in outcomes if o.is_new],
        "unchanged": sum(o.added is not None and not o.is_new for o in outcomes),
        "refused": {o.path.name: o.refused.what for o in outcomes if o.refused},
    }
    with path.open("a", encoding="utf-8") as log:
        log.write(json.dumps(said, ensure_ascii=False) + "\n")
