"""Spellings of one sponsor are one, and two companies never are."""

from __future__ import annotations

import pytest
from tests.horizon.small_lake import lake, mention, trial

from tmescope.facts.horizon_terms import load_vocabulary
from tmescope.horizon.landscape import map_landscape
from tmescope.horizon.sponsor_names import name_sponsors, sponsor_id
from tmescope.horizon.subjects import Subject


@pytest.mark.parametrize(
    "names",
    [
        (
            "Roche",
            "Hoffmann-La Roche",
            "F. Hoffmann-La Roche Ltd",
            "HOFFMANN-LA  ROCHE",
            "A Study by Hoffmann-La Roche",
        ),
        ("Merck Sharp & Dohme LLC", "Merck Sharp and Dohme Corp.", "Merck & Co., Inc.", "merck sharp & dohme"),
        ("Merck KGaA, Darmstadt, Germany", "Merck KGaA"),
        ("Hanmi Pharmaceutical Company Limited", "Hanmi Pharmaceutical Co., Ltd."),
        ("Apricity Health, Inc", "Apricity Health Incorporated", "a clinical trial sponsored by Apricity Health, Inc."),
        ("Fidia Farmaceutici s.p.a.", "Fidia Farmaceutici SpA"),
        ("Bristol-Myers  Squibb", "bristol myers squibb"),
    ],
)
def test_spellings_of_one_sponsor(names) -> None:
    assert len({sponsor_id(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Merck KGaA", "Merck & Co., Inc."),
        ("Merck KGaA", "Merck"),
        ("Merck & Co., Inc.", "Merck"),
        ("Merck", "Merck Sharp & Dohme LLC"),
        ("Alpha Therapeutics GmbH", "Alpha Therapeutics, Inc."),
        ("Alpha Therapeutics", "Alpha Therapeutics, Inc."),  # nothing says that they are one
        ("Genentech, Inc.", "Hoffmann-La Roche"),
        ("Bayer", "Bayer Foundation"),
        ("Lilly Foundation", "Eli Lilly and Company"),
        ("Co", "Inc"),
        ("A+ Inc", "A Inc"),
        ("&", "..."),
    ],
)
def test_two_companies_stay_apart(one, other) -> None:
    assert sponsor_id(one) != sponsor_id(other)


def test_a_name_of_the_list_means_one_company_and_is_its_identifier() -> None:
    companies = [one for one in load_vocabulary("sponsors") if one.entity_id.startswith("sponsor:")]
    assert len(companies) > 10
    for one in companies:
        assert {sponsor_id(name) for name in (one.name, *one.terms)} == {one.entity_id}
    assert all("Merck" not in (one.name, *one.terms) for one in companies)


def test_the_most_common_name_is_shown_and_that_of_the_list_before_it() -> None:
    counts = {"Apricity Health, Inc": 1, "Apricity  Health, Inc.": 3, "Hoffmann-La Roche": 9, "B": 1, "b": 1}
    assert name_sponsors(counts) == {
        "Apricity Health, Inc": "Apricity Health, Inc.", "Apricity  Health, Inc.": "Apricity Health, Inc.",
        "Hoffmann-La Roche": "Roche", "B": "B", "b": "B",
    }  # fmt: skip


def test_a_landscape_counts_a_sponsor_and_its_countries_once() -> None:
    names = ["Hoffmann-La Roche", "F. Hoffmann-La Roche Ltd", "Merck KGaA", "Merck & Co., Inc.", "Merck & Co, Inc"]
    lands = [["France"], ["Japan"], ["Germany"], ["Spain"], []]
    trials = [
        trial(i, sponsor=(name, "INDUSTRY"), countries=land)
        for i, (name, land) in enumerate(zip(names, lands, strict=True))
    ]
    found = map_landscape(lake(trials, [mention(one, "HGNC:1") for one in trials]), Subject(("HGNC:1",)))
    actors = found.actors.set_index("sponsor")
    msd = "Merck Sharp & Dohme (Merck & Co.)"
    assert actors["n_trials"].to_dict() == {"Roche": 2, msd: 2, "Merck KGaA": 1}
    assert actors.loc["Roche", "countries"].split(";") == ["France", "Japan"]
    counts = found.counts[found.counts["axis"] == "sponsor"].set_index("value")["n_trials"]
    assert counts.to_dict() == {"Roche": 2, msd: 2, "Merck KGaA": 1}
    crossed = found.crossed[(found.crossed["row_axis"] == "phase") & (found.crossed["column_axis"] == "sponsor")]
    assert set(crossed["column"]) == {"Roche", msd, "Merck KGaA"}
