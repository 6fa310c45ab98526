"""Drugs of interventions, beside labels that were drafted from what is found, read and corrected by hand."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path

import pytest

from tmescope.horizon.drugs import drug_forms, drug_id, is_company_code, normalise_drugs

LABELS = Path(__file__).parent / "labels" / "interventions.tsv"
FILES = ("ctgov_scampbe3", "ctgov_dtx", "ctgov_nsclcbench")


def labelled() -> list[tuple[str, str, frozenset[str]]]:
    with LABELS.open(encoding="utf-8", newline="") as handle:
        rows = csv.DictReader(handle, delimiter="\t")
        return [
            (r["nct_id"], r["intervention"], frozenset(f"drug:{d}" for d in r["drugs"].split(";") if d)) for r in rows
        ]


def other_names(shared_data: Path) -> dict[tuple[str, str], list[str]]:
    found = {}
    for name in FILES:
        for study in json.loads((shared_data / "horizon" / name / "ctg-studies.json").read_text(encoding="utf-8")):
            section = study["protocolSection"]
            for one in section.get("armsInterventionsModule", {}).get("interventions", []):
                found[section["identificationModule"]["nctId"], one["name"]] = one.get("otherNames", [])
    return found


def test_labelled_interventions_are_found(shared_data):
    labels, others = labelled(), other_names(shared_data)
    assert len(labels) == 100
    found = normalise_drugs([i for _, i, _ in labels], other_names=[others[n, i] for n, i, _ in labels])
    right = sum(len(set(drugs) & wanted) for drugs, (*_, wanted) in zip(found, labels, strict=True))
    assert right / sum(map(len, found)) >= 0.9
    assert right / sum(len(wanted) for *_, wanted in labels) >= 0.8


@pytest.mark.parametrize(
    ("name", "drugs"),
    [
        ("Placebo", ()),
        ("Standard treatment assessment", ()),
        ("Newdrugment injection", ("drug:newdrugment",)),
        ("tislelizumab，atezolizumab", ("drug:tislelizumab", "drug:atezolizumab")),
        ("trastuzumab-abcd 6 mg/kg on day 1", ("drug:trastuzumab",)),
        ("XYZ-1234 + gemcitabine", ("drug:xyz1234", "drug:gemcitabine")),
        ("<script>osimertinib</script>", ("drug:osimertinib",)),
        ("", ()),
    ],
)
def test_names(name, drugs):
    assert normalise_drugs([name]) == [drugs]


def test_other_names_are_asked_only_where_the_name_says_nothing():
    assert normalise_drugs(["Conmana?", "RC108"], other_names=[["Icotinib"], ["Toripalimab"]]) == [
        ("drug:icotinib",),
        ("drug:rc108",),
    ]


def test_later_names_are_not_used():
    assert normalise_drugs(["AK104"], as_of=dt.date(2010, 1, 1)) == [("drug:ak104",)]
    assert normalise_drugs(["AK104"]) == [("drug:cadonilimab",)]
    assert normalise_drugs(["exampletug"], as_of=dt.date(2020, 1, 1)) == [()]


def test_codes_and_forms():
    assert is_company_code("SHR-1826")
    assert not is_company_code("HCT-116")
    assert drug_id("sacituzumab govitecan") == "drug:sacituzumab-govitecan"
    assert all(form.entity_id.startswith("drug:") for form in drug_forms())
