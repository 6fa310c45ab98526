"""How drugs are written, and which of them short texts name."""

from __future__ import annotations

import datetime as dt

import pytest

from tmescope.horizon.drugs import DrugFinder, drug_forms, drug_id, is_company_code


def named(text: str, as_of: dt.date | None = None) -> tuple[str, ...]:
    return tuple(drug for drug, *_ in DrugFinder(as_of).find(text))


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
        ("COVID-19 vaccine", ()),
        ("HPV-16/18 vaccine", ()),
        ("HPV 16 E7", ()),
        ("HBV-123", ()),
        ("KRAS G12D peptide", ()),
        ("T790M", ()),
        ("EGFR-T790M", ()),
        ("G12C inhibitor", ()),
        ("RPMI 1640", ()),
        ("Eagle DMEM 500", ()),
        ("HLA-A02 peptides", ()),
        ("SF-36", ()),
        ("QLQ-C30", ()),
        ("SHR-A1811", ("drug:shra1811",)),
        ("XYZ-123 (newtinib)", ("drug:newtinib",)),
        ("newtinib（XYZ-123）and gefitinib", ("drug:newtinib", "drug:gefitinib")),
        ("XYZ-123 (with newtinib)", ("drug:xyz123", "drug:newtinib")),
        ("XYZ-123 (ABC-456)", ("drug:xyz123", "drug:abc456")),
    ],
)
def test_names(name, drugs):
    assert named(name) == drugs


def test_later_names_are_not_used():
    assert named("AK104", dt.date(2010, 1, 1)) == ("drug:ak104",)
    assert named("AK104") == ("drug:cadonilimab",)
    assert named("exampletug", dt.date(2020, 1, 1)) == ()


@pytest.mark.parametrize("text", ["SHR-1210 camrelizumab", "camrelizumab, SHR-1210"])
def test_a_drug_that_is_named_twice_is_known_from_the_earlier_day(text):
    assert DrugFinder().find(text) == (("drug:camrelizumab", None, "camrelizumab"),)
    assert DrugFinder().find("SHR-1210, AK104")[0][1] == dt.date(2021, 8, 13)


def test_codes_and_forms():
    assert is_company_code("SHR-1826")
    assert not is_company_code("HCT-116")
    assert not any(map(is_company_code, ("AK-T790M", "AKT S473", "AKT T308A", "ASTM F2129")))
    assert drug_id("sacituzumab govitecan") == "drug:sacituzumab-govitecan"
    assert all(form.entity_id.startswith("drug:") for form in drug_forms())


def test_a_short_listed_name_is_written_as_it_is_listed():
    assert [named(one) for one in ("S-1 80 mg", "fusion of L5/S1", "TG-C high dose")] == [
        ("drug:s1",),
        (),
        ("drug:tgc",),
    ]


def test_running_text_has_no_codes_and_no_words_that_end_like_fragments():
    finder = DrugFinder()
    assert finder.find("newdrugment and CS10 with newdrugtinib", codes=False) == (
        ("drug:newdrugtinib", None, "newdrugtinib"),
    )
    assert [drug for drug, *_ in finder.find("newdrugment and CS10")] == ["drug:newdrugment", "drug:cs10"]
    assert finder.is_listed("drug:osimertinib")
    assert not finder.is_listed("drug:newdrugtinib")
