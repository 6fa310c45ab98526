"""Running text as words of letters and digits, in one form for capitals, hyphens, Greek letters and accents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BEGINS", "CAPITAL", "ENDS", "fold_text"]

BEGINS, ENDS, CAPITAL = 1, 2, 4
"""Marks of a place: a word of the text begins or ends here; it is a capital letter."""

_HARD, _SOFT, _UPPER, _NAMED, _DROPPED, _APOSTROPHE = 0, 1, 3, 4, 5, 6
_FIRST_DIGIT, _FIRST_LETTER = 2, 12
_N, _WAITING, _IN_WORD, _SORT = 0, 1, 2, 3
_NO_SORT, _DIGIT, _LETTER, _NAME = 0, 1, 2, 3


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
def _put(
    code: int | np.int64,
    mark: int,
    where: tuple[int, int],
    state: NDArray[np.int64],
    codes: NDArray[np.uint8],
    marks: NDArray[np.uint8],
    places: NDArray[np.int32],
) -> None:
    n = state[_N]
    codes[n], marks[n] = code, mark
    places[n, 0], places[n, 1] = where
    state[_N] = n + 1


@compiled
def _put_word(
    kind: int | np.int64,
    spelling: tuple[np.int64, np.int64],
    letters: NDArray[np.uint8],
    where: tuple[int, int],
    state: NDArray[np.int64],
    codes: NDArray[np.uint8],
    marks: NDArray[np.uint8],
    places: NDArray[np.int32],
) -> None:
    """Write one character of a word, with what stands between it and the one before."""
    for i in range(spelling[0], spelling[1]):
        code = np.int64(letters[i])
        sort = _NAME if kind == _NAMED else (_LETTER if code >= _FIRST_LETTER else _DIGIT)
        mark = CAPITAL if kind == _UPPER else 0
        if not state[_IN_WORD]:
            if state[_N] > 0:
                _put(np.int64(state[_WAITING] != 1), 0, where, state, codes, marks, places)
            mark |= BEGINS
        elif sort != state[_SORT] or (kind == _NAMED and i == spelling[0]):
            _put(0, 0, where, state, codes, marks, places)
        state[_WAITING], state[_IN_WORD], state[_SORT] = 0, 1, sort
        _put(code, mark, where, state, codes, marks, places)


@compiled
def _end_word(state: NDArray[np.int64], marks: NDArray[np.uint8]) -> None:
    if state[_IN_WORD]:
        marks[state[_N] - 1] |= ENDS
    state[_IN_WORD] = 0


@compiled
def _own(data: NDArray[np.uint8], at: int, last: int, answer: NDArray[np.int64]) -> None:
    """Write whether a lone s stands behind an apostrophe."""
    answer[0] = 0
    if at < last and (data[at] | 32) == 115:
        following = np.int64(data[at + 1]) | 32 if at + 1 < last else 32
        answer[0] = np.int64(not (97 <= following <= 122 or 48 <= following <= 57 or following >= 128))


@compiled
def fold_text(
    data: NDArray[np.uint8],
    first: int,
    last: int,
    kinds: NDArray[np.uint8],
    ends: NDArray[np.int32],
    letters: NDArray[np.uint8],
    codes: NDArray[np.uint8],
    marks: NDArray[np.uint8],
    places: NDArray[np.int32],
    count: NDArray[np.int64],
) -> None:
    """Fold one text.

    Parameters
    ----------
    data : array of uint8
        UTF-8.
    first, last : int
        Its bytes.
    kinds : array of uint8, n_points
        0 between sentences or clauses, 1 between words, 2 in a word, 3 a capital, 4 a letter that is spelt out,
        5 nothing, 6 an apostrophe. Code points beyond are of kind 0.
    ends : array of int32, n_points + 1
        Where the spelling of a code point begins and ends in `letters`.
    letters : array of uint8
        Codes: 2-11 digits, 12-37 letters.
    codes, marks : array of uint8, at least 5 for each byte and 8 more
        Written: the folded text, 0 between words and where letters turn into digits, 1 between clauses; marks.
    places : array of int32, as many x 2
        Written: bytes of the character, from `first` on.
    count : array of int64, 1
        Written: how many.

    Notes
    -----
    ``PD-L1``, ``PD L1`` and ``pd-l1`` become the same text, ``TGFβ`` that of ``TGF-beta``. A possessive s is left out.
    """
    state, point = np.zeros(4, dtype=np.int64), np.zeros(2, dtype=np.int64)
    own = np.zeros(1, dtype=np.int64)
    at = first
    while at < last:
        byte = np.int64(data[at])
        if state[_IN_WORD] and byte < 0x80 and 2 <= kinds[byte] <= _UPPER:  # most characters of most texts
            code = np.int64(letters[ends[byte]])
            if (_LETTER if code >= _FIRST_LETTER else _DIGIT) == state[_SORT]:
                n = state[_N]
                codes[n], marks[n] = code, CAPITAL if kinds[byte] == _UPPER else 0
                places[n, 0], places[n, 1] = at - first, at + 1 - first
                state[_N] = n + 1
                at += 1
                continue
        if byte < 0x80 and kinds[byte] <= _SOFT:  # most of what stands between words
            if state[_IN_WORD]:
                marks[state[_N] - 1] |= ENDS
            state[_IN_WORD] = 0
            state[_WAITING] = max(state[_WAITING], np.int64(2 - np.int64(kinds[byte])))
            at += 1
            continue
        _decode(data, at, last, point)
        known = point[0] < kinds.shape[0]
        kind = np.int64(kinds[point[0]]) if known else _HARD
        if 2 <= kind <= _NAMED:
            spelling = (np.int64(ends[point[0]]), np.int64(ends[point[0] + 1]))
            _put_word(kind, spelling, letters, (at - first, point[1] - first), state, codes, marks, places)
        elif kind == _APOSTROPHE and state[_IN_WORD]:
            _own(data, point[1], last, own)
            _end_word(state, marks)
            state[_WAITING] = max(state[_WAITING], 1 if own[0] else 2)
            point[1] += own[0]
        elif kind != _DROPPED:
            _end_word(state, marks)
            state[_WAITING] = max(state[_WAITING], 1 if kind == _SOFT else 2)
        at = point[1]
    _end_word(state, marks)
    count[0] = state[_N]
