"""A folder of pages that a source gave: each whole, noted with what it holds and where the next one is."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tmescope.foundation.errors import FormatVersionError, StoreError
from tmescope.store.atomic import staged_file

__all__ = ["Page", "PageFolder", "Place", "Wanted"]

Place = dict[str, Any]
"""Where a source is asked: what its address needs, as JSON."""

_FORMAT, _VERSION = "tmescope fetched pages", 1


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Parameters
    ----------
    source : str
        ``pubmed``, ``europepmc`` or ``trials``.
    query : str
        In the words of the source.
    since, until : datetime.date or None
        First and last day; without the last one, the day on which the first page is asked for.
    """

    source: str
    query: str
    since: dt.date | None = None
    until: dt.date | None = None

    @property
    def digest(self) -> str:
        """Twelve digits that are the same for the same question."""
        said = json.dumps([self.source, self.query, *(day and day.isoformat() for day in (self.since, self.until))])
        return hashlib.sha256(said.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Page:
    """One page.

    Parameters
    ----------
    file : str
        Name of its file in the folder.
    sha256 : str
        Of the file.
    ids : tuple of str
        What it holds.
    asked : dict
        Where it was asked for.
    following : dict or None
        Where the next one is; None after the last.
    total : int or None
        How many records the source says that there are in all.
    """

    file: str
    sha256: str
    ids: tuple[str, ...]
    asked: Place
    following: Place | None
    total: int | None


@dataclass(frozen=True)
class PageFolder:
    """The pages of one question in a folder that may hold others.

    Parameters
    ----------
    folder : Path
        Made where it is absent.
    wanted : Wanted
        The question.
    run : int
        Which asking of it, from 1.

    Raises
    ------
    FormatVersionError
        By its methods: notes of a newer version.
    """

    folder: Path
    wanted: Wanted
    run: int = 1

    @property
    def label(self) -> str:
        """Begin of the names of its files."""
        return f"{self.wanted.source}-{self.wanted.digest}-r{self.run}"

    @classmethod
    def latest(cls, folder: Path, wanted: Wanted) -> PageFolder:
        """Return the newest asking of a question; the first one where there is none yet.

        Parameters
        ----------
        folder : Path
            Where its pages are.
        wanted : Wanted
            The question.
        """
        found = folder.glob(f".{wanted.source}-{wanted.digest}-r*.job")
        runs = [name.removesuffix(".job").rpartition("-r")[2] for name in (path.name for path in found)]
        return cls(folder, wanted, max((int(run) for run in runs if run.isdecimal()), default=1))

    def begun(self) -> dict[str, Any] | None:
        """Return what was noted when the asking began, and at its end; None before."""
        return self._read(self._hidden("job"))

    def note(self, told: dict[str, Any]) -> None:
        """Note the beginning or the end.

        Parameters
        ----------
        told : dict
            What shall be known later; no key of an account.
        """
        wanted = {"source": self.wanted.source, "query": self.wanted.query}
        self._write(self._hidden("job"), {**wanted, **told})

    def pages(self) -> list[Page]:
        """Return the pages that are here, up to the first that is missing or was altered."""
        pages: list[Page] = []
        while (told := self._read(self._hidden(f"{len(pages) + 1:05d}"))) is not None:
            page = _page(told, self._hidden(f"{len(pages) + 1:05d}"))
            path = self.folder / page.file
            if not path.is_file() or _sha256(path) != page.sha256:
                break
            pages.append(page)
        return pages

    def add(self, number: int, data: bytes, *, suffix: str, page: Page) -> Page:
        """Write a page, then the note that it is here.

        Parameters
        ----------
        number : int
            From 1.
        data : bytes
            The answer as it came.
        suffix : str
            End of the name, such as ``.json``.
        page : Page
            What it holds; name and hash are filled in here.
        """
        name = f"{self.label}-{number:05d}{suffix}"
        whole = Page(name, hashlib.sha256(data).hexdigest(), page.ids, page.asked, page.following, page.total)
        with staged_file(self.folder / name) as staged:
            staged.write_bytes(data)
        self._write(self._hidden(f"{number:05d}"), {**vars(whole), "ids": list(whole.ids)})
        return whole

    def coming(self) -> Path:
        """Return where a page goes that is on its way."""
        return self.folder / f".{self.label}.coming"

    def lock(self) -> Path:
        """Return the file of the lock of this question."""
        return self.folder / f".{self.wanted.source}-{self.wanted.digest}.lock"

    def _hidden(self, part: str) -> Path:
        return self.folder / (f".{self.label}.job" if part == "job" else f".{self.label}-{part}.page")

    def _read(self, path: Path) -> dict[str, Any] | None:
        try:
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if told["format"] != _FORMAT:
                raise KeyError(path.name)
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise _broken(path) from error
        if told["version"] != _VERSION:
            raise FormatVersionError(
                f"notes of version {told['version']!r}", where=str(path), expected=f"version {_VERSION}"
            )
        return told

    def _write(self, path: Path, told: dict[str, Any]) -> None:
        text = json.dumps({"format": _FORMAT, "version": _VERSION, **told}, ensure_ascii=False)
        with staged_file(path) as staged:
            staged.write_text(text + "\n", encoding="utf-8")


def _page(told: dict[str, Any], path: Path) -> Page:
    try:
        named = str(told["file"])
        if Path(named).name != named:
            raise ValueError(named)
        ids = tuple(map(str, told["ids"]))
        following, total = told["following"], told["total"]
        if not isinstance(following, dict | None) or not isinstance(total, int | None):
            raise TypeError(following)
        return Page(named, told["sha256"], ids, dict(told["asked"]), following, total)
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(path) from error


def _broken(path: Path) -> StoreError:
    return StoreError(
        "the note of what was fetched cannot be read",
        where=str(path),
        next_step="remove this file and run the command again, which fetches from there on",
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
