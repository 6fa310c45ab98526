"""A lake of documents: one part a source file, committed one by one, and views of what is current or was known."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.foundation.errors import InputError, StoreError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.provenance import hash_file
from tmescope.store.lake_files import clear_leftovers, damaged_files
from tmescope.store.lake_layout import ROOT, LakeLayout, LakePart, read_lake_layout, write_lake_layout
from tmescope.store.lake_lock import lake_lock
from tmescope.store.lake_schemas import LakeBatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb
    import pyarrow as pa

    from tmescope.store.lake_databases import LakeDatabases
    from tmescope.store.lake_versions import PartCounts

    Connection = duckdb.DuckDBPyConnection

__all__ = ["Added", "Lake", "create_lake", "open_lake"]

_MEMORY = 1 << 30


@dataclass(frozen=True)
class Added:
    """What became of a source file.

    Parameters
    ----------
    part : LakePart
        What the lake holds of it.
    is_new : bool
        Whether it was read; False where the lake had it already.
    """

    part: LakePart
    is_new: bool


def create_lake(path: Path, *, threads: int = 1, memory: int = _MEMORY) -> Lake:
    """Open a lake, or make an empty one where there is nothing.

    Parameters
    ----------
    path : Path
        Its folder.
    threads : int
        Of queries.
    memory : int
        Bytes that queries may hold.

    Raises
    ------
    StoreError
        If a file, or a folder of something else, has that name.
    FormatVersionError
        If a newer version wrote it.
    """
    if not (path / ROOT).exists():
        if path.exists() and (not path.is_dir() or any(p.name[:1] != "." for p in path.iterdir())):
            raise StoreError(
                f"{path.name!r} is there, and no lake of documents",
                where=str(path),
                expected=f"an empty folder, or one with {ROOT}",
                next_step="give the name of a new folder",
            )
        path.mkdir(parents=True, exist_ok=True)
        with lake_lock(path):
            if not (path / ROOT).exists():
                write_lake_layout(path, LakeLayout())
    return open_lake(path, threads=threads, memory=memory)


def open_lake(path: Path, *, threads: int = 1, memory: int = _MEMORY) -> Lake:
    """Open a lake that is there.

    Parameters
    ----------
    path : Path
        Its folder.
    threads : int
        Of queries.
    memory : int
        Bytes that queries may hold.

    Raises
    ------
    MissingFileError
        If there is none.
    FileFormatError
        If it is something else.
    FormatVersionError
        If a newer version wrote it.
    """
    return Lake(path, read_lake_layout(path), threads=threads, memory=memory)


class Lake:
    """A lake of documents in a folder.

    Parameters
    ----------
    path : Path
        Its folder.
    layout : LakeLayout
        What its root says.
    threads : int
        Of queries.
    memory : int
        Bytes that queries may hold.

    Notes
    -----
    Parts never change once they are committed, so that readers need no lock: a lake that was opened shows what it held
    then, and what this object added itself. Two files are never merged; what is current follows from the parts alone.
    """

    def __init__(self, path: Path, layout: LakeLayout, *, threads: int, memory: int) -> None:
        self.path = path
        self.layout = layout
        self._threads, self._memory = threads, memory
        self._guard = threading.RLock()
        self._databases: LakeDatabases | None = None
        self._held = 0

    @property
    def parts(self) -> tuple[LakePart, ...]:
        """Return what is committed, sorted by hash."""
        return self.layout.parts

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lake for writing: one process at a time. Methods that write do so by themselves.

        Raises
        ------
        FolderInUseError
            If another process writes.
        """
        with self._guard:
            if self._held:
                yield
                return
            with lake_lock(self.path):
                self._held += 1
                try:
                    self.layout = read_lake_layout(self.path)
                    clear_leftovers(self.path)
                    yield
                finally:
                    self._held -= 1

    def known(self, source_path: Path, *, sequence: int = 0) -> Added | None:
        """Return what the lake has of a source file, None where it has not read it or a file of its part is damaged.

        Parameters
        ----------
        source_path : Path
            The file, of which the hash is read and nothing else.
        sequence : int
            See `tmescope.store.lake_layout.sequence_of`.
        """
        sha256 = hash_file(source_path)
        with self.writing():
            there = self.layout.part(sha256)
            if there is None or self.damaged(there):
                return None
            return Added(self._rename(there, source_path.name, sequence), is_new=False)

    def add(
        self,
        source_path: Path,
        batches: Iterable[LakeBatch],
        *,
        source: str,
        sequence: int = 0,
        progress: Progress = SILENT,
    ) -> Added:
        """Add the records of a source file, or see that they are there.

        Parameters
        ----------
        source_path : Path
            The file, which is known by the hash of its bytes.
        batches : iterable of LakeBatch
            Its records; not asked for where the lake has the file already.
        source : str
            Who gave it, such as ``pubmed``.
        sequence : int
            See `tmescope.store.lake_layout.sequence_of`.
        progress : Progress
            Its task ``documents`` advances with each record.

        Raises
        ------
        InputError
            If the file changes while it is read.
        TmescopeError
            Whatever the reader raises; the lake is as it was then.
        """
        before = _stamp(source_path)
        with self.writing():
            if (known := self.known(source_path, sequence=sequence)) is not None:
                return known
            sha256 = hash_file(source_path)
            there = self.layout.part(sha256)
            self._refuse_number(sha256)
            part = LakePart(sha256=sha256, source=source, names=(source_path.name,), sequence=sequence)
            part = self._write(part, batches, progress=progress)
            if _stamp(source_path) != before:
                raise InputError(
                    f"{source_path.name!r} changed while it was read",
                    where=str(source_path),
                    expected="a file that nobody writes to",
                    next_step="give it again when it is complete",
                )
            if there is not None:
                part = _named(part, *there.names, sequence=there.sequence)
            self._commit(self.layout.with_part(part))
        return Added(part, is_new=True)

    def add_mentions(self, part: LakePart, digest: str, table: pa.Table) -> None:
        """Keep what a dictionary found in the documents of a part; the views show the dictionary that came last.

        Parameters
        ----------
        part : LakePart
            Of this lake.
        digest : str
            Of the dictionary: 8 to 64 hexadecimal digits.
        table : pyarrow.Table
            By `tmescope.store.lake_schemas.mention_schema`, of what `documents_of` gives.

        Raises
        ------
        StoreError
            If the part is not of this lake, or the digest is none.
        """
        from tmescope.store.lake_parts import write_mentions

        with self.writing():
            there = self.layout.part(part.sha256)
            if there is None or not all(c in "0123456789abcdef" for c in digest) or not 8 <= len(digest) <= 64:
                raise StoreError(
                    f"mentions of {part.name!r} by the dictionary {digest[:64]!r} cannot be kept",
                    where=str(self.path),
                    expected="a part of this lake, and a digest of 8 to 64 hexadecimal digits",
                )
            file = write_mentions(self.path / "mentions" / f"{part.sha256}-{digest}.parquet", table, there)
            mentions = dict(sorted({**there.mentions, digest: file}.items()))
            self._commit(replace(self.layout.with_part(replace(there, mentions=mentions)), dictionary=digest))

    def untagged(self, digest: str) -> tuple[LakePart, ...]:
        """Return the parts with documents in which a dictionary was not looked for yet.

        Parameters
        ----------
        digest : str
            Of the dictionary.
        """
        return tuple(p for p in self.parts if "documents" in p.files and digest not in p.mentions)

    def documents_of(self, part: LakePart, *, columns: tuple[str, ...] | None = None) -> Iterator[pa.Table]:
        """Yield the documents of a part that are to be tagged, a few thousand at a time.

        Parameters
        ----------
        part : LakePart
            Of this lake.
        columns : tuple of str, optional
            Those that are wanted, beside ``doc_id``; all if omitted.
        """
        from tmescope.store.lake_parts import documents_to_tag

        return documents_to_tag(self.path / "parts" / part.sha256, columns=columns)

    def damaged(self, part: LakePart) -> tuple[str, ...]:
        """Return the files of a part that are missing or of another size than they were written.

        Parameters
        ----------
        part : LakePart
            Of this lake. Bytes are not read: `tmescope.store.lake_checks.verify_lake` does that.
        """
        return damaged_files(self.path, part)

    def counts(self) -> Mapping[str, PartCounts]:
        """Return how many documents each part added, revised and deleted, by its sha256."""
        from tmescope.store.lake_versions import count_parts

        return count_parts(self.connect(), self.layout)

    def connect(self, *, without_damaged: bool = False) -> duckdb.DuckDBPyConnection:
        """Return a cursor of this thread to a database with the views of what is current.

        Parameters
        ----------
        without_damaged : bool
            Leave out parts of which a file is missing or of another size, instead of refusing.

        Returns
        -------
        duckdb.DuckDBPyConnection
            With the views ``documents``, ``trials``, ``deletions`` and ``mentions`` (current), ``all_documents`` and
            ``all_trials`` (every version), and the table ``parts``. It can read the lake and nothing else.

        Raises
        ------
        StoreError
            If parts are damaged; it names them.
        """
        return self._cursor(None, without_damaged=without_damaged)

    def as_of(self, day: date, *, without_damaged: bool = False) -> duckdb.DuckDBPyConnection:
        """Return a cursor of this thread to the same views of what was known on a day.

        Parameters
        ----------
        day : datetime.date
            What came later is not shown; ``documents`` and ``trials`` have a column ``late``, true where only later
            versions are known.
        without_damaged : bool
            As in `connect`.

        Raises
        ------
        StoreError
            If parts are damaged.
        """
        return self._cursor(day, without_damaged=without_damaged)

    def close(self) -> None:
        """Close the databases; cursors that were given are closed with them."""
        if self._databases is not None:
            self._databases.close()

    def _cursor(self, day: date | None, *, without_damaged: bool) -> duckdb.DuckDBPyConnection:
        from tmescope.store.lake_databases import LakeDatabases

        with self._guard:
            if self._databases is None:
                self._databases = LakeDatabases(self.path, threads=self._threads, memory=self._memory)
        return self._databases.cursor(self.layout, day, without_damaged=without_damaged)

    def _write(self, part: LakePart, batches: Iterable[LakeBatch], *, progress: Progress) -> LakePart:
        from tmescope.store.lake_parts import write_part

        files, last_day = write_part(self.path / "parts" / part.sha256, batches, part, progress=progress)
        return replace(part, files=files, last_day=last_day)

    def _rename(self, part: LakePart, name: str, sequence: int) -> LakePart:
        """Note that a file is known by another name too: its number is the largest that a name gave."""
        told = _named(part, name, sequence=sequence)
        if told != part:
            self._commit(self.layout.with_part(told))
        return told

    def _refuse_number(self, sha256: str) -> None:
        from tmescope.store.lake_layout import part_number

        if any(p.number == part_number(sha256) and p.sha256 != sha256 for p in self.parts):
            raise StoreError("two source files have hashes that begin alike", where=str(self.path))

    def _commit(self, layout: LakeLayout) -> None:
        write_lake_layout(self.path, layout)
        self.layout = layout


def _named(part: LakePart, *names: str, sequence: int) -> LakePart:
    return replace(part, names=tuple(sorted({*part.names, *names})), sequence=max(part.sequence, sequence))


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
