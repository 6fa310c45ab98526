"""Who keeps a form that several claim, and what a dictionary is known by."""

from __future__ import annotations

import datetime as dt

from tmescope.horizon.dictionary import Dictionary, settle_forms
from tmescope.horizon.forms import SHIELD, UNSURE, Form


def _kept(*forms: Form) -> list[tuple[str, str]]:
    return [(f.text, f.entity_id) for f in settle_forms(forms)]


def test_the_lowest_rank_has_a_form_and_two_of_one_rank_have_it_not():
    assert _kept(Form("ABC1", "g:1", "gene", 0), Form("ABC-1", "g:2", "gene", 3)) == [("ABC1", "g:1")]
    assert _kept(Form("ABC1", "g:1", "gene", 3), Form("ABC-1", "g:2", "gene", 3)) == []


def test_types_have_an_order_and_shields_are_first():
    both = (Form("x cell", "g:1", "gene"), Form("x cell", "modality:x", "modality"))
    assert _kept(*both) == [("x cell", "g:1")]
    assert _kept(*both, Form("x cell", "", "", trust=SHIELD)) == [("x cell", "")]


def test_of_one_entity_the_surest_form_stays():
    kept = settle_forms([Form("AB C", "g:1", "gene", 1, trust=UNSURE), Form("ab-c", "g:1", "gene", 2)])
    assert [f.text for f in kept] == ["ab-c"]


def test_days_and_digests():
    forms = (Form("a", "g:1", "gene"), Form("b", "g:2", "gene", known_since=dt.date(2020, 1, 1)))
    one = Dictionary(forms, {"g:1": "A", "g:2": "B"})
    early = one.as_of(dt.date(2019, 12, 31))
    assert [f.text for f in early.forms] == ["a"]
    assert early.names == {"g:1": "A"}
    assert one.as_of(dt.date(2020, 1, 1)).forms == forms
    assert len({one.digest, early.digest, Dictionary(forms).digest}) == 3
    assert one.digest == Dictionary(forms, {"g:2": "B", "g:1": "A"}).digest
    assert one.entities == ("g:1", "g:2")
    assert one.types == ("gene", "gene")
