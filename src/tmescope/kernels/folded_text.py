"""Running text as words of letters and digits, in one form for capitals, hyphens, Greek letters and accents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "BEGINS",
    "ENDS",
    "FROM_BYTE",
    "FROM_CODE",
    "HASH",
    "HASH_FACTOR",
    "HASH_KEPT",
    "HASH_SHIFT",
    "MARKS",
    "MOST_CAPITALS",
    "RARE",
    "TO_BYTE",
    "TO_CODE",
    "fold_text",
]

FROM_CODE, TO_CODE, HASH, FROM_BYTE, TO_BYTE, MARKS = range(6)
"""Columns of the words that `fold_text` writes."""

BEGINS, ENDS = 1, 2
"""Marks of a word: a word of the text begins with it, or ends."""

RARE = 128
"""Class of the bytes whose character must be looked up."""

MOST_CAPITALS = 62
"""Letters beyond are not asked whether they are capitals."""

HASH_FACTOR, HASH_SHIFT, HASH_KEPT = 6364136223846793005, 33, 0x7FFFFFFF
"""Hash of a word: each code is added to the value before, times the factor; of the 64 bits those from the shift on."""

_HARD, _SOFT, _UPPER, _NAMED, _DROPPED, _APOSTROPHE = 0, 1, 3, 4, 5, 6
_FIRST_DIGIT, _FIRST_LETTER, _LAST_LETTER = 2, 12, 37
_CODE_BITS, _CAPITAL_BIT = 63, 6
_NO_SORT, _DIGIT, _LETTER, _NAME = 0, 1, 2, 3
_N, _WORDS, _WAITING, _IN_WORD, _SORT, _VALUE, _AT, _STATES = range(8)


@compiled
def _decode(data: NDArray[np.uint8], at: int, last: int, point: NDArray[np.int64]) -> None:
    """Write the code point that begins at a byte, and where the next begins; broken bytes become U+FFFD."""
    byte = np.int64(data[at])
    width = 1 + np.int64(byte >= 0xC0) + np.int64(byte >= 0xE0) + np.int64(byte >= 0xF0)
    point[0], point[1] = byte, at + 1
    if byte < 0x80:
        return
    if width == 1 or at + width > last:
        point[0] = 0xFFFD
        return
    value = byte & (0x7F >> width)
    for i in range(1, width):
        if data[at + i] & 0xC0 != 0x80:
            point[0] = 0xFFFD
            return
        value = (value << 6) | (np.int64(data[at + i]) & 0x3F)
    point[0], point[1] = value, at + width


@compiled
def _open(
    sort: int,
    at: int | np.int64,
    codes: NDArray[np.uint8],
    words: NDArray[np.int32],
    capitals: NDArray[np.int64],
    state: NDArray[np.int64],
) -> None:
    """Begin a word or number behind what stands between it and the one before."""
    n, word = state[_N], state[_WORDS]
    if word > 0:
        codes[n] = 0 if state[_IN_WORD] or state[_WAITING] == 1 else 1
        n += 1
    words[word, FROM_CODE], words[word, FROM_BYTE] = n, at
    words[word, MARKS] = 0 if state[_IN_WORD] else BEGINS
    capitals[word] = 0
    state[_N], state[_WORDS], state[_SORT], state[_VALUE] = n, word + 1, sort, 0
    state[_WAITING], state[_IN_WORD] = 0, 1


@compiled
def _close(end: int | np.int64, words: NDArray[np.int32], state: NDArray[np.int64]) -> None:
    """Write where the open word ends so far, and its hash."""
    word = state[_WORDS] - 1
    words[word, TO_CODE], words[word, TO_BYTE] = state[_N], end
    words[word, HASH] = (state[_VALUE] >> HASH_SHIFT) & HASH_KEPT


@compiled
def _read_plain(
    data: NDArray[np.uint8],
    first: int,
    last: int,
    classes: NDArray[np.uint8],
    codes: NDArray[np.uint8],
    words: NDArray[np.int32],
    capitals: NDArray[np.int64],
    state: NDArray[np.int64],
) -> None:
    """Read up to the next byte that must be looked up: most of most texts, so all stands in one loop."""
    at, n, word, waiting = state[_AT], state[_N], state[_WORDS] - 1, state[_WAITING]
    in_word, is_number, value = state[_IN_WORD], state[_SORT] == _DIGIT, state[_VALUE]
    has_sort = state[_SORT] != _NAME
    while at < last:
        one = np.int64(classes[data[at]])
        if one == RARE:
            break
        if one <= _SOFT:
            words[max(word, 0), MARKS] |= ENDS * in_word
            in_word, waiting, at = 0, max(waiting, 2 - one), at + 1
            continue
        new_sort = one & _CODE_BITS < _FIRST_LETTER
        if not in_word or new_sort != is_number or not has_sort:
            if word >= 0:
                codes[n] = 0 if in_word or waiting == 1 else 1
                n += 1
            word += 1
            words[word, FROM_CODE], words[word, FROM_BYTE], words[word, MARKS] = n, at - first, BEGINS * (1 - in_word)
            in_word, waiting, is_number, has_sort, value, capitals[word] = 1, 0, new_sort, True, 0, 0
        low, beyond = (_FIRST_DIGIT, _FIRST_LETTER) if is_number else (_FIRST_LETTER, _LAST_LETTER + 1)
        place = n - words[word, FROM_CODE]
        weight, seen = (np.int64(1) << place if place < MOST_CAPITALS else np.int64(0)), capitals[word]
        while low <= one & _CODE_BITS < beyond:
            codes[n] = one & _CODE_BITS
            value = (value + (one & _CODE_BITS)) * HASH_FACTOR
            seen |= weight * (one >> _CAPITAL_BIT)
            weight = (weight << 1) & ((np.int64(1) << MOST_CAPITALS) - 1)
            n, at = n + 1, at + 1
            one = np.int64(classes[data[at]]) if at < last else np.int64(_HARD)
        words[word, TO_CODE], words[word, TO_BYTE], capitals[word] = n, at - first, seen
        words[word, HASH] = (value >> HASH_SHIFT) & HASH_KEPT
    state[_AT], state[_N], state[_WORDS], state[_WAITING] = at, n, word + 1, waiting
    state[_IN_WORD], state[_VALUE] = in_word, value
    if has_sort:
        state[_SORT] = _DIGIT if is_number else _LETTER


@compiled
def _spell(
    kind: int | np.int64,
    spelling: tuple[np.int64, np.int64],
    letters: NDArray[np.uint8],
    where: tuple[int | np.int64, int | np.int64],
    codes: NDArray[np.uint8],
    words: NDArray[np.int32],
    capitals: NDArray[np.int64],
    state: NDArray[np.int64],
) -> None:
    """Write one character of a word that is spelt with other letters."""
    for i in range(spelling[0], spelling[1]):
        code = np.int64(letters[i])
        sort = _NAME if kind == _NAMED else (_LETTER if code >= _FIRST_LETTER else _DIGIT)
        if not state[_IN_WORD] or sort != state[_SORT] or (kind == _NAMED and i == spelling[0]):
            _open(sort, where[0], codes, words, capitals, state)
        word, n = state[_WORDS] - 1, state[_N]
        place = n - words[word, FROM_CODE]
        if kind == _UPPER and place < MOST_CAPITALS:
            capitals[word] |= np.int64(1) << place
        codes[n] = code
        state[_N], state[_VALUE] = n + 1, (state[_VALUE] + code) * HASH_FACTOR
        _close(where[1], words, state)


@compiled
def _pause(length: int | np.int64, words: NDArray[np.int32], state: NDArray[np.int64]) -> None:
    """End the word of the text that is open; 1 between words, 2 between clauses."""
    if state[_IN_WORD]:
        words[state[_WORDS] - 1, MARKS] |= ENDS
        state[_IN_WORD] = 0
    state[_WAITING] = max(state[_WAITING], length)


@compiled
def _own(data: NDArray[np.uint8], at: int, last: int, answer: NDArray[np.int64]) -> None:
    """Write whether a lone s stands behind an apostrophe."""
    answer[0] = 0
    if at < last and (data[at] | 32) == 115:
        following = np.int64(data[at + 1]) | 32 if at + 1 < last else 32
        answer[0] = np.int64(not (97 <= following <= 122 or 48 <= following <= 57 or following >= 128))


@compiled
def _read_rare(
    data: NDArray[np.uint8],
    first: int,
    last: int,
    kinds: NDArray[np.uint8],
    ends: NDArray[np.int32],
    letters: NDArray[np.uint8],
    codes: NDArray[np.uint8],
    words: NDArray[np.int32],
    capitals: NDArray[np.int64],
    point: NDArray[np.int64],
    state: NDArray[np.int64],
) -> None:
    """Read one character that is no ASCII letter, digit or sign."""
    at = state[_AT]
    _decode(data, at, last, point)
    kind = np.int64(kinds[point[0]]) if point[0] < kinds.shape[0] else np.int64(_HARD)
    state[_AT] = point[1]
    if 2 <= kind <= _NAMED:
        spelling = (np.int64(ends[point[0]]), np.int64(ends[point[0] + 1]))
        _spell(kind, spelling, letters, (at - first, point[1] - first), codes, words, capitals, state)
    elif kind == _APOSTROPHE and state[_IN_WORD]:
        _own(data, point[1], last, point)
        state[_AT] += point[0]
        _pause(2 - point[0], words, state)
    elif kind != _DROPPED:
        _pause(1 if kind == _SOFT else 2, words, state)


@compiled
def fold_text(
    data: NDArray[np.uint8],
    first: int,
    last: int,
    classes: NDArray[np.uint8],
    kinds: NDArray[np.uint8],
    ends: NDArray[np.int32],
    letters: NDArray[np.uint8],
    codes: NDArray[np.uint8],
    words: NDArray[np.int32],
    capitals: NDArray[np.int64],
    count: NDArray[np.int64],
) -> None:
    """Fold one text.

    Parameters
    ----------
    data : array of uint8
        UTF-8.
    first, last : int
        Its bytes.
    classes : array of uint8, 256
        What a byte is: its code, 64 more for a capital, 0 or 1 for a break; `RARE` where the other tables say it.
    kinds : array of uint8, n_points
        0 between sentences or clauses, 1 between words, 2 in a word, 3 a capital, 4 a letter that is spelt out,
        5 nothing, 6 an apostrophe. Code points beyond are of kind 0.
    ends : array of int32, n_points + 1
        Where the spelling of a code point begins and ends in `letters`.
    letters : array of uint8
        Codes: 2-11 digits, 12-37 letters.
    codes : array of uint8, at least 5 for each byte and 8 more
        Written: the folded text, 0 between words and where letters turn into digits, 1 between clauses.
    words : array of int32, as many as bytes and 8 more x 6
        Written: each run of letters or digits: codes from and to, its hash, bytes from and to (counted from `first`),
        and marks.
    capitals : array of int64, as many
        Written: which of its first 62 letters are capitals, as bits.
    count : array of int64, 2
        Written: how many codes and words.

    Notes
    -----
    ``PD-L1``, ``PD L1`` and ``pd-l1`` become the same text, ``TGFβ`` that of ``TGF-beta``. A possessive s is left out.
    """
    state, point = np.zeros(_STATES, dtype=np.int64), np.zeros(2, dtype=np.int64)
    state[_AT] = first
    while state[_AT] < last:
        _read_plain(data, first, last, classes, codes, words, capitals, state)
        if state[_AT] < last:
            _read_rare(data, first, last, kinds, ends, letters, codes, words, capitals, point, state)
    _pause(0, words, state)
    count[0], count[1] = state[_N], state[_WORDS]
