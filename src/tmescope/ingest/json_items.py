"""Records of a large JSON document, one at a time: the text is cut where a record ends, and never held whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from tmescope.foundation.errors import FileFormatError, examples

__all__ = ["DEFAULT_JSON_LIMITS", "JsonItem", "JsonLimits", "parse_json", "read_items", "without_spaces"]

_BLOCK = 1 << 18
_NEXT_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+[\[\]{}]', re.DOTALL)
_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_PLAIN = re.compile(rb"[^\s\[\]{}\",:]+(?=[\s\[\]{}\",:])")
_SPACE = re.compile(rb"[ \t\r\n]*+")
_TIGHT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^ \t\r\n"]++', re.DOTALL)
_BYTE_ORDER = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class JsonLimits:
    """How large and deep one record may be.

    Parameters
    ----------
    max_item : int
        Bytes of one record; also of what stands beside the records.
    max_text : int
        Characters of one text in it.
    max_depth : int
        How deep lists and objects lie in each other.
    """

    max_item: int = 64 << 20
    max_text: int = 8 << 20
    max_depth: int = 64


DEFAULT_JSON_LIMITS = JsonLimits()
"""64 MiB a record, 8 Mi characters a text, 64 levels."""


@dataclass(frozen=True)
class JsonItem:
    """One record, not parsed yet.

    Parameters
    ----------
    text : bytes
        As the file has it.
    number : int
        Counted from 1.
    inside : str
        Name of the list that it is an entry of, such as ``studies``; empty for an entry of the outermost list and for
        a document that is one record.
    """

    text: bytes
    number: int
    inside: str = ""


def read_items(
    handle: IO[bytes], paths: Sequence[tuple[str, ...]], *, where: str, limits: JsonLimits = DEFAULT_JSON_LIMITS
) -> Iterator[JsonItem]:
    """Read the records of a JSON document, or of several one after the other.

    Parameters
    ----------
    handle : binary file
        From `tmescope.ingest.decompress.open_bytes`.
    paths : sequence of tuple of str
        Where a list of records may stand: ``("studies",)``, ``("resultList", "result")``. An outermost list is always
        one. An object without any of these is a record itself.
    where : str
        The file, for messages.
    limits : JsonLimits
        See there.

    Yields
    ------
    JsonItem
        In the order of the file.

    Raises
    ------
    FileFormatError
        The document ends too early or is no JSON around its records; a record is too large or too deep. What is
        within a record is looked at by `parse_json`.
    """
    return _Reading(_Window(handle, where, limits), tuple(paths)).items()


def parse_json(text: bytes, *, where: str, limits: JsonLimits = DEFAULT_JSON_LIMITS) -> Any:
    """Parse one record strictly.

    Parameters
    ----------
    text : bytes
        UTF-8.
    where : str
        File and number of the record, for messages.
    limits : JsonLimits
        Of its texts.

    Returns
    -------
    object
        Of dicts, lists, texts, numbers, booleans and None.

    Raises
    ------
    FileFormatError
        No JSON, no UTF-8, a key that an object has twice, a number that is none (NaN, Infinity) or has thousands of
        digits, a text that is too long.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            twice = sorted({name for name in names if names.count(name) > 1})
            raise _wrong(f"an object has the same key more than once: {examples(twice)}", where, "each key once")
        return found

    def no_number(said: str) -> Any:
        raise _wrong(f"{said} stands for a number", where, "numbers as JSON writes them, and null for what is missing")

    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=once, parse_constant=no_number)
    except UnicodeDecodeError as error:
        raise _wrong(f"bytes that are no UTF-8 (at byte {error.start:,} of the record)", where, "UTF-8") from error
    except RecursionError as error:
        raise _wrong("lists and objects lie too deep in each other", where, "a record of usual depth") from error
    except FileFormatError:
        raise
    except json.JSONDecodeError as error:
        raise _wrong(f"no JSON: {error.msg} (at character {error.pos:,} of the record)", where, "JSON") from error
    except ValueError as error:  # a whole number of thousands of digits
        raise _wrong("a number has thousands of digits", where, "numbers of usual length") from error
    if len(text) > limits.max_text:
        _check_texts(found, where, limits.max_text)
    return found


def without_spaces(text: bytes) -> bytes:
    """Return JSON without the spaces between its parts: numbers and texts stay as they were written.

    Parameters
    ----------
    text : bytes
        Valid JSON.
    """
    return b"".join(_TIGHT.findall(text))


def _check_texts(value: Any, where: str, longest: int) -> None:
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str) and len(one) > longest:
            what = f"a text has {len(one):,} characters (it begins {examples([one])})"
            raise _wrong(what, where, f"at most {longest:,} characters")
        if isinstance(one, dict):
            left += one.keys()
            left += one.values()
        elif isinstance(one, list):
            left += one


def _wrong(what: str, where: str, expected: str) -> FileFormatError:
    return FileFormatError(what, where=where, expected=expected, next_step="get the file again from its source")


@dataclass
class _Window:
    """The part of the file that is being looked at."""

    handle: IO[bytes]
    where: str
    limits: JsonLimits
    data: bytes = b""
    at: int = 0
    passed: int = 0
    is_over: bool = False

    def more(self, keep: int) -> bool:
        """Read on, at least as much as is kept; False at the end of the file."""
        if self.is_over:
            return False
        if len(self.data) - keep > self.limits.max_item:
            raise _wrong(
                f"a record has more than {self.limits.max_item:,} bytes (it begins at byte {self.passed + keep:,})",
                self.where,
                f"records of at most {self.limits.max_item:,} bytes",
            )
        wanted = max(_BLOCK, len(self.data) - keep)
        piece = self.handle.read(wanted)
        self.is_over = not piece
        self.passed += keep
        self.data = self.data[keep:] + piece
        self.at -= keep
        return bool(piece)

    def peek(self) -> bytes:
        """Return the next byte that is no space, without passing it; empty at the end."""
        while True:
            self.at = _SPACE.match(self.data, self.at).end()  # type: ignore[union-attr]  # it matches nothing too
            if self.at < len(self.data):
                return self.data[self.at : self.at + 1]
            if not self.more(self.at):
                return b""

    def take(self, wanted: bytes, expected: str) -> bytes:
        """Pass one byte of those that are wanted."""
        found = self.peek()
        if not found:
            raise self.ends()
        if found not in wanted:
            raise self.wrong(found, expected)
        self.at += 1
        return found

    def take_value(self) -> bytes:
        """Return the text of the value that comes next, and pass it."""
        first = self.peek()
        if first in b"[{" and first:
            return self._take_nested()
        return self._take_by(_TEXT if first == b'"' else _PLAIN)

    def _take_by(self, pattern: re.Pattern[bytes]) -> bytes:
        while (found := pattern.match(self.data, self.at)) is None:
            begin = self.data[self.at : self.at + 1]
            if begin and begin in b"]},:":
                raise self.wrong(begin, "a value")
            if not self.more(self.at):
                raise self.ends()
        self.at = found.end()
        return found.group()

    def _take_nested(self) -> bytes:
        position, depth = self.at, 0
        while True:
            found = _NEXT_BRACKET.match(self.data, position)
            if found is None:
                position -= self.at
                if not self.more(self.at):
                    raise self.ends()
                position += self.at
                continue
            position = found.end()
            depth += 1 if self.data[position - 1] in b"[{" else -1
            if depth > self.limits.max_depth:
                raise _wrong(
                    f"lists and objects lie more than {self.limits.max_depth} deep in each other "
                    f"(at byte {self.passed + position:,})",
                    self.where,
                    "a record of usual depth",
                )
            if not depth:
                text = self.data[self.at : position]
                self.at = position
                return text

    def wrong(self, found: bytes, expected: str) -> FileFormatError:
        """Return the error for a byte that should be another."""
        return _wrong(f"no JSON: {found!r} at byte {self.passed + self.at:,}", self.where, expected)

    def ends(self) -> FileFormatError:
        """Return the error for a file that ends too early."""
        return _wrong(
            f"the file ends after {self.passed + len(self.data):,} bytes, within a record", self.where, "JSON"
        )


@dataclass
class _Reading:
    """The way down to the lists of records."""

    window: _Window
    paths: tuple[tuple[str, ...], ...]
    count: int = 0
    beside: list[bytes] = field(default_factory=list)
    size: int = 0

    def items(self) -> Iterator[JsonItem]:
        window = self.window
        if window.peek() == b"\xef":
            window.more(window.at)
            if window.data[window.at :].startswith(_BYTE_ORDER):
                window.at += len(_BYTE_ORDER)
        while (first := window.peek()) or not self.count:
            if first == b"[":
                yield from self._entries("")
            elif first == b"{":
                self.beside, self.size = [], 0
                yield from self._members(self.paths, is_outermost=True)
            else:
                raise window.wrong(first, "a list or an object") if first else window.ends()
            if not window.peek():
                return

    def _entries(self, inside: str) -> Iterator[JsonItem]:
        window = self.window
        window.take(b"[", "a list")
        if window.peek() == b"]":
            window.at += 1
            return
        while True:
            self.count += 1
            yield JsonItem(window.take_value(), self.count, inside)
            if window.take(b",]", "',' or ']' between records") == b"]":
                return

    def _members(self, paths: tuple[tuple[str, ...], ...], *, is_outermost: bool = False) -> Iterator[JsonItem]:
        """Go through an object: down where a list of records may stand, past the rest."""
        window, has_list, seen = self.window, False, set[str]()
        window.take(b"{", "an object")
        while seen or window.peek() != b"}":
            key = self._key(seen)
            deeper = tuple(path[1:] for path in paths if path[0] == key)
            if deeper and () in deeper and window.peek() == b"[":
                has_list = True
                yield from self._entries(key)
            elif any(deeper) and window.peek() == b"{":
                has_list = True
                yield from self._members(tuple(filter(None, deeper)))
            else:
                self._pass(key)
            if window.peek() == b"}":
                break
            window.take(b",", "',' or '}' between the parts of an object")
        window.at += 1
        if is_outermost and not has_list:
            self.count += 1
            yield JsonItem(b"{" + b",".join(self.beside) + b"}", self.count)

    def _key(self, seen: set[str]) -> str:
        if self.window.peek() != b'"':
            self.window.take(b'"', "the name of a part, in quotes")
        text = self.window.take_value()
        name = str(parse_json(text, where=self.window.where))
        if name in seen:
            raise _wrong(f"an object has the same key more than once: {examples([name])}", self.window.where, "once")
        seen.add(name)
        self.window.take(b":", "':' behind the name of a part")
        self.beside.append(text + b":")
        return name

    def _pass(self, key: str) -> None:
        self.beside[-1] += self.window.take_value()
        self.size += len(self.beside[-1])
        if self.size > self.window.limits.max_item:
            raise _wrong(
                f"what stands in one object grows beyond {self.window.limits.max_item:,} bytes, at {examples([key])}",
                self.window.where,
                "a list of records",
            )
