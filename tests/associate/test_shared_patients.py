from __future__ import annotations

import pandas as pd

from tmescope.associate.shared_patients import count_once

NAMES = ["cohort_a", "sample_a", "cohort_b", "sample_b"]
PAIRS = pd.DataFrame(
    [("a", "s1", "b", "t1"), ("b", "t1", "c", "u1"), ("a", "s2", "a", "s3"), ("a", "s4", "z", "x1")], columns=NAMES
)


def test_a_patient_in_two_cohorts_stays_in_the_first():
    assert count_once(PAIRS, ["a", "b", "c"]) == {"b": ("t1",), "c": ("u1",)}
    assert count_once(PAIRS, ["c", "b", "a"]) == {"b": ("t1",), "a": ("s1",)}
    assert count_once(PAIRS.iloc[:0], ["a", "b"]) == {}


def test_she_stays_in_the_first_that_can_use_her():
    usable = {"a": {"s2"}, "b": {"t1"}, "c": {"u1"}}
    assert count_once(PAIRS, ["a", "b", "c"], usable=usable) == {"a": ("s1",), "c": ("u1",)}
    # whom nobody can use stays in the first; a cohort that is not named can use nobody
    assert count_once(PAIRS, ["a", "b", "c"], usable={"b": set()}) == {"b": ("t1",), "c": ("u1",)}


def test_pairs_are_followed_and_samples_of_one_cohort_stay_together():
    # b and c are not paired: both are the patient of a, who cannot be used there
    apart = pd.DataFrame([("a", "s1", "b", "t1"), ("a", "s1", "c", "u1"), ("a", "s9", "b", "t1")], columns=NAMES)
    assert count_once(apart, ["a", "b", "c"], usable={"b": {"t1"}, "c": {"u1"}}) == {"a": ("s1", "s9"), "c": ("u1",)}
    assert count_once(apart, ["a", "b", "c"], usable={"a": {"s9"}, "b": {"t1"}}) == {"b": ("t1",), "c": ("u1",)}
    # the order of the rows does not matter
    assert count_once(apart.iloc[::-1], ["c", "b", "a"]) == {"a": ("s1", "s9"), "b": ("t1",)}
