"""What a watch sees."""

from __future__ import annotations

from tests.horizon.small_lake import day, lake, mention, paper, trial

from tmescope.horizon.sightings import TrialState, sight
from tmescope.horizon.watches import Watch


def test_it_sees_current_versions_first_documents_and_what_cites_the_retracted() -> None:
    one = trial(1, phases=["PHASE2", "PHASE1"], results_posted_on=day("2023-05-01"))
    p1, p2 = paper(1, entered_on="2024-01-02"), paper(2, entered_on="2024-01-01", cites=["pmid:3", "pmid:1"])
    gone, other = paper(3, is_retracted=True), paper(4, kind="other")
    mentions = [mention(one, "HGNC:1"), mention(one, "HGNC:2"), *(mention(p, "HGNC:1") for p in (p1, p2, other))]
    seen = sight(lake([one], mentions, [p1, p2, gone, other]), Watch("w", ("HGNC:1", "HGNC:2")))
    assert seen.trials == {one["doc_id"]: TrialState("2021-06-01", "RECRUITING", "PHASE1/PHASE2", "2023-05-01")}
    assert seen.papers == {"pmid:1": False, "pmid:2": False}
    assert seen.firsts == {"HGNC:1": "pmid:2"}
    assert seen.pairs == {"HGNC:1 + HGNC:2": one["doc_id"]}
    assert seen.cited == {"pmid:2 pmid:3"}


def test_a_paper_without_a_day_is_not_the_first() -> None:
    p1, p2 = {**paper(1), "entered_on": None}, paper(2)
    seen = sight(lake([], [mention(p, "HGNC:1") for p in (p1, p2)], [p1, p2]), Watch("w", ("HGNC:1",)))
    assert seen.firsts == {"HGNC:1": "pmid:2"}
