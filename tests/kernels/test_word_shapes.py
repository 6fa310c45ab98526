"""Words and codes are those of the plain twin."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.twins import word_shapes as plain

from tmescope.kernels.word_shapes import find_shapes

STEMS = (("mab", 5), ("ab", 4), ("nib", 5))


def _found(texts: list[str]) -> list[tuple[int, ...]]:
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.int64)
    letters = np.frombuffer("".join(stem for stem, _ in STEMS).encode(), dtype=np.uint8)
    stem_ends = np.cumsum([0, *(len(stem) for stem, _ in STEMS)]).astype(np.int32)
    needs = np.array([n for _, n in STEMS], dtype=np.int32)
    found, count = np.empty((500, 4), dtype=np.int32), np.zeros(1, dtype=np.int64)
    find_shapes(np.frombuffer(b"".join(encoded), np.uint8), ends, letters, stem_ends, needs, found, count)
    return [tuple(row) for row in found[: count[0]].tolist()]


@given(st.lists(st.text("AMBmab12- .", max_size=40), max_size=3))
@settings(max_examples=300, deadline=None)
def test_shapes_are_those_of_the_twin(texts):
    assert _found(texts) == [(i, *one) for i, text in enumerate(texts) for one in plain.find_shapes(text, STEMS)]


def test_names_of_drugs_and_codes():
    text = "Tislelizumab or SHR-A1811 and SHR 1826, IL-10, CD274X, lab; gefitinib"
    assert [text[a:b] for _, _, a, b in _found([text])] == [
        "Tislelizumab",
        "SHR-A1811",
        "SHR 1826",
        "CD274X",
        "gefitinib",
    ]
