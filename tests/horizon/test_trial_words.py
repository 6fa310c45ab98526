"""Words of the registry."""

from __future__ import annotations

from datetime import date

from tmescope.horizon.trial_words import NO_PHASE, UNKNOWN_THEN, latest_day, name_phase, order_phases


def test_phases_are_categories_whatever_their_order() -> None:
    assert name_phase(["PHASE2", "PHASE1"]) == "PHASE1/PHASE2"
    assert name_phase(["PHASE3"]) == "PHASE3"
    assert name_phase([]) == name_phase(None) == NO_PHASE


def test_phases_are_in_the_order_of_development() -> None:
    names = [NO_PHASE, "PHASE2", "NEW", UNKNOWN_THEN, "PHASE1/PHASE2", "NA", "PHASE1", "EARLY_PHASE1", "PHASE2"]
    assert order_phases(names) == [
        "EARLY_PHASE1", "PHASE1", "PHASE1/PHASE2", "PHASE2", "NA", "NEW", NO_PHASE, UNKNOWN_THEN,
    ]  # fmt: skip


def test_the_last_day_that_a_date_may_mean() -> None:
    assert latest_day(date(2024, 2, 1), "month") == date(2024, 2, 29)
    assert latest_day(date(2023, 2, 1), "year") == date(2023, 12, 31)
    assert latest_day(date(2023, 2, 1), None) == latest_day(date(2023, 2, 1), "day") == date(2023, 2, 1)
