"""What somebody typed, as a question that SQLite's full-text search understands: words are data, never syntax."""

from __future__ import annotations

import re

from tmescope.foundation.errors import InputError

__all__ = ["FIELDS", "UNTYPED", "match_expression"]

FIELDS = ("title", "abstract", "keywords", "mesh", "trial", "ids")
"""Columns of the index that a word may be looked for in, as in ``title:TIGIT``."""

UNTYPED = "\ue000"
"""A letter to the index, for private use, that is taken out of questions: words with it are found by no question."""

_TERM = re.compile(r'(-?)((?:[a-z]+:)?)("[^"]*"?|\S+?)(\*?)(?=\s|$)')
_LONGEST = 2_000
_MOST = 64
_SHORTEST_PREFIX = 3
_OR = "OR"
_FILLERS = frozenset({"a", "an", "and", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "with"})
"""Words that nearly every document has, and that are left out where they are written so and others remain."""


def match_expression(text: str) -> str:
    """Return the expression for ``MATCH``.

    Parameters
    ----------
    text : str
        Words that must all occur; ``"a phrase"``; ``pembro*`` for a beginning; ``-word`` for what must not occur;
        ``one OR another``; ``title:word`` for one field, see `FIELDS`. Everything else is text, hyphens within words
        included: ``PD-1`` is found as the two words beside each other. ``of``, ``the`` and the like do not count
        among others; within a phrase they do.

    Raises
    ------
    InputError
        If there is no word in it, none that must occur, a beginning of one or two letters, or far too much.
    """
    if len(text) > _LONGEST:
        raise _refused(f"the question has {len(text):,} characters", f"at most {_LONGEST:,}")
    groups: list[list[str]] = []
    excluded: list[str] = []
    joins = False
    found = _without_fillers(list(_TERM.finditer(text.replace("\0", " ").replace(UNTYPED, " "))))
    if len(found) > _MOST:
        raise _refused(f"the question has {len(found)} words", f"at most {_MOST}")
    for match in found:
        if match[0] == _OR:
            joins = bool(groups)
            continue
        term = _term(match)
        if term is None:
            continue
        if match[1]:
            excluded.append(term)
        elif joins:
            groups[-1].append(term)
        else:
            groups.append([term])
        joins = False
    if not groups:
        what = "the question has only words that shall not occur" if excluded else "the question has no word"
        raise _refused(what, "at least one word of letters or digits that shall occur")
    wanted = " AND ".join(f"({' OR '.join(group)})" for group in groups)
    return f"({wanted}) NOT ({' OR '.join(excluded)})" if excluded else wanted


def _without_fillers(found: list[re.Match[str]]) -> list[re.Match[str]]:
    telling = [match for match in found if match[0] not in _FILLERS]
    return telling if any(match[0] != _OR for match in telling) else found


def _term(match: re.Match[str]) -> str | None:
    """Return a term as a string of FTS5, None where it has no letter and no digit."""
    field, body, star = match[2], match[3], match[4]
    if field[:-1] not in FIELDS:
        field, body = "", field + body
    words = body.strip('"').replace('"', " ").strip()
    letters = sum(c.isalnum() for c in words)
    if not letters:
        return None
    if star and letters < _SHORTEST_PREFIX:
        raise _refused(f"the beginning {words + star!r} is short", f"at least {_SHORTEST_PREFIX} letters before the *")
    return f'{field[:-1] + " : " if field else ""}"{words}"{" *" if star else ""}'


def _refused(what: str, expected: str) -> InputError:
    return InputError(
        what,
        where="the question",
        expected=expected,
        next_step='write words, "phrases", beginnings*, -words that shall not occur, or title:words',
    )
