"""Every error that tmescope raises on purpose, in one tree.

::

    TmescopeError
    ├── InputError (ValueError)            something in a file or an argument is wrong
    │   ├── FileFormatError                the file is not what its format says
    │   ├── ExpressionError                the matrix: shape, orientation, duplicates, values
    │   ├── ScaleError                     the numbers contradict the declared scale, or it cannot be converted
    │   ├── IdentifierError                genes that cannot be mapped
    │   ├── SampleError                    sample and patient identifiers, joins, selection
    │   ├── EndpointError                  response rules, times, event codings
    │   └── StudyFileError                 study.toml itself
    ├── MissingFileError (FileNotFoundError)
    ├── UnknownNameError (LookupError)     a signature, method, column that does not exist
    ├── FactsError (ValueError)            bundled or installed facts that fail their own checks
    ├── FetchError (ConnectionError)       a file cannot be fetched, or what came is not the file
    ├── MethodError (ValueError)           a method cannot run on this input
    ├── StoreError (OSError)               results cannot be written or read back
    │   ├── FolderInUseError               another run is writing there
    │   └── FormatVersionError             written by a newer tmescope
    ├── MissingDependencyError (ImportError)
    └── ManyProblems (ValueError)          several of the above at once

Each message says what is wrong (value, count, up to three examples), where, what is expected and the next step.
The command line ends with exit code 2 for any of them.
"""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterable, Sequence

__all__ = [
    "EndpointError",
    "ExpressionError",
    "FactsError",
    "FetchError",
    "FileFormatError",
    "FolderInUseError",
    "FormatVersionError",
    "IdentifierError",
    "InputError",
    "ManyProblems",
    "MethodError",
    "MissingDependencyError",
    "MissingFileError",
    "SampleError",
    "ScaleError",
    "StoreError",
    "StudyFileError",
    "TmescopeError",
    "UnknownNameError",
    "closest",
    "examples",
    "listing",
]

_SHOWN = 3
_CHOICES = 30
_LONGEST = 60
_WIDTH = 100
_INDENT = "    "


class TmescopeError(Exception):
    """Base of all errors that tmescope raises on purpose.

    Parameters
    ----------
    what : str
        What is wrong, with the value, the count and up to three examples.
    where : str, optional
        File, column, table key or argument.
    expected : str, optional
        What would have been right.
    next_step : str, optional
        What the user can do now.
    """

    def __init__(
        self, what: str, *, where: str | None = None, expected: str | None = None, next_step: str | None = None
    ) -> None:
        self.what = what
        self.where = where
        self.expected = expected
        self.next_step = next_step
        super().__init__(what)

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where:    {self.where}")
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        if self.next_step:
            lines.append(f"  do:       {self.next_step}")
        return "\n".join(lines)


class InputError(TmescopeError, ValueError):
    """Something in a file or an argument is wrong."""


class FileFormatError(InputError):
    """The file is not what its format says."""


class ExpressionError(InputError):
    """The expression matrix has a wrong shape, orientation, duplicates or values."""


class ScaleError(InputError):
    """The numbers contradict the declared scale, or it cannot be converted as asked."""


class IdentifierError(InputError):
    """Genes cannot be mapped."""


class SampleError(InputError):
    """Sample or patient identifiers, their join or their selection are wrong."""


class EndpointError(InputError):
    """A response rule, a time or an event coding is missing or contradicted by the data."""


class StudyFileError(InputError):
    """The study file itself is wrong."""


class MissingFileError(TmescopeError, FileNotFoundError):
    """A file that the study names does not exist."""


class UnknownNameError(TmescopeError, LookupError):
    """A signature, method or column of that name does not exist."""

    @classmethod
    def of(cls, kind: str, name: str, known: Iterable[str], *, where: str | None = None) -> UnknownNameError:
        """Build the error with a "did you mean" from the names that exist.

        Parameters
        ----------
        kind : str
            What the name should have been, such as ``signature``.
        name : str
            What the user wrote.
        known : iterable of str
            Names that exist.
        where : str, optional
            File and key.
        """
        names = list(known)
        guess = closest(name, names)
        choice = f"choose one of: {listing(sorted(names), most=_CHOICES)}" if names else f"there is no {kind} at all"
        step = f"did you mean {guess!r}?" if guess else choice
        return cls(f"no {kind} is named {_short(name)!r}", where=where, next_step=step)


class FactsError(TmescopeError, ValueError):
    """Bundled or installed facts fail their own checks."""


class FetchError(TmescopeError, ConnectionError):
    """A file cannot be fetched over the network, or what came is not the file."""


class MethodError(TmescopeError, ValueError):
    """A method cannot run on this input."""


class StoreError(TmescopeError, OSError):
    """Results cannot be written or read back."""


class FolderInUseError(StoreError):
    """Another run is writing into the same folder."""


class FormatVersionError(StoreError):
    """The file was written in a format version that this release does not know."""


class MissingDependencyError(TmescopeError, ImportError):
    """An optional dependency is not installed."""


class ManyProblems(TmescopeError, ValueError):  # noqa: N818 - it is a collection, not one error
    """Several problems at once.

    Parameters
    ----------
    problems : sequence of TmescopeError
        In the order in which they should be read.
    """

    def __init__(self, problems: Sequence[TmescopeError]) -> None:
        self.problems = tuple(problems)
        noun = "problem" if len(self.problems) == 1 else "problems"
        super().__init__(f"{len(self.problems)} {noun}")

    def __str__(self) -> str:
        numbered = (f"{i}. " + str(p).replace("\n", "\n   ") for i, p in enumerate(self.problems, start=1))
        return f"{self.what}\n" + "\n".join(numbered)


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, or None where nothing is close."""
    by_folded = {k.casefold(): k for k in known}
    hit = difflib.get_close_matches(name.casefold(), list(by_folded), n=1, cutoff=0.6)
    return by_folded[hit[0]] if hit else None


def examples(values: Iterable[object]) -> str:
    """Return up to three values, quoted and shortened, for a message: ``'a', 'b', 'c' and 7 more``."""
    items = list(values)
    shown = ", ".join(repr(_short(v)) if isinstance(v, str) else str(v) for v in items[:_SHOWN])
    rest = len(items) - _SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown


def listing(names: Sequence[str], *, most: int) -> str:
    """Return many names for a message: in the line where they are few, on lines of their own where they are many.

    Parameters
    ----------
    names : sequence of str
        In the order in which they are shown.
    most : int
        How many are shown; the rest is counted.
    """
    rest = len(names) - most
    text = ", ".join(map(_short, names[:most])) + (f" and {rest} more" if rest > 0 else "")
    if len(text) <= _WIDTH:
        return text
    return "\n" + textwrap.fill(text, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT, break_on_hyphens=False)


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"
