"""Forms of diseases and of vocabularies."""

from __future__ import annotations

import datetime as dt

from tmescope.facts.horizon_terms import load_vocabulary
from tmescope.facts.references.doid import Disease
from tmescope.horizon.forms import SURE, UNSURE
from tmescope.horizon.word_forms import disease_forms, vocabulary_forms


def test_diseases_have_plurals_british_spellings_and_acronyms_that_need_the_name():
    one = Disease("DOID:1", "acute leukemia tumor", ("AML", "disease"), ("AML",), (), (), dt.date(2020, 1, 1))
    forms = {form.text: form for form in disease_forms([one])}
    assert set(forms) == {
        "acute leukemia tumor", "acute leukemia tumors", "acute leukaemia tumor", "acute leukemia tumour", "AML",
    }  # fmt: skip
    assert forms["AML"].trust == UNSURE
    assert forms["AML"].strict
    assert {form.known_since for form in forms.values()} == {dt.date(2020, 1, 1)}


def test_acronyms_of_vocabularies_need_the_name_where_they_are_short():
    forms = {form.text: form for form in vocabulary_forms(load_vocabulary("modalities"))}
    assert forms["ADC"].trust == forms["ASOs"].trust == UNSURE
    assert forms["CRISPR"].trust == forms["AAV9"].trust == forms["base editing"].trust == SURE
    assert forms["CAR-T"].strict
