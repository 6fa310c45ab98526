from __future__ import annotations

import pytest

SURVIVAL = ("power", "survival", "--hazard-ratio", 1.5, "--median-months", 12, "--follow-up-months", 12)


def test_survival_says_patients_events_and_what_was_supposed(tmescope):
    said = tmescope(*SURVIVAL, "--accrual-months", 18, "--simulate", 50)
    assert (said.code, said.err) == (0, "")
    assert "hazard ratio 1.5 per standard deviation" in said.out
    assert "50 trials, Wald test, Cox model" in said.out
    assert "entry even over 18, then 12 months of follow-up" in said.out


def test_an_interaction_for_response_and_one_for_survival(tmescope):
    assert "ratio of odds ratios" in tmescope("power", "interaction", "--ratio", 2, "--rate", 0.3).out
    timed = ("--median-months", 12, "--follow-up-months", 12)
    assert "ratio of hazard ratios" in tmescope("power", "interaction", "--ratio", 0.5, *timed).out
    half = tmescope("power", "interaction", "--ratio", 0.5, "--median-months", 12)
    assert half.code == 2
    assert "--follow-up-months is missing" in half.err


@pytest.mark.parametrize("option", [("--rate", 30), ("--power", 80)])
def test_a_number_that_is_no_share_is_refused(tmescope, option):
    said = tmescope("power", "response", "--rate", 0.3, "--odds-ratio", 2, *option)
    assert said.code == 2
    assert "expected" in said.err
