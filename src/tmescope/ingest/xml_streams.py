"""XML as a stream of events, without entities, without DTD, and with an end to what one record may hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from xml.parsers import expat

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes

__all__ = ["LONGEST_RECORD", "XmlStream"]

LONGEST_RECORD = 32 << 20
"""Bytes from the end of one record to the end of the next."""

_BLOCK = 1 << 18
_MOST_NAMES = 10_000
_CUT = frozenset(
    {expat.errors.codes[m] for m in (expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN)}
)


class XmlStream:
    """An XML file, read in blocks and handed to three functions.

    Parameters
    ----------
    path : Path
        Plain or gzip.
    limits : Limits
        On what is decompressed.
    longest : int, optional
        Bytes that one record may have, see `ended`; by default `LONGEST_RECORD`.

    Notes
    -----
    A document type that only points elsewhere is not followed; one that declares anything is refused, and so is
    every entity beside the five of XML and numbers.
    """

    def __init__(self, path: Path, *, limits: Limits = DEFAULT_LIMITS, longest: int | None = None) -> None:
        self.path = path
        self._limits = limits
        self._longest = LONGEST_RECORD if longest is None else longest
        self._last_end = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._entity
        self._parser.SkippedEntityHandler = self._skipped
        self._parser.ExternalEntityRefHandler = self._external

    def listen(
        self,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None],
        text: Callable[[str], None],
    ) -> None:
        """Say who hears of what.

        Parameters
        ----------
        start : callable
            Gets the name of an element and its attributes.
        end : callable
            Gets the name.
        text : callable
            Gets pieces of text.
        """
        self._parser.StartElementHandler = start
        self._parser.EndElementHandler = end
        self._parser.CharacterDataHandler = text

    def ended(self) -> None:
        """Say that a record ends here; whoever listens calls it."""
        self._last_end = self._parser.CurrentByteIndex

    @property
    def place(self) -> str:
        """File and line that are being read, for messages."""
        return f"{self.path}, line {self._parser.CurrentLineNumber:,}"

    def run(self) -> Iterator[None]:
        """Read the file; stop after each block, so that what was heard can be taken away.

        Raises
        ------
        FileFormatError
            Not well-formed, cut off, entities, a record that is too long, or whatever is wrong with the
            compressed file.
        """
        with open_bytes(self.path, limits=self._limits) as handle:
            n_read = 0
            while block := handle.read(_BLOCK):
                n_read += len(block)
                self._feed(block, final=False)
                self._check_size(n_read)
                yield
        self._feed(b"", final=True)

    def _feed(self, block: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(block, final)
        except expat.ExpatError as error:
            what = expat.ErrorString(error.code)
            cut = final and error.code in _CUT
            raise FileFormatError(
                "the file ends before its last element is closed" if cut else f"this is not well-formed XML: {what}",
                where=f"{self.path}, line {error.lineno:,}, column {error.offset + 1:,}",
                expected="one complete XML document",
                next_step="copy or download the file again" + (": it is truncated" if cut else ""),
            ) from error
        except FileFormatError:  # of whoever listens; a ValueError too
            raise
        except (LookupError, ValueError) as error:
            raise FileFormatError(
                f"the file is in an encoding that cannot be read ({error})",
                where=self.place,
                expected="UTF-8, UTF-16 or an encoding of one byte a letter",
                next_step="save the file as UTF-8",
            ) from error

    def _check_size(self, n_read: int) -> None:
        if n_read - self._last_end > self._longest + _BLOCK:
            raise FileFormatError(
                f"a record has more than {self._longest:,} bytes",
                where=self.place,
                expected=f"at most {self._longest:,} bytes from one record to the next",
                next_step="check where the file comes from",
            )
        names = len(self._parser.intern)
        if names > _MOST_NAMES:
            raise self._refusal(f"the file has {names:,} different names of elements and attributes")

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
        return FileFormatError(
            what,
            where=self.place,
            expected="XML without declarations of its own; for safety they are not read",
            next_step="check where the file comes from",
        )
