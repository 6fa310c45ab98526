"""The landscape of a subject, and what is new."""

from __future__ import annotations

import pandas as pd

from tmescope.study.horizon_subjects import LANDSCAPE_TABLES


def test_every_table_of_a_landscape_is_of_the_subject(lake_run):
    _, truth, outcome = lake_run
    top = truth.entities["slope"].idxmax()
    trials = outcome.table("landscape_trials")
    assert len(trials)
    assert set(trials["subject"]) == {top}
    for name in LANDSCAPE_TABLES:
        assert set(outcome.table(name)["subject"]) <= {top}, name
    phases = outcome.table("landscape_counts").query("axis == 'phase'")
    assert phases["n_trials"].sum() == len(trials)


def test_changes_are_of_the_watch_lists_and_none_without_one(lake_run):
    _, _, outcome = lake_run
    assert outcome.table("horizon_changes").empty
    assert isinstance(outcome.table("horizon_changes"), pd.DataFrame)
