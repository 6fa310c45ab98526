"""What a lake has no trial of."""

from __future__ import annotations

from tests.horizon.small_lake import lake, mention, trial

from tmescope.horizon.gaps import find_gaps
from tmescope.horizon.subjects import Subject, find_subject_trials

LUNG, TUMOUR = ("D008175", "Lung Neoplasms"), ("D009369", "Neoplasms")


def test_a_cell_is_a_gap_where_others_have_trials_and_the_subject_has_none() -> None:
    mine, other = trial(1, phases=["PHASE1"]), trial(2, phases=["PHASE1", "PHASE2"])
    no_phase, na = trial(3, phases=[]), trial(4, phases=["NA"])
    mentions = [
        mention(mine, "HGNC:1"),
        *(mention(one, "modality:adc", text="ADC") for one in (mine, other, no_phase, na)),
    ]
    connection = lake([mine, other, no_phase, na], mentions)
    trials = find_subject_trials(connection, Subject(("HGNC:1",)))
    gaps = find_gaps(connection, trials, {"modality:adc": frozenset({mine["doc_id"]})})
    assert [(g.value, g.name, g.phase, g.n_lake, g.doc_ids) for g in gaps] == [
        ("modality:adc", "antibody-drug conjugate", "PHASE1/PHASE2", 1, "nct:NCT00000002")
    ]


def test_tumours_come_first_and_what_is_above_counts() -> None:
    mine = trial(1, condition_mesh=[("D002289", "NSCLC")], condition_ancestors=[LUNG, TUMOUR])
    others = [trial(2, condition_mesh=[LUNG], condition_ancestors=[TUMOUR])]
    others += [trial(i, condition_mesh=[("D003863", "Depression")]) for i in (3, 4)]
    others += [trial(5, condition_mesh=[("D001943", "Breast Neoplasms")], condition_ancestors=[TUMOUR])]
    connection = lake([mine, *others], [mention(mine, "HGNC:1")])
    trials = find_subject_trials(connection, Subject(("HGNC:1",)))
    gaps = find_gaps(connection, trials, {})
    assert [(g.value, g.is_tumour, g.n_lake) for g in gaps] == [
        ("MESH:D001943", True, 1),
        ("MESH:D003863", False, 2),
    ]


def test_what_the_lake_lacks_altogether_is_no_gap() -> None:
    connection = lake([trial(1)], [])
    assert find_gaps(connection, [], {}) == []


def test_what_stands_above_several_conditions_makes_none_of_them_a_tumour() -> None:
    both = [("D009103", "Multiple Sclerosis"), ("D001943", "Breast Neoplasms")]
    one = trial(1, condition_mesh=both, condition_ancestors=[TUMOUR])
    alone = trial(2, condition_mesh=[("D000001", "A growth")], condition_ancestors=[TUMOUR])
    found = {gap.name: gap.is_tumour for gap in find_gaps(lake([one, alone], []), [], {})}
    assert found == {"Multiple Sclerosis": False, "Breast Neoplasms": True, "A growth": True}
