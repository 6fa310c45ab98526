"""What was found out while a cohort was read: problems, warnings and quality rows, collected, not raised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType

import pandas as pd

from tmescope.foundation.errors import ManyProblems, TmescopeError
from tmescope.foundation.result import RunWarning
from tmescope.ingest.matrix import Note
from tmescope.store.tables import SCHEMAS

__all__ = ["QUALITY_COLUMNS", "SAMPLE_FLAG_COLUMNS", "Findings", "problems_of", "raise_all"]

QUALITY_COLUMNS = tuple(SCHEMAS["quality"].columns)
"""Columns of the ``quality`` table."""

SAMPLE_FLAG_COLUMNS = tuple(SCHEMAS["sample_flags"].columns)
"""Columns of the ``sample_flags`` table."""

_SHOWN = 3


def raise_all(problems: Sequence[TmescopeError]) -> None:
    """Raise nothing for no problem, the problem itself for one, and `ManyProblems` for several.

    Parameters
    ----------
    problems : sequence of TmescopeError
        In reading order.

    Raises
    ------
    TmescopeError
        The only problem, or `ManyProblems` with all of them.
    """
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ManyProblems(problems)


def problems_of(error: TmescopeError) -> tuple[TmescopeError, ...]:
    """Return the single problems in an error: those of a `ManyProblems`, or the error itself."""
    return error.problems if isinstance(error, ManyProblems) else (error,)


class _Collecting:
    def __init__(self, problems: list[TmescopeError]) -> None:
        self._problems = problems

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> bool:
        if isinstance(error, ManyProblems):
            self._problems.extend(error.problems)
        elif isinstance(error, TmescopeError):
            self._problems.append(error)
        return isinstance(error, TmescopeError)


@dataclass
class Findings:
    """Collector that the checks of one cohort write into.

    Parameters
    ----------
    cohort_id : str
        Becomes the ``where`` of warnings and the first column of the quality table. File paths do not enter
        either, so that both are the same on every machine.
    problems : list of TmescopeError
        Collected so far, in reading order.
    warnings : list of RunWarning
        Collected so far.
    """

    cohort_id: str
    problems: list[TmescopeError] = field(default_factory=list)
    warnings: list[RunWarning] = field(default_factory=list)
    _quality: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    _flags: list[tuple[str, str, str, str, str]] = field(default_factory=list)

    def add(self, problems: Iterable[TmescopeError]) -> None:
        """Keep problems that a check returned."""
        self.problems.extend(problems)

    def collecting(self) -> _Collecting:
        """Return a context manager that keeps an error of ours raised inside it, and lets any other pass."""
        return _Collecting(self.problems)

    def warn(self, code: str, message: str, *, items: Iterable[object] = (), count: int | None = None) -> None:
        """Keep one warning.

        Parameters
        ----------
        code : str
            Stable short name, ``topic.what``.
        message : str
            One sentence with the numbers in it.
        items : iterable
            What it concerns; the first three become the examples.
        count : int, optional
            How many it concerns; the number of `items` where not given.
        """
        listed = [str(item) for item in items]
        number = count if count is not None else max(len(listed), 1)
        self.warnings.append(RunWarning(code, message, self.cohort_id, number, tuple(listed[:_SHOWN])))

    def note(self, check: str, value: object, evidence: str, *, status: str = "ok") -> None:
        """Keep one row of the quality table.

        Parameters
        ----------
        check : str
            What was looked at.
        value : object
            What was found; kept as text.
        evidence : str
            One sentence.
        status : {'ok', 'notice', 'problem', 'unchecked'}
            How it is shown; ``unchecked`` where the check could not run, with the reason as evidence.
        """
        self._quality.append((self.cohort_id, check, status, str(value), evidence))

    def flag(self, sample_id: str, check: str, evidence: str, *, status: str = "notice") -> None:
        """Keep one row of the table of flagged samples: what a check says about one sample.

        Parameters
        ----------
        sample_id : str
            The sample.
        check : str
            As in `note`.
        evidence : str
            What is odd about it, as part of a sentence.
        status : {'notice', 'problem'}
            How it is shown.
        """
        self._flags.append((self.cohort_id, sample_id, check, status, evidence))

    def tell(self, notes: Iterable[Note]) -> None:
        """Keep what readers noted: a row of the quality table for each, and a warning where it has a code."""
        for note in notes:
            if note.code:
                self.warn(note.code, note.evidence, count=1)
            self.note(note.check, note.value, note.evidence, status="notice" if note.code else "ok")

    def raise_if_any(self) -> None:
        """Raise what was collected, see `raise_all`."""
        raise_all(self.problems)

    def quality(self) -> pd.DataFrame:
        """Return the quality table with the columns `QUALITY_COLUMNS`, all text."""
        return pd.DataFrame(self._quality, columns=list(QUALITY_COLUMNS), dtype="string")

    def sample_flags(self) -> pd.DataFrame:
        """Return the flagged samples with the columns `SAMPLE_FLAG_COLUMNS`, all text."""
        return pd.DataFrame(self._flags, columns=list(SAMPLE_FLAG_COLUMNS), dtype="string")
