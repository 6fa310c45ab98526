from __future__ import annotations

import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmescope.study.toml_text import as_toml

# TOML is Unicode text without lone surrogates; its integers have 64 bits
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = TEXT | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4))


@given(VALUES)
def test_what_is_written_reads_back(value):
    assert tomllib.loads(f"x = {as_toml(value)}") == {"x": value}


@given(TEXT)
def test_a_value_stays_on_its_line(value):
    assert len(as_toml(value).splitlines()) <= 1 or not set(as_toml(value)) & {"\n", "\r"}


def test_not_a_number_is_a_number_of_toml():
    assert math.isnan(tomllib.loads(f"x = {as_toml(math.nan)}")["x"])


def test_keys_are_quoted_where_they_must_be():
    assert as_toml({"tmb": 1, "PD-L1": 2, "a b": 3, "": 4, "ä": 5}) == (
        '{ tmb = 1, PD-L1 = 2, "a b" = 3, "" = 4, "ä" = 5 }'
    )


def test_what_toml_has_no_form_for_is_refused():
    with pytest.raises(TypeError, match="NoneType has no form in TOML"):
        as_toml([None])
