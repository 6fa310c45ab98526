"""Whether the files of a lake are as they were written, and how much it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from tmescope.foundation.errors import InputError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.store.derived_tables import derived_files
from tmescope.store.lake import Lake
from tmescope.store.lake_files import explain_file

__all__ = [
    "DamagedFile",
    "LakeFacts",
    "count_dictionaries",
    "count_untagged",
    "describe_lake",
    "refuse_untagged",
    "verify_lake",
]

TASK = "verify"


@dataclass(frozen=True)
class DamagedFile:
    """A file that is not as it was written.

    Parameters
    ----------
    place : str
        In the lake.
    source : str
        Name of the source file that the part came from; empty for what follows from the lake and is made anew.
    how : str
        What is wrong, as the rest of a sentence.
    """

    place: str
    source: str
    how: str


@dataclass(frozen=True, kw_only=True)
class LakeFacts:
    """What a lake holds.

    Parameters
    ----------
    n_parts : int
        Source files.
    n_versions : int
        Documents in every version.
    kinds : tuple of (str, str, int, date or None, date or None)
        Of what is current: kind, source, how many, first and last day of entry.
    n_deleted : int
        Documents that were withdrawn.
    n_mentions : int
        By the dictionary that is shown.
    dictionary : str
        Its digest; empty without one.
    n_bytes : int
        Of the files that the root names.
    """

    n_parts: int
    n_versions: int
    kinds: tuple[tuple[str, str, int, date | None, date | None], ...]
    n_deleted: int
    n_mentions: int
    dictionary: str
    n_bytes: int


def verify_lake(lake: Lake, *, progress: Progress = SILENT) -> Iterator[DamagedFile]:
    """Read every file of a lake and yield those that are not as they were written.

    Parameters
    ----------
    lake : Lake
        From `tmescope.store.lake.open_lake`.
    progress : Progress
        Its task ``verify`` advances with each file.
    """
    places = [(place, part.name, file) for part in lake.parts for place, file in part.places().items()]
    progress.start(TASK, len(places), unit="files")
    n_wrong = 0
    for place, how in derived_files(lake.path):
        if how:
            n_wrong += 1
            yield DamagedFile(place, "", how)
    for place, source, file in places:
        if how := explain_file(lake.path / place, file):
            n_wrong += 1
            yield DamagedFile(place, source, how)
        progress.advance(TASK)
    progress.finish(TASK, f"{len(places)} files read, {n_wrong} damaged")


def describe_lake(lake: Lake) -> LakeFacts:
    """Return what a lake holds.

    Parameters
    ----------
    lake : Lake
        From `tmescope.store.lake.open_lake`.
    """
    connection = lake.connect()
    kinds = connection.execute(
        "SELECT kind, source, count(*), min(entered_on), max(entered_on) FROM documents GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return LakeFacts(
        n_parts=len(lake.parts),
        n_versions=sum(p.n_rows("documents") for p in lake.parts),
        kinds=tuple(kinds),
        n_deleted=_number(connection.execute("SELECT count(DISTINCT doc_id) FROM contested WHERE is_gone").fetchone()),
        n_mentions=_number(connection.execute("SELECT count(*) FROM mentions").fetchone()),
        dictionary=lake.layout.dictionary,
        n_bytes=sum(f.n_bytes for p in lake.parts for f in p.places().values()),
    )


def refuse_untagged(lake: Lake) -> None:
    """Refuse a lake in which no dictionary was ever looked for: it would answer every question with nothing.

    Parameters
    ----------
    lake : Lake
        From `tmescope.store.lake.open_lake`.

    Raises
    ------
    InputError
        If it was never tagged.
    """
    if not lake.layout.dictionary:
        raise InputError(
            "no paper or trial of the lake has been looked through for genes, drugs and diseases",
            where=str(lake.path),
            expected="mentions",
            next_step=f"tag it: tmescope horizon tag --lake {lake.path}",
        )


def count_untagged(lake: Lake) -> tuple[int, int]:
    """Return how many versions of documents, in how many files, the dictionary that is shown was not looked for in.

    Parameters
    ----------
    lake : Lake
        From `tmescope.store.lake.open_lake`.
    """
    parts = lake.untagged(lake.layout.dictionary)
    return sum(p.n_rows("documents") for p in parts), len(parts)


def count_dictionaries(lake: Lake) -> int:
    """Return how many dictionaries were looked for in a lake, whole or in part; one of them is shown.

    Parameters
    ----------
    lake : Lake
        From `tmescope.store.lake.open_lake`.
    """
    return len({digest for part in lake.parts for digest in part.mentions})


def _number(row: tuple[int, ...] | None) -> int:
    return int(row[0]) if row else 0
