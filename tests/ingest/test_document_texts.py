from __future__ import annotations

import pytest

from tmescope.ingest.document_texts import plain_doi, pmc_number, pmid_of, section, tidy, title_or_none, version_of


def test_white_space_is_one_blank_and_that_of_typesetters_stays() -> None:
    assert tidy(" a\r\n\t b  c\u2009<\u20091 ") == "a b c\u2009<\u20091"


def test_sections_and_titles() -> None:
    assert section("AIM", "x") == "AIM: x"
    assert section("Unassigned", "x") == section(None, "x") == "x"
    assert title_or_none("[Not Available].") is title_or_none("") is None
    assert title_or_none("T") == "T"


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("10.1000/ABC.1", "10.1000/abc.1"),
        ("https://doi.org/10.1000/abc", "10.1000/abc"),
        ("doi: 10.1000/abc.", "10.1000/abc"),
        ("10.1/x", None),
        ("x" * 10_000 + "10.1000/abc", None),
    ],
)
def test_dois(text: str, doi: str | None) -> None:
    assert plain_doi(text) == doi


def test_identifiers() -> None:
    assert pmc_number("PMC12 [Available on 01/01/09]") == "PMC12"
    assert pmc_number("NIHMS12") is None
    assert pmid_of("0012") == "pmid:12"
    assert [pmid_of(t) for t in ("", "1a", "-1", "\u0661", "9" * 13)] == [None] * 5
    assert [version_of(t) for t in ("2", "", "1.0", "99999")] == [2, None, None, None]
