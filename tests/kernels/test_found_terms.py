"""Terms are found where the plain twin finds them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.twins import found_terms as plain

from tmescope.horizon.automaton import build_automaton, find

TERMS = st.text("aAbB1- .", min_size=1, max_size=7)
TEXTS = st.text("aAbB12- .,", max_size=40)


def _find(texts: list[str], terms: list[tuple[str, bool]]) -> list[tuple[int, int, int, int]]:
    automaton = build_automaton([name for name, _ in terms], [strict for _, strict in terms])
    encoded = [text.encode() for text in texts]
    data = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.int64)
    return [(d, f, c0, c1) for d, f, _, _, c0, c1 in find(automaton, data, ends).tolist()]


@given(st.lists(TEXTS, max_size=4), st.lists(st.tuples(TERMS, st.booleans()), max_size=8))
@settings(max_examples=300, deadline=None)
def test_terms_are_those_of_the_twin(texts, terms):
    assert _find(texts, terms) == plain.find_terms(texts, terms)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("anti PD L1, pd-l1 and PD-L1", ["PD L1", "pd-l1", "PD-L1"]),
        ("TGFβ, TGF-β and tgf beta", ["TGFβ", "TGF-β", "tgf beta"]),
        ("hPD-L1 or PD-L10", []),
        ("Crohn’s disease; Crohn disease", ["Crohn’s disease", "Crohn disease"]),
        ("\u202ePD-L1\u202c in Sjögren", ["PD-L1"]),
        ("PD. L1", []),
        ("growth factor receptor", ["growth factor receptor"]),
        ("transforming growth factor receptor", ["transforming growth factor"]),
    ],
)
def test_forms_of_one_name(text, found):
    names = ("PD-L1", "TGF-beta", "Crohn's disease", "growth factor receptor", "transforming growth factor")
    assert [text[a:b] for _, _, a, b in _find([text], [(name, False) for name in names])] == found


def test_more_hits_than_there_is_room_for_are_all_found():
    assert len(_find(["a " * 5000, "a"], [("a", False)])) == 5001


def test_a_text_of_ten_megabytes_is_looked_through():
    assert len(_find(["<b>" * 3_300_000 + " PD-1"], [("PD-1", True)])) == 1
