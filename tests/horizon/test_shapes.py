"""Words that look like drugs do not count where something else was found, nor before their stem was decided."""

from __future__ import annotations

import datetime as dt

import numpy as np

from tmescope.horizon.dictionary import Dictionary
from tmescope.horizon.evidence import Texts
from tmescope.horizon.shapes import drug_words


def _words(text: str, taken: list[tuple[int, int]], day: dt.date | None = None) -> list[str]:
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    rows = np.array([(0, 0, a, b, a, b) for a, b in taken], dtype=np.int32).reshape(-1, 6)
    texts = Texts(data, np.array([0, len(data)], dtype=np.int64))
    return [word.name for word in drug_words(texts, rows, Dictionary((), day=day))]


def test_places_that_are_taken_are_left_out():
    text = "onemab twoxxmab threemab"
    assert _words(text, []) == ["twoxxmab", "threemab"]
    assert _words(text, [(7, 15)]) == ["threemab"]
    assert _words(text, [(0, 8)]) == ["threemab"]


def test_stems_have_a_day():
    assert _words("examplebart twoxxmab", [], dt.date(2020, 1, 1)) == ["twoxxmab"]
    assert _words("examplebart", [], dt.date(2022, 1, 1)) == ["examplebart"]
