"""How characters are compared when names are looked for: capitals, accents, dashes and Greek letters."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Folding", "fold", "load_folding"]

_N_POINTS = 0x2E80  # Latin, Greek, Cyrillic, punctuation and signs; what lies beyond is a break between clauses
_N_ASCII, _CAPITAL = 128, 64
_HARD, _SOFT, _WORD, _UPPER, _NAMED, _DROPPED, _APOSTROPHE = range(7)
_CODES = " .0123456789abcdefghijklmnopqrstuvwxyz"
_CODE = {character: i for i, character in enumerate(_CODES)}
_BETWEEN_WORDS = " \t\u00a0-_\u00ad"
_APOSTROPHES = "'\u2019\u02bc"
_SIGNS = "\u00ae\u2122\u00a9"  # (R), TM, (C)


@dataclass(frozen=True)
class Folding:
    """Tables for `tmescope.kernels.folded_text.fold_text`.

    Parameters
    ----------
    classes : array of uint8, 256
        What a byte is, where that is known without the other tables.
    kinds : array of uint8, n_points
        What a code point is.
    ends : array of int32, n_points + 1
        Where its spelling begins and ends.
    letters : array of uint8
        The spellings.
    """

    classes: NDArray[np.uint8]
    kinds: NDArray[np.uint8]
    ends: NDArray[np.int32]
    letters: NDArray[np.uint8]


@cache
def load_folding() -> Folding:
    """Return how the characters of Unicode below U+2E80 are folded.

    Returns
    -------
    Folding
        Letters with accents become their base, Greek letters their name (``β`` is ``beta``), raised and lowered digits
        plain ones, all dashes and blanks one break between words; trademark signs vanish. Every other sign, and every
        letter that no base is known of, is a break that no term reaches across.
    """
    spelt = [_spell(chr(point)) for point in range(_N_POINTS)]
    kinds = np.array([kind for kind, _ in spelt], dtype=np.uint8)
    ends = np.concatenate([[0], np.cumsum([len(text) for _, text in spelt])]).astype(np.int32)
    letters = np.array([_CODE[c] for _, text in spelt for c in text], dtype=np.uint8)
    return Folding(np.array([_class(byte) for byte in range(256)], dtype=np.uint8), kinds, ends, letters)


def _class(byte: int) -> int:
    from tmescope.kernels.folded_text import RARE

    kind, text = _spell(chr(byte))
    if byte >= _N_ASCII or kind not in {_HARD, _SOFT, _WORD, _UPPER}:
        return RARE
    return _CODE[text] + (_CAPITAL if kind == _UPPER else 0) if text else int(kind == _SOFT)


def _spell(character: str) -> tuple[int, str]:
    if character in _APOSTROPHES:
        return _APOSTROPHE, ""
    if character in _SIGNS or (unicodedata.category(character) in {"Mn", "Cf"} and character != "\u00ad"):
        return _DROPPED, ""
    if character in _BETWEEN_WORDS or unicodedata.category(character) in {"Pd", "Zs"}:
        return _SOFT, ""
    words = unicodedata.name(character, "").split()
    if words[:1] == ["GREEK"] and "LETTER" in words:
        return _greek(words)
    plain = unicodedata.normalize("NFKD", character)
    plain = "".join(c for c in plain if unicodedata.category(c) != "Mn").lower()
    if not plain or not all(c in _CODE and c not in " ." for c in plain):
        return (_SOFT, "") if plain == " " else (_HARD, "")
    return (_UPPER if character.isupper() else _WORD), plain


def _greek(words: list[str]) -> tuple[int, str]:
    name = words[words.index("LETTER") + 1] if words[-1] != "LETTER" else ""
    if name == "FINAL":
        name = "SIGMA"
    name = {"LAMDA": "lambda"}.get(name, name.lower())
    return (_NAMED, name) if name.isalpha() and name.isascii() and len(name) <= 7 else (_HARD, "")


def fold(texts: list[str]) -> list[tuple[bytes, int]]:
    """Return texts as codes, each with the places of its capitals as bits.

    Parameters
    ----------
    texts : list of str
        Names.

    Returns
    -------
    list of (bytes, int)
        See `tmescope.kernels.folded_text`; empty codes where no letter or digit is left.
    """
    from tmescope.kernels.folded_text import fold_text
    from tmescope.kernels.found_terms import case_bits

    tables = load_folding()
    longest = max((len(text.encode()) for text in texts), default=0)
    codes, capitals = np.empty(5 * longest + 8, dtype=np.uint8), np.empty(longest + 8, dtype=np.int64)
    words, count = np.empty((longest + 8, 6), dtype=np.int32), np.zeros(2, dtype=np.int64)
    bits = np.zeros(1, dtype=np.int64)
    found = []
    for text in texts:
        data = np.frombuffer(text.encode(), dtype=np.uint8)
        given = (tables.classes, tables.kinds, tables.ends, tables.letters)
        fold_text(data, 0, len(data), *given, codes, words, capitals, count)
        case_bits(words, capitals, 0, int(count[1]), bits)
        found.append((codes[: int(count[0])].tobytes(), int(bits[0])))
    return found
