"""The words that tables use for the four categories of RECIST."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

__all__ = ["RECIST_WORDS", "find_categories", "read_recist", "translate_recist"]

RECIST_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "CR": ("complete response", "complete remission", "complete responder"),
        "PR": ("partial response", "partial remission", "partial responder"),
        "SD": ("stable disease", "stable"),
        "PD": ("progressive disease", "progression", "progressed", "disease progression", "progressor"),
        "NE": ("not evaluable", "inevaluable", "non evaluable", "unevaluable", "not evaluated"),
    }
)
"""Words that a RECIST rule also accepts for a category that it places, without regard to case and punctuation.

The abbreviation may stand in brackets, before or after (``Partial Response (PR)``). Confirmed and unconfirmed responses
(``cPR``, ``uPR``), mixed responses and ``MR`` are not among them: they must be named in the rule."""

_CATEGORY_OF = {word: category for category, words in RECIST_WORDS.items() for word in words}
_CATEGORY_OF |= {category.casefold(): category for category in RECIST_WORDS}


def read_recist(word: str) -> str | None:
    """Return CR, PR, SD, PD or NE for a documented word (see `RECIST_WORDS`), None for any other."""
    plain = " ".join(re.sub(r"[\W_]+", " ", word.casefold()).split())
    if plain in _CATEGORY_OF:
        return _CATEGORY_OF[plain]
    first, _, rest = plain.partition(" ")
    front, _, last = plain.rpartition(" ")
    for abbreviation, words in ((first, rest), (last, front)):
        category = _CATEGORY_OF.get(words)
        if category is not None and category == abbreviation.upper():
            return category
    return None


def find_categories(words: Iterable[str]) -> frozenset[str]:
    """Return the RECIST categories that some words name, by abbreviation or in full."""
    return frozenset(category for word in words if (category := read_recist(word)))


def translate_recist(cells: Iterable[str], named: Collection[str]) -> tuple[list[str], Counter[tuple[str, str]]]:
    """Replace documented words for a category by the word that a rule names it by.

    Parameters
    ----------
    cells : iterable of str
        As they stand in the file.
    named : collection of str
        All values that the rule names, such as ``SD`` or ``Stable Disease``. One of these is never replaced, and only
        by one of these.

    Returns
    -------
    translated : list of str
        The cells, with words replaced.
    used : Counter of (str, str)
        Word and what it was replaced by, with how often.
    """
    # where a rule has several words for one category they are of one group, so any of them will do
    word_of = {category: word for word in sorted(named) if (category := read_recist(word))}
    word_of |= {category: category for category in RECIST_WORDS if category in named}
    used: Counter[tuple[str, str]] = Counter()
    translated = []
    for cell in cells:
        word = None if cell.strip() in named else word_of.get(read_recist(cell) or "")
        if word is not None:
            used[cell.strip(), word] += 1
        translated.append(cell if word is None else word)
    return translated, used
