"""Names of genes, samples and patients that cannot be meant: control characters, marks of byte order, whole texts."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tmescope.foundation.errors import InputError, examples

__all__ = ["check_spelling"]

_LONGEST = 1000
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
