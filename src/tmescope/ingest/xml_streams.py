"""XML as a stream of records, without entities, without DTD, and with an end to what one record may hold."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.parsers import expat

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes

__all__ = ["LONGEST_RECORD", "MOST_ELEMENTS", "Element", "XmlStream"]

Element = ET.Element
"""What a record is, and each part of it."""

LONGEST_RECORD = 32 << 20
"""Bytes from the end of one record to the end of the next."""

MOST_ELEMENTS = 250_000
"""Elements and attributes that one record may have, counted from a megabyte on, each time that it has doubled."""

_BLOCK = 1 << 13  # small, so that what was parsed is still near when it is read
_LARGEST_BLOCK = 1 << 18
_COUNTED_FROM = 1 << 20
_LONGEST_PROLOG = 1 << 20
_MOST_NAMES = 10_000
_NAMES_OF_ONE_IN = 16
_CODES = expat.errors.codes
_CUT = frozenset({_CODES[m] for m in (expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN)})
_UNBOUND = _CODES[expat.errors.XML_ERROR_UNBOUND_PREFIX]
_UNDEFINED = re.compile(r"undefined entity &([^;:]*);")


class _OtherNames(Exception):  # noqa: N818 - no error: the file is read in another way
    """The file has prefixes that it does not explain, or one space of names for all."""


class XmlStream:
    """An XML file, read in blocks and handed over record by record, each a tree.

    Parameters
    ----------
    path : Path
        Plain or gzip.
    limits : Limits
        On what is decompressed.
    longest : int, optional
        Bytes that one record may have; by default `LONGEST_RECORD`.

    Notes
    -----
    A record is a child of the outermost element. Until that one starts, a parser that refuses all declarations reads
    the file: a document type that only points elsewhere is not followed, one that declares anything is refused. From
    there on nothing can be declared any more, and the compiled parser of `xml.etree` builds the trees. It does not see
    the document type, so that every entity beside the five of XML and numbers is an error to it, in attributes too.

    Names stand as ``{space}name`` where the file explains their prefix. A file that uses prefixes without explaining
    them, which its document type may do, or that has one space for all names, is read with names as they are written.

    A parser keeps all names as long as it reads: they are counted in one of sixteen blocks in which records end, drawn
    by lot, and in all records of a megabyte, so that a file that would fill the memory with them is refused before.
    """

    def __init__(self, path: Path, *, limits: Limits = DEFAULT_LIMITS, longest: int | None = None) -> None:
        self.path = path
        self._limits = limits
        self._longest = LONGEST_RECORD if longest is None else longest
        self._names: set[str] = set()
        self._number = 0
        self._counted = _COUNTED_FROM
        self._pending = 0

    @property
    def place(self) -> str:
        """File and line on which the record begins that was handed over last; the file is read again for it."""
        return self._place_of(self._number)

    def run(self, check_root: Callable[[str], object]) -> Iterator[Element]:
        """Read the file.

        Parameters
        ----------
        check_root : callable
            Gets the name of the outermost element as it is written; raises where it is another than expected.

        Yields
        ------
        Element
            Each child of the outermost element when it is complete, in their order.

        Raises
        ------
        FileFormatError
            Not well-formed, cut off, entities, a record that is too long, or whatever is wrong with the
            compressed file.
        """
        try:
            yield from self._records(check_root, as_written=False)
        except _OtherNames:
            done, self._number = self._number, 0
            for record in self._records(check_root, as_written=True):
                if self._number > done:
                    yield record

    def _records(self, check_root: Callable[[str], object], *, as_written: bool) -> Iterator[Element]:
        builder = ET.TreeBuilder()
        above = builder.start("file", {})
        reader = _Cautious(self.path, builder) if as_written else ET.XMLParser(target=builder)  # noqa: S314 - see the notes
        until_names = 0
        for block in self._blocks(check_root, above):
            try:
                reader.feed(block) if block else reader.close()
            except (ET.ParseError, expat.ExpatError) as error:
                if error.code == _UNBOUND:
                    raise _OtherNames from error
                raise self._unread(error, final=not block) from error
            for root in above:
                if root.tag[0] == "{":
                    raise _OtherNames
                complete = root[:-1] if block else root[:]
                del root[: len(complete)]
                until_names -= bool(complete)
                if until_names <= 0 or self._pending >= _COUNTED_FROM:
                    until_names = 1 + secrets.randbelow(2 * _NAMES_OF_ONE_IN - 1)
                    self._count_names(complete)
                for record in complete:
                    self._number += 1
                    yield record

    def _blocks(self, check_root: Callable[[str], object], above: Element) -> Iterator[bytes]:
        """Yield the bytes of the file once its outermost element is known, and none at the end."""
        with open_bytes(self.path, limits=self._limits) as handle:
            prolog, held = _Cautious(self.path), [b""]
            while not prolog.root:
                held.append(handle.read(_BLOCK))
                self._read_prolog(prolog, held[-1])
                if len(held) * _BLOCK > _LONGEST_PROLOG and not prolog.root:
                    raise self._too_long_before()
            check_root(prolog.root)
            yield prolog.without_document_type(b"".join(held))
            number, pending = self._number, 0
            while block := handle.read(min(max(_BLOCK, pending), _LARGEST_BLOCK)):
                self._pending = pending + len(block)
                yield block
                if number < self._number:
                    number, pending = self._number, 0
                else:
                    pending += len(block)
                    self._check_size(pending, above)
        yield b""

    def _read_prolog(self, prolog: _Cautious, block: bytes) -> None:
        try:
            prolog.parser.Parse(block, not block)
        except expat.ExpatError as error:
            raise self._unread(error, final=not block) from error
        except FileFormatError:  # of a handler; a ValueError too
            raise
        except (LookupError, ValueError) as error:
            raise FileFormatError(
                f"the file is in an encoding that cannot be read ({error})",
                where=str(self.path),
                expected="UTF-8, UTF-16 or an encoding of one byte a letter",
                next_step="save the file as UTF-8",
            ) from error

    def _unread(self, error: ET.ParseError | expat.ExpatError, *, final: bool) -> FileFormatError:
        line, column = error.position if isinstance(error, ET.ParseError) else (error.lineno, error.offset)
        if undefined := _UNDEFINED.search(str(error)):
            what = f"the file uses the entity {undefined[1][:60]!r}, which it does not explain"
            return _declares(what, f"{self.path}, line {line:,}")
        what = expat.ErrorString(error.code)
        cut = final and error.code in _CUT
        return FileFormatError(
            "the file ends before its last element is closed" if cut else f"this is not well-formed XML: {what}",
            where=f"{self.path}, line {line:,}, column {column + 1:,}",
            expected="one complete XML document",
            next_step="copy or download the file again" + (": it is truncated" if cut else ""),
        )

    def _check_size(self, pending: int, above: Element) -> None:
        """Refuse a record that has begun so many bytes ago, or that has too many elements."""
        if pending > self._longest + _BLOCK:
            raise self._too_long(f"{self._longest:,} bytes")
        if pending < _COUNTED_FROM:
            self._counted = _COUNTED_FROM
        elif pending >= self._counted:
            self._counted = 2 * pending
            if sum(1 + len(one.keys()) for one in above.iter()) > MOST_ELEMENTS:
                raise self._too_long(f"{MOST_ELEMENTS:,} elements and attributes")

    def _too_long(self, limit: str) -> FileFormatError:
        return FileFormatError(
            f"a record has more than {limit}",
            where=self._place_of(self._number + 1),
            expected=f"at most {limit} from one record to the next",
            next_step="check where the file comes from",
        )

    def _too_long_before(self) -> FileFormatError:
        return FileFormatError(
            f"more than {_LONGEST_PROLOG:,} bytes stand before the outermost element, or in its own tag",
            where=f"{self.path}, line 1",
            expected="a document type and comments of a few lines",
            next_step="check where the file comes from",
        )

    def _count_names(self, records: list[Element]) -> None:
        for element in chain.from_iterable(record.iter() for record in records):
            self._names.add(element.tag)
            self._names.update(element.keys())
        if len(self._names) > _MOST_NAMES:
            raise FileFormatError(
                f"the file has {len(self._names):,} different names of elements and attributes",
                where=self.place,
                expected=f"those of one document type, at most {_MOST_NAMES:,}",
                next_step="check where the file comes from",
            )

    def _place_of(self, number: int) -> str:
        """Return the line on which a record begins, that of the outermost element for 0."""
        reader = _Cautious(self.path, wanted=number)
        with open_bytes(self.path, limits=self._limits) as handle:
            try:
                while reader.line is None and (block := handle.read(_LARGEST_BLOCK)):
                    reader.feed(block)
            except (expat.ExpatError, FileFormatError):  # it lies behind what can be read
                pass
        return f"{self.path}, line {reader.line or reader.parser.CurrentLineNumber:,}"


class _Cautious:
    """Refuses all declarations, and knows the outermost element and the lines of records.

    Parameters
    ----------
    path : Path
        For messages.
    builder : TreeBuilder, optional
        Hears the elements, by their names as they are written.
    wanted : int
        Number of the record whose line is wanted.
    """

    def __init__(self, path: Path, builder: ET.TreeBuilder | None = None, *, wanted: int = 0) -> None:
        self.root = ""
        self.line: int | None = None
        self._path = path
        self._depth = 0
        self._left = wanted
        self._type_to = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EndDoctypeDeclHandler = self._after_doctype
        self.parser.EntityDeclHandler = self._entity
        self.parser.SkippedEntityHandler = self._skipped
        self.parser.ExternalEntityRefHandler = self._external
        self.parser.StartElementHandler = self._start if builder is None else builder.start
        self.parser.EndElementHandler = self._end if builder is None else builder.end
        self.parser.CharacterDataHandler = None if builder is None else builder.data

    def feed(self, data: bytes) -> None:
        """Read some bytes."""
        self.parser.Parse(data, False)

    def close(self) -> None:
        """Read the end."""
        self.parser.Parse(b"", True)

    def _start(self, tag: str, _: object) -> None:
        self.root = self.root or tag
        self._left -= self._depth == 1
        if self._left == 0 and self.line is None:
            self.line = self.parser.CurrentLineNumber
        self._depth += 1

    def _end(self, _: str) -> None:
        self._depth -= 1

    def without_document_type(self, data: bytes) -> bytes:
        """Return the beginning of the file with blanks in place of the document type; lines stay lines."""
        if not self._type_to:
            return data
        wide = b"\0" in data[:4]
        order = "latin-1" if not wide else "utf-16-le" if data[1] == 0 or data[:2] == b"\xff\xfe" else "utf-16-be"
        end = self._type_to + 1 + wide
        begin = data.rfind("<!DOCTYPE".encode(order), 0, end)
        blank = re.sub(r"[^\n]", " ", data[begin:end].decode(order, errors="replace"))
        return data[:begin] + blank.encode(order) + data[end:]

    def _after_doctype(self) -> None:
        self._type_to = self.parser.CurrentByteIndex

    def _doctype(self, *found: object) -> None:
        if found[-1]:  # it has a part of its own
            raise self._refusal("the file declares a document type of its own")

    def _entity(self, *found: object) -> None:
        raise self._refusal(f"the file declares the entity {str(found[0])[:60]!r}")

    def _skipped(self, name: str, _: object) -> None:
        raise self._refusal(f"the file uses the entity {name[:60]!r}, which it does not explain")

    def _external(self, *_: object) -> int:
        raise self._refusal("the file asks for another file")

    def _refusal(self, what: str) -> FileFormatError:
        return _declares(what, f"{self._path}, line {self.parser.CurrentLineNumber:,}")


def _declares(what: str, where: str) -> FileFormatError:
    return FileFormatError(
        what,
        where=where,
        expected="XML without declarations of its own; for safety they are not read",
        next_step="check where the file comes from",
    )
