"""Partners in one arm."""

from __future__ import annotations

from typing import Any

from tests.horizon.small_lake import lake, mention, trial

from tmescope.horizon.arms import find_partners
from tmescope.horizon.subjects import Subject, find_subject_trials

A, B = "drug:aimab", "drug:bemab"


def _partners(one: dict[str, Any], *, subject: Subject | None = None, **texts: str) -> list[tuple[str, bool, str]]:
    mentions = [mention(one, f"drug:{name}", "intervention", text) for name, text in texts.items()]
    connection = lake([one], mentions)
    subject = subject or Subject((A,))
    found = find_partners(connection, subject, find_subject_trials(connection, subject))
    return [(p.partner, p.known, p.arms[one["doc_id"]]) for p in found]


def test_both_in_one_arm_and_not_merely_in_one_trial() -> None:
    names = ["Aimab", "Bemab"]
    apart = trial(1, interventions=names, arms=[("x", ["Drug: Aimab"]), ("y", ["Drug: Bemab"])])
    assert _partners(apart, aimab="Aimab", bemab="Bemab") == []
    both = trial(1, interventions=names, arms=[("x", ["Drug: Bemab"]), ("y", ["Drug: Aimab", "Drug: Bemab"])])
    assert _partners(both, aimab="Aimab", bemab="Bemab") == [(B, True, "y")]


def test_other_names_and_unknown_partners_and_no_placebo() -> None:
    one = trial(
        1,
        interventions=[("DRUG", "AB-123", ["aimab 5 mg"]), "Chemotherapy", "Placebo to bemab", "Sham comparator"],
        arms=[("x", ["Drug: AB-123", "Drug: Chemotherapy", "Drug: Placebo to bemab", "Procedure: Sham comparator"])],
    )
    assert _partners(one, aimab="aimab") == [("Chemotherapy", False, "x")]


def test_a_name_within_a_word_is_another_word() -> None:
    one = trial(1, interventions=["Aimabine", "Bemab"], arms=[("x", ["Drug: Aimabine", "Drug: Bemab"])])
    assert _partners(one, aimab="Aimab", bemab="Bemab") == []


def test_one_intervention_that_is_both_is_no_combination_with_itself() -> None:
    one = trial(1, interventions=["Aimab-bemab conjugate"], arms=[("x", ["Drug: Aimab-bemab conjugate"])])
    assert _partners(one, aimab="Aimab", bemab="bemab") == []


def test_arms_name_interventions_that_the_list_lacks() -> None:
    one = trial(1, interventions=[], arms=[("x", ["Biological: Aimab", "Drug: Bemab"]), ("y", None)])
    assert _partners(one, aimab="Aimab", bemab="Bemab") == [(B, True, "x")]


def test_a_drug_stands_for_its_target() -> None:
    one = trial(1, interventions=["Aimab", "Bemab"], arms=[("x", ["Drug: Aimab", "Drug: Bemab"])])
    target = Subject(("HGNC:1",), acting={"HGNC:1": (A,)})
    assert _partners(one, subject=target, aimab="Aimab", bemab="Bemab") == [(B, True, "x")]
