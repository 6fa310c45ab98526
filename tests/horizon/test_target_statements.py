"""What texts say of the target of a drug, and what they do not."""

from __future__ import annotations

import pytest

from tmescope.horizon.target_statements import find_statement


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
    ],
)
def test_plain_words_say_it(text):
    assert says(text)


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
