"""Alerts as text, JSON and Atom; hostile titles are inert in each."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from tmescope.horizon.alert_feeds import as_atom, as_json, as_text, find_address, make_inert
from tmescope.horizon.alerts import Alert

EVIL = '<script>alert(1)</script> =HYPERLINK("x") \u202eevil\u2066 \x1b[31m \x00 ]]> & "\n</title>\ud800'
ATOM = "{http://www.w3.org/2005/Atom}"


def _alerts() -> list[Alert]:
    return [
        Alert("mine", "retraction", "pmid:1", EVIL, "2025-01-01", related=("pmid:2",), run=1, found_on="2026-01-02"),
        Alert(
            "mine", "phase_change", "nct:NCT00000001", "T", before="PHASE1", after=EVIL, run=2, found_on="2026-01-03"
        ),
        Alert("other", "first_together", EVIL, "", entity="A + B", run=1, found_on="2026-01-02"),
    ]


def test_text_is_one_line_a_fact_and_steers_no_terminal() -> None:
    text = as_text(_alerts())
    assert "\x1b" not in text and "\u202e" not in text and "\x00" not in text and "\ud800" not in text
    assert text.splitlines()[:3] == [
        "mine: 2 new",
        f"  {make_inert('retracted 2025-01-01: pmid:1 ' + EVIL)}",
        "      cited by 1: pmid:2",
    ]
    assert as_text([]) == ""
    text.encode()


def test_json_is_safe_inside_a_page_and_says_the_same() -> None:
    text = as_json(_alerts())
    assert "<" not in text and text.isascii()
    document = json.loads(text)
    assert document["n"] == 3
    assert document["alerts"][0]["title"] == EVIL
    assert document["alerts"][1]["address"] == "https://clinicaltrials.gov/study/NCT00000001"
    assert document["alerts"][2]["address"] == ""


def test_atom_is_well_formed_and_its_identifiers_are_stable() -> None:
    text = as_atom(_alerts(), title=f"feed {EVIL}")
    feed = ElementTree.fromstring(text)
    entries = feed.findall(f"{ATOM}entry")
    assert [one.findtext(f"{ATOM}updated") for one in entries] == [f"2026-01-0{d}T00:00:00Z" for d in (2, 3, 2)]
    assert feed.findtext(f"{ATOM}updated") == "2026-01-03T00:00:00Z"
    assert len({one.findtext(f"{ATOM}id") for one in entries}) == 3
    assert "<script" not in text and "\u202e" not in text
    assert "<script>alert(1)</script>" in entries[2].findtext(f"{ATOM}title")  # as text to read
    assert not entries[2].findall(f".//{ATOM}script")
    assert as_atom(_alerts(), title=f"feed {EVIL}") == text
    assert entries[2].find(f"{ATOM}link").get("href") == "https://pubmed.ncbi.nlm.nih.gov/1/"
    assert ElementTree.fromstring(as_atom([], title="empty")).findall(f"{ATOM}entry") == []


def test_a_long_feed_ends_with_the_oldest_left_out() -> None:
    many = [Alert("w", "new_paper", f"pmid:{i}", run=i, found_on="2026-01-01") for i in range(501)]
    entries = ElementTree.fromstring(as_atom(many, title="t")).findall(f"{ATOM}entry")
    assert len(entries) == 500
    assert entries[0].findtext(f"{ATOM}title") == "new paper: pmid:500"


@pytest.mark.parametrize(
    ("doc_id", "address"),
    [
        ("pmid:12", "https://pubmed.ncbi.nlm.nih.gov/12/"),
        ("ppr:PPR7", "https://europepmc.org/article/PPR/PPR7"),
        ('doi:10.1101/2024.01.01"><script>', "https://doi.org/10.1101/2024.01.01%22%3E%3Cscript%3E"),
        ("pmid:javascript:alert(1)", ""),
        ("pmid:1\n", ""),
    ],
)
def test_an_address_is_made_of_known_forms_alone(doc_id: str, address: str) -> None:
    assert find_address(doc_id) == address


def test_a_title_of_ten_thousand_letters_is_cut_for_people_alone():
    long = Alert("w", "new_trial", "nct:NCT00000001", title="A" * 10_000)
    assert len(as_text([long])) < 400
    assert "A" * 10_000 in as_json([long])


def test_entities_are_called_by_their_names_beside_their_identifiers():
    both = Alert("w", "first_together", "pmid:1", entity="HGNC:26838 + drug:x")
    assert "TIGIT (HGNC:26838) + drug:x" in as_text([both], {"HGNC:26838": "TIGIT"})
