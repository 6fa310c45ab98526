"""Names are folded like texts."""

from __future__ import annotations

from tmescope.horizon.folding import fold, load_folding


def test_names_that_differ_in_hyphens_capitals_and_accents_are_one():
    one, other, third, fourth = (codes for codes, _ in fold(["TGF-beta 1", "tgfβ1", "TGFb1", "Tgf βeta"]))
    assert one == other
    assert third != one
    assert fourth != one
    assert fold(["Sjögren"])[0][0] == fold(["sjogren"])[0][0]


def test_capitals_are_bits():
    assert [bits for _, bits in fold(["aBc", "ABC", "abc", "pH7"])] == [2, 7, 0, 2]


def test_what_holds_no_letter_is_empty():
    assert fold(["...", "", "漢字"]) == [(b"", 0)] * 3


def test_every_code_point_has_a_spelling_or_none():
    tables = load_folding()
    assert len(tables.ends) == len(tables.kinds) + 1
    assert tables.ends[-1] == len(tables.letters)
    assert tables.letters.min() >= 2
    assert tables.letters.max() < 38
