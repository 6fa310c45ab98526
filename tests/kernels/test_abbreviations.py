"""Abbreviations are those of the plain twin."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.twins import abbreviations as plain

from tmescope.horizon.evidence import Texts, abbreviations


def _found(texts: list[str]) -> list[tuple[int, ...]]:
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.int64)
    return [tuple(row) for row in abbreviations(Texts(np.frombuffer(b"".join(encoded), np.uint8), ends)).tolist()]


@given(st.lists(st.text("aAbB1 ().;-,", max_size=60), max_size=3))
@settings(max_examples=300, deadline=None)
def test_abbreviations_are_those_of_the_twin(texts):
    assert _found(texts) == [(i, *one) for i, text in enumerate(texts) for one in plain.find_abbreviations(text)]


def test_long_forms_as_authors_write_them():
    text = (
        "Adverse childhood experiences (ACE); angiotensin-converting enzyme (ACE), (none) heat shock protein (HSP, old)"
    )
    pairs = [(text[a:b], text[c:d]) for _, a, b, c, d in _found([text])]
    assert pairs == [
        ("ACE", "Adverse childhood experiences"),
        ("ACE", "angiotensin-converting enzyme"),
        ("HSP", "heat shock protein"),
    ]
