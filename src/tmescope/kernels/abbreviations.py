"""Abbreviations that a text introduces itself: ``long form (LF)``, after Schwartz and Hearst 2003."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["find_abbreviations"]

_OPEN, _CLOSE, _SPACE = 40, 41, 32
_SHORTEST, _LONGEST = 2, 10
_MORE_WORDS = 5


@compiled
def _is_word(byte: int, answer: NDArray[np.int64]) -> None:
    lower = byte | 32
    answer[0] = np.int64(byte >= 128 or 97 <= lower <= 122 or 48 <= byte <= 57)


@compiled
def _short_form(
    data: NDArray[np.uint8], at: int, last: int, span: NDArray[np.int64], answer: NDArray[np.int64]
) -> None:
    """Write from where to where the short form behind a parenthesis goes; an empty span where it is none."""
    span[0], span[1] = at + 1, at + 1
    end = at + 1
    letters = np.int64(0)
    while end < min(last, at + 2 + _LONGEST) and data[end] not in (_OPEN, _CLOSE, _SPACE, 44, 59):
        letters += np.int64(97 <= (data[end] | 32) <= 122)
        end += 1
    if end >= last or data[end] not in (_CLOSE, 44, 59) or letters == 0 or end - at - 1 < _SHORTEST:
        return
    _is_word(data[at + 1], answer)
    if answer[0]:
        span[1] = end


@compiled
def _window(data: NDArray[np.uint8], begin: int, end: int, words: int, span: NDArray[np.int64]) -> None:
    """Write where the words before a parenthesis begin and end: at most so many, and none beyond a clause."""
    while end > begin and data[end - 1] == _SPACE:
        end -= 1
    at = end
    seen, inside = 0, np.int64(0)
    while at > begin:
        byte = np.int64(data[at - 1])
        if byte in (_OPEN, _CLOSE, 59, 58, 10) or (byte == 46 and data[at] == _SPACE):
            break
        if byte == _SPACE and inside:
            seen += 1
            if seen == words:
                break
        inside = np.int64(byte != _SPACE)
        at -= 1
    span[0], span[1] = at, end


@compiled
def _long_form(
    data: NDArray[np.uint8],
    short: NDArray[np.int64],
    window: NDArray[np.int64],
    answer: NDArray[np.int64],
    start: NDArray[np.int64],
) -> None:
    """Write where the shortest long form begins whose letters are those of the short form, or -1."""
    at = window[1] - 1
    for place in range(short[1] - 1, short[0] - 1, -1):
        _is_word(data[place], answer)
        if not answer[0]:
            continue
        wanted = data[place] | 32
        while at >= window[0]:
            if data[at] | 32 == wanted:
                answer[0] = 0
                if place == short[0] and at > window[0]:
                    _is_word(data[at - 1], answer)
                if not answer[0]:
                    break
            at -= 1
        at -= 1
    start[0] = at + 1 if at + 1 >= window[0] else -1


@compiled
def find_abbreviations(
    data: NDArray[np.uint8], ends: NDArray[np.int64], found: NDArray[np.int32], count: NDArray[np.int64]
) -> None:
    """Find short forms in parentheses whose long form stands before them.

    Parameters
    ----------
    data : array of uint8
        The texts as UTF-8, one behind the other.
    ends : array of int64, n_texts + 1
        Where each begins and ends.
    found : array of int32, capacity x 5
        Written: text, bytes of the short form from and to, bytes of the long form from and to.
    count : array of int64, 1
        Written: how many there are, also where `found` is too small for all.

    Notes
    -----
    A short form has 2 to 10 bytes, one word, at least a letter; the long form at most ``min(n + 5, 2 n)`` words of the
    same clause. Read from their ends, each letter and digit of the short form must come in the long form, the first at
    the beginning of a word. A. Schwartz, M. Hearst, Pac Symp Biocomput 2003, 451-462.
    """
    answer, start = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    short, window = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64)
    count[0] = 0
    for text in range(ends.shape[0] - 1):
        begin, last = ends[text], ends[text + 1]
        for at in range(begin, last):
            if data[at] != _OPEN:
                continue
            _short_form(data, at, last, short, answer)
            n = short[1] - short[0]
            if n == 0:
                continue
            _window(data, begin, at, min(n + _MORE_WORDS, 2 * n), window)
            _long_form(data, short, window, answer, start)
            if start[0] < 0 or window[1] - start[0] <= n:
                continue
            row = count[0]
            if row < found.shape[0]:
                found[row, 0] = text
                found[row, 1], found[row, 2] = short[0] - begin, short[1] - begin
                found[row, 3], found[row, 4] = start[0] - begin, window[1] - begin
            count[0] = row + 1
