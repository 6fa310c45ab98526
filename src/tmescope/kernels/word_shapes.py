"""Words that look like names of drugs: an ending that stands for a class, or the code of a company."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CODE", "find_shapes"]

CODE = -1
"""What `find_shapes` writes for a code; a stem is its place in the list."""

_NEITHER = -2
_LAST_CAPITAL = 90
_OTHER, _DIGIT, _LETTER = 0, 1, 2
_SEEN, _LETTER_BITS = 3, 5  # how many last letters of a word are looked up, and the bits of each
_MOST_CAPITALS, _FEWEST_DIGITS, _MOST_DIGITS, _MOST_BEHIND = 5, 3, 6, 2


@compiled
def _run(data: NDArray[np.uint8], at: int, last: int, kind: int, end: NDArray[np.int64]) -> None:
    """Write where a run of capitals (0), digits (1) or letters (2) ends."""
    while at < last:
        byte = np.int64(data[at])
        low = byte | 32 if kind == 2 else byte
        inside = 48 <= byte <= 57 if kind == 1 else (97 <= low <= 122 if kind == 2 else 65 <= byte <= 90)
        if not inside:
            break
        at += 1
    end[0] = at


@compiled
def _stem_of(
    data: NDArray[np.uint8],
    begin: int,
    end: int,
    stems: NDArray[np.uint8],
    stem_ends: NDArray[np.int32],
    needs: NDArray[np.int32],
    shape: NDArray[np.int64],
) -> None:
    """Write the longest stem that a word ends in, or `_NEITHER`."""
    shape[0] = _NEITHER
    longest = 0
    for stem in range(needs.shape[0]):
        n = stem_ends[stem + 1] - stem_ends[stem]
        if end - begin < needs[stem] or n <= longest:
            continue
        same = 0
        while same < n and (data[end - 1 - same] | 32) == stems[stem_ends[stem + 1] - 1 - same]:
            same += 1
        if same == n:
            shape[0], longest = stem, n


@compiled
def _code_end(data: NDArray[np.uint8], begin: int, last: int, end: NDArray[np.int64]) -> None:
    """Write where the code ends that begins at a word, or `begin` where none does."""
    _run(data, begin, last, 0, end)
    at = end[0]
    capitals = at - begin
    end[0] = begin
    if capitals < 2 or capitals > _MOST_CAPITALS or at >= last:
        return
    if data[at] == 45 or data[at] == 32:
        at += 1
    if at < last and 65 <= data[at] <= 90:
        at += 1
    first = at
    _run(data, at, last, 1, end)
    digits = end[0] - first
    behind = end[0]
    _run(data, behind, last, 2, end)
    whole = end[0]
    bad = digits < _FEWEST_DIGITS or digits > _MOST_DIGITS or whole - behind > _MOST_BEHIND
    end[0] = begin if bad or (whole < last and 48 <= data[whole] <= 57) else whole


@compiled
def _note_endings(stems: NDArray[np.uint8], stem_ends: NDArray[np.int32], endings: NDArray[np.uint8]) -> None:
    """Note which last three letters a word with a stem may have."""
    for stem in range(stem_ends.shape[0] - 1):
        end = stem_ends[stem + 1]
        n = min(end - stem_ends[stem], _SEEN)
        known = 0
        for i in range(n):
            known |= (stems[end - 1 - i] & 31) << (_LETTER_BITS * i)
        for others in range(1 << (_LETTER_BITS * (_SEEN - n))):
            endings[known | (others << (_LETTER_BITS * n))] = 1


@compiled
def _may_be_drug(
    data: NDArray[np.uint8], first: int, end: int, fewest: int, endings: NDArray[np.uint8], answer: NDArray[np.int64]
) -> None:
    """Write whether a word begins with two capitals or ends like a stem: few do."""
    answer[0] = 1
    if end - first < 2 or not (data[first] <= _LAST_CAPITAL and data[first + 1] <= _LAST_CAPITAL):
        answer[0] = np.int64(end - first >= fewest)
        if answer[0] and end - first >= _SEEN:
            ending = (
                np.int64(data[end - 1] & 31)
                | (np.int64(data[end - 2] & 31) << _LETTER_BITS)
                | (np.int64(data[end - 3] & 31) << (2 * _LETTER_BITS))
            )
            answer[0] = endings[ending]


@compiled
def _look(
    data: NDArray[np.uint8],
    at: int,
    word: int,
    last: int,
    stems: NDArray[np.uint8],
    stem_ends: NDArray[np.int32],
    needs: NDArray[np.int32],
    end: NDArray[np.int64],
    shape: NDArray[np.int64],
) -> None:
    """Write what a word is, and where it or its code ends."""
    end[0] = at
    if data[at] <= _LAST_CAPITAL:
        _code_end(data, at, last, end)
    shape[1] = max(word, end[0])
    if end[0] > at:
        shape[0] = CODE
    else:
        _stem_of(data, at, word, stems, stem_ends, needs, shape)


@compiled
def find_shapes(
    data: NDArray[np.uint8],
    ends: NDArray[np.int64],
    stems: NDArray[np.uint8],
    stem_ends: NDArray[np.int32],
    needs: NDArray[np.int32],
    found: NDArray[np.int32],
    count: NDArray[np.int64],
) -> None:
    """Find words with a stem, and codes such as ``SHR-1826``.

    Parameters
    ----------
    data : array of uint8
        The texts as UTF-8, one behind the other.
    ends : array of int64, n_texts + 1
        Where each begins and ends.
    stems : array of uint8
        Endings in lower case, one behind the other.
    stem_ends : array of int32, n_stems + 1
        Where each begins and ends.
    needs : array of int32, n_stems
        Fewest letters of a word with the stem.
    found : array of int32, capacity x 4
        Written: text, stem or `CODE`, bytes from and to.
    count : array of int64, 1
        Written: how many there are, also where `found` is too small for all.

    Notes
    -----
    A word is a run of ASCII letters; of several stems the longest counts. A code has two to five capitals, a hyphen, a
    blank or nothing, perhaps one capital more, three to six digits and at most two letters.
    """
    end, shape = np.zeros(1, dtype=np.int64), np.zeros(2, dtype=np.int64)
    endings, classes = np.zeros(1 << (_SEEN * _LETTER_BITS), dtype=np.uint8), np.zeros(256, dtype=np.uint8)
    classes[48:58] = _DIGIT
    classes[65:91] = _LETTER
    classes[97:123] = _LETTER
    _note_endings(stems, stem_ends, endings)
    fewest = needs.min() if needs.shape[0] else 1 << 30
    count[0] = 0
    for text in range(ends.shape[0] - 1):
        begin, last = ends[text], ends[text + 1]
        at = begin
        while at < last:
            first, kind = at, classes[data[at]]
            at += 1
            if kind == _OTHER:
                continue
            while at < last and classes[data[at]] == kind:
                at += 1
            if kind == _DIGIT:  # letters behind a digit begin no word
                while at < last and classes[data[at]] == _LETTER:
                    at += 1
                continue
            _may_be_drug(data, first, at, fewest, endings, end)
            if not end[0]:
                continue
            _look(data, first, at, last, stems, stem_ends, needs, end, shape)
            at = shape[1]
            if shape[0] == _NEITHER:
                continue
            row = count[0]
            if row < found.shape[0]:
                found[row, 0], found[row, 1] = text, shape[0]
                found[row, 2], found[row, 3] = first - begin, at - begin
            count[0] = row + 1
