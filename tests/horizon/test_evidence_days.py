"""The day of a name is the first on which the names known by then would have been enough."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.horizon.automaton import find
from tmescope.horizon.dictionary import Dictionary, settle_forms
from tmescope.horizon.evidence import FORM, Texts, accept
from tmescope.horizon.evidence_days import find_days
from tmescope.horizon.forms import UNSURE, Form, day_of
from tmescope.horizon.gene_forms import SYMBOL

DAYS = [dt.date(year, 1, 1) for year in (2000, 2010, 2020)]
WORDS = ["CAT", "catalase", "hydroperoxidase", "MET", "HGFR", "EGFR", "KIT", "gene", ",", "and", "(", ")", "rose", ";"]
FORMS = (
    Form("CAT", "g:1", "gene", SYMBOL, strict=True, trust=UNSURE, is_short=True),
    Form("catalase", "g:1", "gene", 3, known_since=DAYS[2]),
    Form("hydroperoxidase", "g:1", "gene", 3, known_since=DAYS[1]),
    Form("MET", "g:2", "gene", SYMBOL, strict=True, trust=UNSURE, is_short=True, known_since=DAYS[0]),
    Form("HGFR", "g:2", "gene", SYMBOL, strict=True, is_short=True, known_since=DAYS[1]),
    Form("EGFR", "g:3", "gene", SYMBOL, strict=True, is_short=True),
    Form("KIT", "g:4", "gene", SYMBOL, strict=True, is_short=True, trust=UNSURE, known_since=DAYS[2]),
)


@pytest.fixture(scope="module")
def dictionary():
    return Dictionary(settle_forms(FORMS), {}, {"g:1": ("catalase", "hydroperoxidase")}, {})


def _texts(texts: list[str]) -> Texts:
    encoded = [text.encode() for text in texts]
    return Texts(np.frombuffer(b"".join(encoded), dtype=np.uint8), np.cumsum([0, *map(len, encoded)]).astype(np.int64))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), min_size=1, max_size=4))
def test_of_each_day_the_names_are_those_that_a_dictionary_of_that_day_finds(dictionary, texts) -> None:
    given_texts = _texts(texts)
    found = find(dictionary.automaton, given_texts.data, given_texts.ends)
    accepted = accept(found, given_texts, dictionary)
    days = [day_of(n) for n in find_days(found, accepted, given_texts, dictionary=dictionary).tolist()]
    for day in (dt.date(1990, 1, 1), *DAYS):
        then = dictionary.as_of(day)
        rows = find(then.automaton, given_texts.data, given_texts.ends)
        expected = {tuple(row) for row in np.delete(rows[accept(rows, given_texts, then)], FORM, axis=1).tolist()}
        told = np.delete(found[accepted], FORM, axis=1).tolist()
        known = {tuple(row) for row, since in zip(told, days, strict=True) if since is None or since <= day}
        # a name that nothing but a younger one contradicts is found then, and not now: it cannot have leaked
        assert known <= expected
        assert {row for row in expected if row in {tuple(r) for r in told}} == known


def test_names_without_days_are_not_looked_at_again(dictionary, monkeypatch) -> None:
    monkeypatch.setattr("tmescope.horizon.evidence_days.accept", None)
    texts = _texts(["EGFR, CAT", "", "catalase alone"])
    found = find(dictionary.automaton, texts.data, texts.ends)
    accepted = accept(found, texts, dictionary)
    assert [day_of(n) for n in find_days(found, accepted, texts, dictionary=dictionary).tolist()] == [
        None, None, DAYS[2],
    ]  # fmt: skip
