"""What texts say of the target of a drug, and what they do not."""

from __future__ import annotations

import re

import pytest

from tmescope.horizon.target_statements import KIND_WORDS, find_statement


def says(text: str, target: str = "TIGIT", *, drug: str = "examplimab") -> bool:
    return find_statement(text, [drug], [target]) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Examplimab, an anti-TIGIT antibody, was given.",
        "Examplimab (XY-1), a fully human anti-TIGIT IgG1.",
        "Examplimab is an anti TIGIT monoclonal antibody.",
        "The anti-TIGIT antibody examplimab was given.",
        "anti-TIGIT humanized monoclonal antibody examplimab",
        "Examplimab (anti-TIGIT) plus chemotherapy",
        "the TIGIT inhibitor examplimab",
        "the TIGIT tyrosine-kinase inhibitor (TKI) examplimab",
        "Examplimab is a potent, selective TIGIT antagonist.",
        "Examplimab, a novel PD-1/TIGIT bispecific antibody, may help.",
        "Examplimab (TIGIT/PD-1 bispecific antibody) plus chemotherapy",
        "Examplimab is a bispecific antibody targeting PD-L1 and TIGIT.",
        "examplimab acts as an allosteric inhibitor of TIGIT",
        "Examplimab, as a novel TIGIT-TKI, was given.",
        "Examplimab is also a TIGIT inhibitor.",
        "docetaxel and examplimab, an anti-TIGIT antibody, were given",
    ],
)
def test_plain_words_say_it(text):
    assert says(text)
    assert re.search(KIND_WORDS, text, re.IGNORECASE)


@pytest.mark.parametrize(
    "text",
    [
        "Examplimab and an anti-TIGIT antibody were given.",
        "Examplimab versus the TIGIT inhibitor otherimab",
        "Examplimab, with a TIGIT inhibitor, was given.",
        "Examplimab after failure of TIGIT inhibitors",
        "Examplimab in TIGIT-positive patients",
        "TIGIT inhibitors such as otherimab; examplimab was given",
        "Examplimab, an anti-TIGITX antibody",
        "Examplimab is not a TIGIT inhibitor.",
        "Examplimab is a drug for patients without a TIGIT inhibitor.",
        "Preexamplimab, an anti-TIGIT antibody",
        "",
    ],
)
def test_other_words_do_not(text):
    assert not says(text)


@pytest.mark.parametrize(
    ("drug", "target", "text"),
    [
        ("cisplatin", "EGFR", "Patients progressing on an EGFR inhibitor, cisplatin and pemetrexed were enrolled."),
        ("cisplatin", "EGFR", "We gave cisplatin, pemetrexed, an EGFR inhibitor and bevacizumab."),
        ("pemetrexed", "EGFR", "We gave cisplatin, pemetrexed, an EGFR inhibitor, and bevacizumab."),
        ("pemetrexed", "EGFR", "We gave pemetrexed, an EGFR inhibitor and bevacizumab."),
        ("pemetrexed", "EGFR", "We gave pemetrexed, the EGFR inhibitor erlotinib, and bevacizumab."),
        ("cisplatin", "EGFR", "Patients received EGFR-TKI, cisplatin and bevacizumab."),
        ("cisplatin", "EGFR", "Patients received EGFR-TKI (gefitinib) cisplatin."),
        ("cisplatin", "PD-1", "Treatment was cisplatin, paclitaxel, anti-PD-1 antibody."),
        ("docetaxel", "PD-1", "Docetaxel was replaced by anti-PD-1 therapy."),
        ("docetaxel", "PD-1", "Docetaxel was administered following anti-PD-1 therapy."),
        ("docetaxel", "PD-1", "Docetaxel was given alongside anti-PD-1 antibodies."),
        ("docetaxel", "PD-1", "Docetaxel was a comparator against anti-PD-1 antibodies."),
        ("docetaxel", "PD-L1", "docetaxel (prior anti-PD-L1 therapy allowed)"),
        ("docetaxel", "PD-L1", "docetaxel (anti-PD-L1 therapy allowed)"),
        ("docetaxel", "PD-L1", "docetaxel, previously anti-PD-L1 treated patients"),
        ("docetaxel", "EGFR", "Docetaxel was effective despite EGFR inhibitor resistance."),
        ("docetaxel", "EGFR", "Docetaxel is superior among EGFR inhibitor resistant patients."),
        ("docetaxel", "EGFR", "docetaxel was standard until the EGFR TKI era"),
        ("docetaxel", "EGFR", "docetaxel, EGFR TKI or chemotherapy"),
        ("docetaxel", "EGFR", "docetaxel (EGFR inhibitor naive)"),
        ("docetaxel", "EGFR", "docetaxel (EGFR inhibitors)"),
        ("nivolumab", "PD-1", "nivolumab is never an anti-PD-1 antibody"),
        ("nivolumab", "PD-1", "nivolumab, neither an anti-PD-1 antibody"),
        ("nivolumab", "PD-1", "It is not the anti-PD-1 antibody nivolumab."),
        ("nivolumab", "PD-1", "the non-anti-PD-1 antibody nivolumab"),
        ("tocilizumab", "IL-6", "Tocilizumab, an IL-6 receptor inhibitor, was given."),
        ("tocilizumab", "IL-6", "Tocilizumab, an anti-IL-6 receptor antibody, was given."),
        ("tocilizumab", "IL-6", "Tocilizumab, an IL-6/IL-6R inhibitor, was given."),
        ("gefitinib", "EGF", "the EGF receptor tyrosine kinase inhibitor gefitinib"),
        ("pembrolizumab", "PD-L1", "The PD-1/PD-L1 inhibitor pembrolizumab improved survival."),
        ("pembrolizumab", "PD-L1", "the anti-PD-1 / PD-L1 antibody pembrolizumab"),
        ("atezolizumab", "PD-1", "Atezolizumab, an anti-PD-1/PD-L1 antibody, was given."),
    ],
)
def test_lists_denials_and_neighbours_of_a_target_do_not(drug, target, text):
    assert not says(text, target, drug=drug)


def test_a_receptor_with_its_ligand_counts_where_the_drug_holds_both():
    for text in ("the PD-1/PD-L1 bispecific antibody examplimab", "Examplimab, a bispecific anti-PD-1/PD-L1 antibody"):
        assert says(text, "PD-L1")
    assert says("the IL-6 receptor inhibitor examplimab", "IL-6 receptor")


def test_words_that_are_refused_do_not_hide_later_ones():
    text = "It was not the anti-TIGIT antibody examplimab. Examplimab (anti-TIGIT) was given."
    assert find_statement(text, ["examplimab"], ["TIGIT"]) == "Examplimab (anti-TIGIT"


def test_the_words_are_returned_as_they_stand_with_single_spaces():
    said = find_statement(
        "We gave Examplimab,  an\nanti-PD1 antibody.", ["examplimab"], ["PD-1", "programmed cell death 1"]
    )
    assert said == "Examplimab, an anti-PD1"
    assert find_statement("examplimab, an anti-TIGIT antibody", [], ["TIGIT"]) is None
    assert find_statement("examplimab, an anti-TIGIT antibody", ["examplimab"], []) is None


def test_hostile_texts_cost_little():
    assert not says("examplimab " * 20_000 + "anti-" * 20_000)
    assert not says("examplimab, an " + "a-" * 50_000)
    assert not says("examplimab (" * 20_000)
    assert not says("not anti-TIGIT examplimab " * 5_000)


def test_a_word_of_a_megabyte_is_not_quoted():
    assert not says(f"examplimab is a {'a' * 1_000_000} TIGIT inhibitor")
    assert says(f"examplimab is a {'a' * 40} TIGIT inhibitor")
