"""Drugs that interventions give; of real ones, beside labels that were made before anything was found in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from tests.horizon.drawing import PER_STUDY, draw
from tests.horizon.drug_scoring import Label, find_drugs_given, read_labels, read_studies, score_drugs
from tests.horizon.records import small_dictionary

from tmescope.horizon.interventions import GivenDrug, find_given

TABLES = {"drugs_first.tsv": 8, "drugs_second.tsv": 9}


@pytest.fixture(scope="module")
def studies(shared_data) -> Mapping[str, Any]:
    return read_studies(shared_data)


@pytest.mark.parametrize("name", TABLES)
def test_labelled_interventions_are_found(studies, name):
    labels = read_labels(name)
    assert len(labels) == 100
    assert sum(bool(label.drugs) for label in labels) >= 20
    score = score_drugs(labels, find_drugs_given(studies, labels, small_dictionary()))
    assert score.precision[0] >= 0.9, score.wrong
    assert score.recall[0] >= 0.8, score.missed


def test_labelled_interventions_are_those_that_were_drawn(studies):
    drawn: list[tuple[str, int]] = []
    for name, seed in TABLES.items():
        labels = read_labels(name)
        places = [(label.nct_id, label.place) for label in labels]
        assert places == draw(studies.values(), seed=seed, number=100, without=drawn)
        assert max(sum(nct == other for other, _ in places) for nct, _ in places) <= PER_STUDY
        given = {label.nct_id: studies[label.nct_id]["protocolSection"]["armsInterventionsModule"] for label in labels}
        assert all(given[label.nct_id]["interventions"][label.place - 1]["type"] == label.kind for label in labels)
        drawn += places


def test_a_drug_under_two_identifiers_is_right_once_and_wrong_once():
    names = frozenset({"drug:firmonertinib", "drug:furmonertinib"})
    labels = (
        Label("NCT1", 1, "DRUG", (names,), frozenset({"drug:ast2818"})),
        Label("NCT2", 1, "DEVICE", (), frozenset()),
    )
    score = score_drugs(labels, [["drug:furmonertinib", "drug:firmonertinib", "drug:ast2818"], ["drug:ct152"]])
    assert (score.right, len(score.wrong), score.missed) == (1, 2, ())
    assert score_drugs(labels, [[], []]).missed == ("NCT1 1: drug:firmonertinib",)
    low, high = score.precision[1:]
    assert 0 < low < 1 / 3 < high < 1


def given(name: str, *, others: tuple[str, ...] = (), told: str = "", kind: str = "DRUG") -> list[str]:
    one = {"type": kind, "name": name, "other_names": others, "description": told}
    return [found.drug.removeprefix("drug:") for found in find_given([one])[0]]


@pytest.mark.parametrize(
    ("name", "drugs"),
    [
        ("Placebo to osimertinib", []),
        ("osimertinib placebo", []),
        ("Placebo + docetaxel", ["docetaxel"]),
        ("docetaxel and placebo", ["docetaxel"]),
        ("Sham injection", []),
        ("Placebo to match dabrafenib and trametinib", []),
        ("Placebo matching nivolumab + ipilimumab", []),
        ("Placebo oral tablets for osimertinib, savolitinib", []),
        ("Placebo-matching nivolumab and ipilimumab", []),
        ("Matching placebo (osimertinib / savolitinib)", []),
        ("Placebo (osimertinib / savolitinib) + docetaxel", ["docetaxel"]),
        ("Docetaxel + placebo to match nivolumab + ipilimumab", ["docetaxel"]),
    ],
)
def test_what_a_placebo_stands_for_is_not_given(name, drugs):
    assert given(name, others=("osimertinib",), told="Olaparib is given.") == drugs


@pytest.mark.parametrize(
    ("told", "drugs"),
    [
        ("Matching placebo for osimertinib once daily.", []),
        ("Tablets identical to osimertinib.", []),
        ("Saline in place of pembrolizumab.", []),
        ("Vehicle matched to ruxolitinib cream.", []),
        ("Patients resistant to osimertinib receive carboplatin", []),
        ("Patients who progressed on osimertinib are treated.", []),
        ("After failure of osimertinib, the drug is given.", []),
        ("Given to patients who have received osimertinib.", []),
        ("Refractory to osimertinib. Carboplatin is given.", ["carboplatin"]),
        ("Excluding patients treated by osimertinib", []),
        ("Participants received carboplatin until disease progression.", ["carboplatin"]),
    ],
)
def test_descriptions_tell_of_earlier_treatment_and_of_placebos(told, drugs):
    assert given("Control", told=told) == drugs


@pytest.mark.parametrize(
    ("name", "drugs"),
    [
        ("No bevacizumab", []),
        ("NO BEVACIZUMAB", []),
        ("Without bevacizumab", []),
        ("non-osimertinib therapy", []),
        ("Non-pegylated liposomal paclitaxel", ["paclitaxel"]),
        ("Nobevamab", ["nobevamab"]),
    ],
)
def test_what_a_name_denies_is_not_given(name, drugs):
    assert given(name) == drugs


@pytest.mark.parametrize(
    ("name", "others", "drug", "text"),
    [
        ("SHR-1210 (camrelizumab)", (), "drug:camrelizumab", "SHR-1210 (camrelizumab)"),
        ("Camrelizumab (SHR-1210)", (), "drug:camrelizumab", "Camrelizumab (SHR-1210)"),
        ("Conmana", ("Icotinib", "Icotinib Hydrochloride Tablets"), "drug:icotinib", "Icotinib"),
    ],
)
def test_a_drug_that_the_record_names_outright_was_always_known(name, others, drug, text):
    one = {"type": "DRUG", "name": name, "other_names": others}
    assert find_given([one]) == [[GivenDrug(drug, None, text)]]
    assert find_given([one], as_of=dt.date(2015, 1, 1)) == [[GivenDrug(drug, None, text)]]
    assert find_given([{**one, "other_names": ()}])[0][0].drug == drug


def test_descriptions_tell_where_the_name_does_not():
    told = "Paclitaxel 135 mg/m2 or pemetrexed. Compared with cisplatin. CS10 and newdrugment at L5/S1."
    assert given("Chemotherapy", told=told) == ["paclitaxel", "pemetrexed"]
    assert given("Sintilimab plus chemotherapy", told=told) == ["sintilimab", "paclitaxel", "pemetrexed"]
    assert given("Sintilimab", told=told) == ["sintilimab"]
    assert given("Standard of care", told=told, kind="OTHER") == ["paclitaxel", "pemetrexed"]
    assert given("Chemoembolisation", told=told, kind="PROCEDURE") == []
    assert given("Chemotherapy", others=("gemcitabine",), told=told) == ["gemcitabine"]


def test_other_names_are_partners_where_they_are_known_to_be_others():
    assert given("Conmana?", others=("Icotinib",)) == ["icotinib"]
    assert given("osimertinib", others=("Tagrisso", "AZD9291", "XYZ-1234")) == ["osimertinib"]
    assert given("osimertinib", others=("savolitinib", "gefitinib")) == ["osimertinib", "gefitinib"]
    assert given("XYZ-1234", others=("gefitinib",)) == ["xyz1234"]  # may be its name
    assert given("XYZ-1234", others=("gefitinib", "toripalimab")) == ["xyz1234", "gefitinib", "toripalimab"]
    assert given("osimertinib", others=("placebo of gefitinib",)) == ["osimertinib"]


def test_named_drugs_are_those_of_names_alone():
    one = {"name": "XYZ-1234 + chemotherapy", "type": "DRUG", "description": "docetaxel", "other_names": ["gefitinib"]}
    assert [found.drug for found in find_given([one], named_only=True)[0]] == ["drug:xyz1234"]
    other = {"name": "Conmana", "type": "DRUG", "description": "docetaxel", "other_names": ["Icotinib", "gefitinib"]}
    assert [found.drug for found in find_given([other], named_only=True)[0]] == ["drug:icotinib"]
    assert given("CT-152", kind="DEVICE") == given("osimertinib programme", kind="BEHAVIORAL") == []


def test_each_drug_has_its_day_and_the_words_that_name_it():
    one = {"name": "AK104 + chemotherapy", "type": "DRUG", "description": "docetaxel", "other_names": ["anlotinib"]}
    assert find_given([one]) == [[
        GivenDrug("drug:cadonilimab", dt.date(2024, 6, 17), "AK104 + chemotherapy"),
        GivenDrug("drug:anlotinib", None, "anlotinib"),
        GivenDrug("drug:docetaxel", None, "docetaxel"),
    ]]  # fmt: skip
    assert [g.drug for g in find_given([one], as_of=dt.date(2010, 1, 1))[0]] == ["drug:ak104", "drug:docetaxel"]
    assert find_given([{"name": None}, {"name": "<script>osimertinib</script>"}])[0] == []
