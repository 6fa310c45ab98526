"""Records of lines that each begin with a short name, as MEDLINE text (NBIB) and RIS files have them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes
from tmescope.ingest.document_texts import tidy
from tmescope.ingest.json_fields import clean
from tmescope.ingest.lines import read_blocks
from tmescope.ingest.xml_streams import LONGEST_RECORD

__all__ = ["Layout", "TaggedRecord", "read_tagged"]

_BLOCK = 1 << 18
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Layout:
    """How a format writes its lines.

    Parameters
    ----------
    name : str
        Of the format, for messages.
    line : pattern
        Of a line with its name (group 1) and value (group 2).
    first : str
        Name with which a record begins.
    last : str or None
        Name with which it ends; None where an empty line ends it.
    """

    name: str
    line: re.Pattern[str]
    first: str
    last: str | None = None


class _Value(NamedTuple):
    name: str
    text: str


@dataclass
class TaggedRecord:
    """One record.

    Parameters
    ----------
    line : int
        Number of its first line.
    values : list
        Names and values in their order; lines that go on are joined by a blank.
    """

    line: int
    values: list[_Value] = field(default_factory=list)

    def all(self, *names: str) -> list[str]:
        """Return the values of these names, in the order of the record, without empty ones."""
        return [v.text for v in self.values if v.name in names and v.text]

    def first(self, *names: str) -> str | None:
        """Return the first value of the first of these names that has one."""
        return next((text for name in names for text in self.all(name)), None)


def read_tagged(path: Path, layout: Layout, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[TaggedRecord]:
    """Read a file record by record.

    Parameters
    ----------
    path : Path
        UTF-8, plain or gzip.
    layout : Layout
        Of the format.
    limits : Limits
        On what is decompressed.

    Yields
    ------
    TaggedRecord
        Each has at least its first line.

    Raises
    ------
    FileFormatError
        A line outside of a record, a record that is too long or has no end, text that is no UTF-8, an empty file.
    """
    reading = _Reading(path, layout)
    with open_bytes(path, limits=limits) as handle:
        for block in read_blocks(handle, _BLOCK, where=str(path), longest=LONGEST_RECORD):
            for line in block.text[:-1].split(b"\n"):
                if (done := reading.take(line)) is not None:
                    yield done
    if (done := reading.finish()) is not None:
        yield done


class _Reading:
    """Where the reading of a file stands."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self._path = path
        self._layout = layout
        self._number = 0
        self._size = 0
        self._n_records = 0
        self._record: TaggedRecord | None = None
        self._name = ""
        self._pieces: list[str] = []

    def take(self, raw: bytes) -> TaggedRecord | None:
        """Take one line; return the record that it ends, if it ends one."""
        self._number += 1
        line = self._text(raw)
        self._size += len(raw)
        if self._size > LONGEST_RECORD:
            raise self._refusal(f"a record has more than {LONGEST_RECORD:,} bytes")
        if not line.strip():
            return self._end() if self._layout.last is None else None
        found = self._layout.line.match(line)
        if found is None:
            self._go_on(line)
            return None
        return self._tagged(found[1], found[2])

    def _tagged(self, name: str, value: str) -> TaggedRecord | None:
        layout = self._layout
        if name == layout.last and self._record is not None:
            return self._end()
        done = None
        if name == layout.first:
            if self._record is not None and layout.last is not None:
                raise self._refusal(f"a record begins before the one of line {self._record.line:,} has ended")
            done = self._end()
            self._record = TaggedRecord(self._number)
        elif self._record is None:
            raise self._refusal(f"a line {name!r} stands outside of a record")
        self._flush()
        self._name, self._pieces = name, [value]
        return done

    def _go_on(self, line: str) -> None:
        if not self._pieces or (self._layout.last is None and not line.startswith(" ")):
            raise self._refusal(f"{line.strip()[:60]!r} is no line of a record")
        self._pieces.append(line)

    def _flush(self) -> None:
        if self._pieces and self._record is not None:
            self._record.values.append(_Value(self._name, tidy(" ".join(self._pieces))))
        self._pieces = []

    def _end(self) -> TaggedRecord | None:
        self._flush()
        done, self._record, self._size = self._record, None, 0
        self._n_records += done is not None
        return done

    def finish(self) -> TaggedRecord | None:
        """Return the last record, where it needs no line to end it."""
        if self._record is not None and self._layout.last is not None:
            raise self._refusal(f"the record of line {self._record.line:,} does not end: the file is cut off")
        done = self._end()
        if not self._n_records:
            raise self._refusal("the file has no record")
        return done

    def _text(self, raw: bytes) -> str:
        if self._number == 1:
            raw = raw.removeprefix(_MARK)
        try:
            return clean(raw.rstrip(b"\r").decode())
        except UnicodeDecodeError as error:
            raise self._refusal(f"the text is not UTF-8 ({error.reason})") from error

    def _refusal(self, what: str) -> FileFormatError:
        return FileFormatError(
            what,
            where=f"{self._path}, line {self._number:,}",
            expected=f"{self._layout.name}: records that begin with {self._layout.first!r}",
            next_step="export the records again, or check where the file comes from",
        )
