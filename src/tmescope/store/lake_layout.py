"""What a lake of documents says of itself: which parts are committed, and what each came from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tmescope.foundation.errors import FileFormatError, FormatVersionError, MissingFileError
from tmescope.foundation.provenance import hash_json
from tmescope.store.atomic import staged_file

__all__ = [
    "FORMAT",
    "ROOT",
    "VERSION",
    "LakeFile",
    "LakeLayout",
    "LakePart",
    "part_number",
    "read_lake_layout",
    "sequence_of",
    "write_lake_layout",
]

FORMAT = "tmescope-lake"
VERSION = 1
ROOT = "lake.json"
_LARGEST_ROOT = 1 << 28
_ORDER = 2
"""Of the rule that puts versions in order, see `tmescope.store.lake_versions.find_stale`."""
_TABLES = ("documents", "trials", "deletions")
_HASH = re.compile(r"[0-9a-f]{64}")
_DIGEST = re.compile(r"[0-9a-f]{8,64}")
_NUMBERED = re.compile(r"(?:pubmed|medline)(\d\d)n(\d{4})(?!\d)")
_MOST_ROWS = 1 << 31


@dataclass(frozen=True)
class LakeFile:
    """A file of a lake.

    Parameters
    ----------
    n_rows, n_bytes, crc32 : int
        As it was written.
    """

    n_rows: int
    n_bytes: int
    crc32: int


@dataclass(frozen=True, kw_only=True)
class LakePart:
    """What a lake holds of one source file.

    Parameters
    ----------
    sha256 : str
        Of the bytes of the source file; the part lies in ``parts/<sha256>``.
    source : str
        Who gave it, such as ``pubmed`` or ``trials``.
    names : tuple of str
        What the file was called whenever it was given, sorted.
    sequence : int
        Number of the file among those of its source, see `sequence_of`; 0 without one.
    last_day : str
        Newest day on which one of its documents was entered or revised, as ``2026-03-01``; empty where none says so.
    files : mapping of str to LakeFile
        Its tables: ``documents``, ``trials``, ``deletions``. Those without rows are left out.
    mentions : mapping of str to LakeFile
        What was found in it, by the digest of the dictionary.
    """

    sha256: str
    source: str
    names: tuple[str, ...]
    sequence: int = 0
    last_day: str = ""
    files: Mapping[str, LakeFile] = field(default_factory=dict)
    mentions: Mapping[str, LakeFile] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """Return the number that its rows carry."""
        return part_number(self.sha256)

    @property
    def name(self) -> str:
        """Return what its source file was called."""
        return self.names[0]

    def n_rows(self, table: str) -> int:
        """Return how many rows a table of it has.

        Parameters
        ----------
        table : str
            ``documents``, ``trials`` or ``deletions``.
        """
        found = self.files.get(table)
        return found.n_rows if found else 0

    def places(self) -> dict[str, LakeFile]:
        """Return its files by their place in the lake."""
        tables = {f"parts/{self.sha256}/{name}.parquet": file for name, file in self.files.items()}
        return tables | {f"mentions/{self.sha256}-{digest}.parquet": file for digest, file in self.mentions.items()}


@dataclass(frozen=True, kw_only=True)
class LakeLayout:
    """What is in a lake.

    Parameters
    ----------
    parts : tuple of LakePart
        Sorted by their sha256, so that the order in which files came is not seen.
    dictionary : str
        Digest of the dictionary whose mentions are shown; empty where nothing is tagged.
    """

    parts: tuple[LakePart, ...] = ()
    dictionary: str = ""

    @property
    def state(self) -> str:
        """Return a digest of all that decides which versions are current."""
        return hash_json([_ORDER, [[p.sha256, p.sequence, p.last_day] for p in self.parts]])[:24]

    @property
    def tagged_state(self) -> str:
        """Return a digest of all that decides what is counted: documents as they are kept, and their mentions."""
        files = {k: asdict(f) for p in self.parts for k, f in p.places().items() if self._counts(k)}
        return hash_json([self.state, self.dictionary, files])[:24]

    def _counts(self, place: str) -> bool:
        return place.startswith("parts/") or place.endswith(f"-{self.dictionary}.parquet")

    def part(self, sha256: str) -> LakePart | None:
        """Return the part of a source file, None where there is none.

        Parameters
        ----------
        sha256 : str
            Of its bytes.
        """
        return next((p for p in self.parts if p.sha256 == sha256), None)

    def with_part(self, part: LakePart) -> LakeLayout:
        """Return the layout with a part added, or in place of the one of the same source file."""
        parts = [*(p for p in self.parts if p.sha256 != part.sha256), part]
        return replace(self, parts=tuple(sorted(parts, key=lambda p: p.sha256)))


def part_number(sha256: str) -> int:
    """Return the number by which rows of a part are told: the first 60 bits of its hash.

    Parameters
    ----------
    sha256 : str
        In hexadecimal digits.
    """
    return int(sha256[:15], 16)


def sequence_of(name: str) -> int:
    """Return the number of a file of PubMed from its name: ``pubmed26n1334`` is 20261334; 0 for any other name.

    Parameters
    ----------
    name : str
        Of the file; ``medline16n0902`` is understood too.
    """
    found = _NUMBERED.search(name.lower())
    if found is None:
        return 0
    year = int(found[1])
    return (2000 + year if year < 70 else 1900 + year) * 10_000 + int(found[2])


def write_lake_layout(path: Path, layout: LakeLayout) -> None:
    """Commit what a lake holds: readers see the parts that its root names, and no other.

    Parameters
    ----------
    path : Path
        Folder of the lake.
    layout : LakeLayout
        Every file that it names lies there already.
    """
    said = {"format": FORMAT, "version": VERSION, **asdict(layout)}
    with staged_file(path / ROOT) as staged:
        staged.write_text(json.dumps(said, sort_keys=True, indent=1) + "\n", encoding="utf-8")


def read_lake_layout(path: Path) -> LakeLayout:
    """Read what a lake says of itself.

    Parameters
    ----------
    path : Path
        Folder of the lake.

    Raises
    ------
    MissingFileError
        If there is nothing.
    FileFormatError
        If it is no lake of tmescope.
    FormatVersionError
        If a newer version wrote it.
    """
    where = str(path)
    try:
        with (path / ROOT).open("rb") as file:
            said = json.loads(file.read(_LARGEST_ROOT))
        kind, version = said["format"], said["version"]
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingFileError(
            "there is no lake of documents here",
            where=where,
            expected=f"a folder with {ROOT}",
            next_step="make one: tmescope horizon ingest FILES -o FOLDER",
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _no_lake(where, "its root says nothing of one") from error
    if kind != FORMAT:
        raise _no_lake(where, f"its root says {str(kind)[:60]!r}")
    if type(version) is not int or not 0 < version <= VERSION:
        raise FormatVersionError(
            f"the lake has the format version {version!r}",
            where=where,
            expected=f"at most {VERSION}",
            next_step="open it with the tmescope that wrote it, or a newer one",
        )
    try:
        return _parse(said)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _no_lake(where, f"its description is damaged ({type(error).__name__}: {error})") from error


def _parse(said: Mapping[str, Any]) -> LakeLayout:
    parts = tuple(_parse_part(p) for p in said["parts"])
    if [p.sha256 for p in parts] != sorted({p.sha256 for p in parts}):
        raise ValueError("its parts are not in order")
    if len({p.number for p in parts}) < len(parts):
        raise ValueError("two parts have one number")
    dictionary = str(said["dictionary"])
    return LakeLayout(parts=parts, dictionary=_matching(_DIGEST, dictionary) if dictionary else "")


def _parse_part(said: Mapping[str, Any]) -> LakePart:
    files = {str(k): _parse_file(v) for k, v in said["files"].items()}
    if not files.keys() <= set(_TABLES):
        raise ValueError(f"no table is called {sorted(files.keys() - set(_TABLES))[0][:60]!r}")
    names = tuple(str(n) for n in said["names"])
    if not names:
        raise ValueError("a part has no name")
    return LakePart(
        sha256=_matching(_HASH, said["sha256"]),
        source=str(said["source"]),
        names=names,
        sequence=_size(said["sequence"]),
        last_day=_matching(re.compile(r"(\d{4}-\d\d-\d\d)?"), said["last_day"]),
        files=files,
        mentions={_matching(_DIGEST, k): _parse_file(v) for k, v in said["mentions"].items()},
    )


def _parse_file(said: Mapping[str, Any]) -> LakeFile:
    n_rows = _size(said["n_rows"])
    if n_rows >= _MOST_ROWS:
        raise ValueError(f"{n_rows} rows")
    return LakeFile(n_rows, _size(said["n_bytes"]), _size(said["crc32"]))


def _size(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise ValueError(f"{value!r} is no size")
    return value


def _matching(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{str(value)[:60]!r} is not of the form {pattern.pattern}")
    return value


def _no_lake(where: str, why: str) -> FileFormatError:
    return FileFormatError(
        f"this is no lake of documents: {why}",
        where=where,
        expected=f"a folder with {ROOT} as tmescope wrote it",
        next_step="give the folder of a lake, or another folder to make a new one",
    )
