"""Forms compare by what they say."""

from __future__ import annotations

from tmescope.horizon.forms import SHIELD, SURE, UNSURE, Form


def test_forms_that_say_the_same_are_one():
    assert len({Form("a", "g:1", "gene"), Form("a", "g:1", "gene"), Form("a", "g:1", "gene", strict=True)}) == 2
    assert len({SURE, UNSURE, SHIELD}) == 3
    assert Form("a", "g:1", "gene").known_since is None
