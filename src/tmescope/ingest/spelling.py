"""Names of genes, samples and patients: spellings that cannot be meant, and names that are nearly alike."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tmescope.foundation.errors import InputError, examples

__all__ = ["check_spelling", "find_similar", "group_similar"]

_LONGEST = 1000
_R_PREFIX = re.compile(r"\Ax(?=\d)")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")


def check_spelling(names: Iterable[str], kind: str, error: type[InputError], *, where: str) -> list[InputError]:
    """Return problems with the spelling of names.

    Parameters
    ----------
    names : iterable of str
        As in the file.
    kind : str
        What they name, such as ``sample names``.
    error : type
        Of the problems.
    where : str
        File and axis or column.

    Notes
    -----
    Control characters (NUL, line breaks, tabs, escapes), byte order marks inside the text and names beyond 1,000
    characters are refused: they come from joined or damaged files and match no other table. Formulas and marks of
    writing direction are names like any other; whatever is written makes them harmless.
    """
    present = list(names)
    odd = [name for name in present if _CONTROL.search(name)]
    long = [name for name in present if len(name) > _LONGEST]
    problems = []
    if odd:
        problems.append(
            error(
                f"{len(odd)} {kind} hold control characters or a byte order mark: {examples(odd)}",
                where=where,
                expected="names on one line, of characters that can be seen",
                next_step="look for line breaks inside cells and for files that were joined, and correct the names",
            )
        )
    if long:
        problems.append(
            error(
                f"{len(long)} {kind} have more than {_LONGEST:,} characters: {examples(long)}",
                where=where,
                expected="names, not texts",
                next_step="name the right column, or look for a quotation mark that is not closed",
            )
        )
    return problems


def find_similar(names: Iterable[str], others: Iterable[str]) -> list[tuple[str, str]]:
    """Return names of two tables that agree apart from case, spaces and punctuation.

    Parameters
    ----------
    names, others : iterable of str
        What was found in one table alone.

    Returns
    -------
    list of (str, str)
        In the order of `names`, each with the first of `others` that it could be. An X before a digit, which R puts
        there, does not count either.
    """
    first: dict[str, str] = {}
    for other in others:
        first.setdefault(_plain(other), other)
    return [(name, first[plain]) for name in names if (plain := _plain(name)) in first]


def _plain(name: str) -> str:
    return _R_PREFIX.sub("", "".join(c for c in name.casefold() if c.isalnum()), count=1) or name


def group_similar(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the groups of different names that agree apart from case and spaces.

    Parameters
    ----------
    names : iterable of str
        Of one column; punctuation counts, since ``1.1`` and ``11`` are two names.

    Returns
    -------
    list of tuple of str
        Two names or more in each, in the order in which they occur.
    """
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        groups.setdefault("".join(name.casefold().split()), []).append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]
