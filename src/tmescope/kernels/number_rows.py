"""Rows of a text table with a name and plain decimal numbers, read in one walk over their bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["number_rows"]

_LINE_FEED = 10
_RETURN = 13
_QUOTE = 34
_ZERO = 48
_POINT = -2  # '.', counted from '0'
_MOST_DIGITS = 18  # what an int64 holds
_EXACT = 2**53  # whole numbers up to here, and powers of ten up to 10^22, are doubles: one division rounds once
_POWERS = 10.0 ** np.arange(23)

_AT, _MANTISSA, _DIGITS, _SCALE, _FINE = 0, 1, 2, 3, 4


@compiled
def _read_digits(text: NDArray[np.uint8], state: NDArray[np.int64]) -> None:
    """Read digits with at most one point; the state gets them as a whole number, their count and the scale."""
    at = state[_AT]
    mantissa = np.int64(0)
    n = np.int64(0)
    point = np.int64(-1)
    while True:
        digit = np.int64(text[at]) - _ZERO
        if 0 <= digit <= 9:
            if n < _MOST_DIGITS:
                mantissa = mantissa * 10 + digit
            n += 1
        elif digit == _POINT and point < 0:
            point = n
        else:
            break
        at += 1
    state[_AT] = at
    state[_MANTISSA] = mantissa
    state[_DIGITS] = n
    state[_SCALE] = point - n if point >= 0 else 0


@compiled
def _read_exponent(text: NDArray[np.uint8], state: NDArray[np.int64]) -> None:
    """Read what follows an e and add it to the scale; without digits, or with many, the number is not fine."""
    at = state[_AT] + 1
    negative = text[at] == 45
    if negative or text[at] == 43:
        at += 1
    first = at
    exponent = np.int64(0)
    while 0 <= np.int64(text[at]) - _ZERO <= 9 and at - first < 4:
        exponent = exponent * 10 + np.int64(text[at]) - _ZERO
        at += 1
    if at == first:
        state[_FINE] = 0
    state[_AT] = at
    state[_SCALE] += -exponent if negative else exponent


@compiled
def _read_number(text: NDArray[np.uint8], state: NDArray[np.int64], value: NDArray[np.float64]) -> None:
    """Read a number whose double needs no more than one rounding; else the state is not fine."""
    first = text[state[_AT]]
    state[_FINE] = 1
    if first in (45, 43):
        state[_AT] += 1
    _read_digits(text, state)
    if text[state[_AT]] in (69, 101):
        _read_exponent(text, state)
    mantissa, scale = state[_MANTISSA], state[_SCALE]
    within = mantissa <= _EXACT and -23 < scale < 23 and 0 < state[_DIGITS] <= _MOST_DIGITS
    if not within:
        state[_FINE] = 0
        return
    number = float(mantissa)
    number = number / _POWERS[-scale] if scale < 0 else number * _POWERS[scale]
    value[0] = -number if first == 45 else number


@compiled
def _read_word(
    text: NDArray[np.uint8], end: int, words: NDArray[np.uint8], state: NDArray[np.int64], value: NDArray[np.float64]
) -> None:
    """Read a cell that is one of the words for a missing value; else the state is not fine."""
    at = state[_AT]
    state[_FINE] = 0
    for k in range(words.shape[0]):
        n = 0
        while n < words.shape[1] and words[k, n] == text[at + n] and words[k, n] != 0:
            n += 1
        ends = n == words.shape[1] or words[k, n] == 0
        if ends and text[at + n] in (end, _LINE_FEED, _RETURN):
            state[_AT] = at + n
            state[_FINE] = 1
            value[0] = np.nan
            return


@compiled
def _read_name(text: NDArray[np.uint8], delimiter: int, state: NDArray[np.int64], span: NDArray[np.int64]) -> None:
    """Write where the name of a row begins and ends, without its quotes, and go on behind its delimiter."""
    at = state[_AT]
    quoted = text[at] == _QUOTE
    at += quoted
    span[0] = at
    while text[at] != _QUOTE and text[at] != _LINE_FEED and text[at] != _RETURN and (quoted or text[at] != delimiter):
        at += 1
    span[1] = at
    if quoted and text[at] == _QUOTE:
        at += 1
    elif quoted:
        state[_FINE] = 0
        return
    state[_FINE] = np.int64(text[at] == delimiter)
    state[_AT] = at + 1


@compiled
def _read_row(
    text: NDArray[np.uint8],
    delimiter: int,
    words: NDArray[np.uint8],
    state: NDArray[np.int64],
    row: NDArray[np.float64],
) -> None:
    """Read the numbers of one row up to behind its line feed; the state is not fine where it is not plain."""
    value = np.empty(1, dtype=np.float64)
    last = row.shape[0] - 1
    for j in range(row.shape[0]):
        start = state[_AT]
        _read_number(text, state, value)
        if state[_FINE] == 0 and state[_DIGITS] == 0:
            state[_AT] = start
            _read_word(text, delimiter, words, state, value)
        if state[_FINE] == 0:
            return
        row[j] = value[0]
        at = state[_AT]
        if j < last and text[at] != delimiter:
            state[_FINE] = 0
            return
        state[_AT] = at + 1
    at = state[_AT] - 1
    if text[at] == _RETURN:
        at += 1
    state[_FINE] = np.int64(text[at] == _LINE_FEED)
    state[_AT] = at + 1


@compiled
def number_rows(
    text: NDArray[np.uint8],
    delimiter: int,
    words: NDArray[np.uint8],
    values: NDArray[np.float64],
    names: NDArray[np.int64],
    done: NDArray[np.int64],
) -> None:
    """Read rows until one is not plain.

    Parameters
    ----------
    text : array of uint8
        Whole lines; the last byte is a line feed.
    delimiter : int
        The byte between cells.
    words : array of uint8, shape (n_words, width)
        What stands for a missing value, filled up with zeros; the empty cell has a row of zeros.
    values : array of float64, shape (n_rows, n_columns)
        Gets the numbers; room for every line of the text. One row more than `done` says may have been begun.
    names : array of int64, shape (n_rows, 2)
        Gets where the name of each row begins and ends in the text, without quotes.
    done : array of int64, shape (2,)
        Gets the number of rows that were read, and the place in the text of the first that was not.

    Notes
    -----
    Plain is a name (in quotes or not, none inside) and as many cells as there are columns, each a decimal number or
    a word; lines end with LF or CRLF, empty ones are passed over. A number must have a whole number of at most 2^53
    as its digits and a power of ten of at most 22: then one multiplication or division of two exact doubles gives
    the nearest double. What is not plain is no fault: another reader decides about it.
    """
    state = np.zeros(5, dtype=np.int64)
    done[:] = 0
    n = 0
    while done[1] < text.shape[0] and n < values.shape[0]:
        state[_AT] = done[1]
        if text[done[1]] == _RETURN:
            state[_AT] += 1
        if text[state[_AT]] == _LINE_FEED:
            done[1] = state[_AT] + 1
            continue
        state[_AT] = done[1]
        _read_name(text, delimiter, state, names[n])
        if state[_FINE] == 1:
            _read_row(text, delimiter, words, state, values[n])
        if state[_FINE] == 0:
            return
        n += 1
        done[0] = n
        done[1] = state[_AT]
