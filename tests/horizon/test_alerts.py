"""What is new between two states of a lake."""

from __future__ import annotations

from typing import Any

from tests.horizon.small_lake import lake, mention, paper, trial

from tmescope.horizon.alerts import Alert, find_alerts
from tmescope.horizon.sightings import Sighting, sight
from tmescope.horizon.watches import Watch

A, B = "HGNC:1", "HGNC:2"
WATCH = Watch("mine", (A, B))


def _alerts(before: Any, now: Any, watch: Watch = WATCH) -> list[Alert]:
    return find_alerts(now, watch, before=sight(before, watch), now=sight(now, watch))


def _told(alerts: list[Alert]) -> list[tuple[str, str]]:
    return [(one.kind, one.doc_id.partition(":")[2]) for one in alerts]


def test_nothing_new_is_nothing() -> None:
    one = trial(1)
    same = lake([one], [mention(one, A)], [paper(1)])
    assert _alerts(same, same) == []


def test_each_version_between_is_told_with_its_day() -> None:
    v1 = trial(1, status="RECRUITING", phases=["PHASE1"])
    v2 = trial(1, status="SUSPENDED", phases=["PHASE1"], last_update_posted_on="2022-01-01")
    v3 = trial(1, status="RECRUITING", phases=["PHASE1", "PHASE2"], last_update_posted_on="2022-06-01")
    v0 = trial(1, status="NOT_YET_RECRUITING", last_update_posted_on="2020-12-02")
    mentions = [mention(v1, A)]
    found = _alerts(lake([v1], mentions), lake([v3], mentions, older=[v0, v1, v2]))
    assert [(a.kind, a.on, a.before, a.after) for a in found] == [
        ("phase_change", "2022-06-01", "PHASE1", "PHASE1/PHASE2"),
        ("status_change", "2022-01-01", "RECRUITING", "SUSPENDED"),
        ("status_change", "2022-06-01", "SUSPENDED", "RECRUITING"),
    ]


def test_an_older_version_that_arrives_late_is_no_news() -> None:
    v1, v2 = trial(1), trial(1, status="COMPLETED", last_update_posted_on="2023-01-01")
    mentions = [mention(v1, A)]
    assert _alerts(lake([v2], mentions), lake([v2], mentions, older=[v1])) == []


def test_a_new_trial_and_posted_results() -> None:
    old, done = trial(1), trial(1, results_posted_on=trial(1)["first_posted_on"], last_update_posted_on="2023-01-01")
    new = trial(2, phases=["PHASE3"])
    found = _alerts(lake([old], [mention(old, A)]), lake([done, new], [mention(done, A), mention(new, B)]))
    assert _told(found) == [("new_trial", "NCT00000002"), ("results_posted", "NCT00000001")]
    assert (found[0].after, found[0].on) == ("PHASE3, RECRUITING", "2020-12-01")


def test_the_first_paper_of_an_entity_and_the_first_that_names_both() -> None:
    p1, p2, p3 = paper(1), paper(2, entered_on="2024-05-01"), paper(3, entered_on="2024-04-01")
    before = lake([], [mention(p1, A)], [p1])
    now = lake([], [mention(p1, A), mention(p2, A), mention(p2, B), mention(p3, B)], [p1, p2, p3])
    found = _alerts(before, now)
    assert _told(found) == [("first_paper", "3"), ("first_together", "2")]
    assert [one.entity for one in found] == [B, f"{A} + {B}"]
    every = _alerts(before, now, Watch("all", (A, B), papers="all"))
    assert _told(every)[2:] == [("new_paper", "2"), ("new_paper", "3")]


def test_a_retraction_reaches_what_cited_the_paper_by_one_step() -> None:
    bad = paper(1, "Bad")
    cites, further = paper(2, cites=["pmid:1"]), paper(3, cites=["pmid:2"])
    mentions = [mention(bad, A)]
    now = lake([], mentions, [{**bad, "is_retracted": True}, cites, further])
    found = _alerts(lake([], mentions, [bad, cites, further]), now)
    assert [(a.kind, a.doc_id, a.related) for a in found] == [("retraction", "pmid:1", ("pmid:2",))]
    citing = _alerts(lake([], [mention(cites, A)], [bad, cites]), lake([], [mention(cites, A)], [{**bad, "links": [
        {"kind": "RetractionIn", "doc_id": "pmid:9", "source": None}]}, cites]))  # fmt: skip
    assert [(a.kind, a.doc_id, a.related) for a in citing] == [("cites_retracted", "pmid:2", ("pmid:1",))]
    assert _told(_alerts(now, lake([], mentions, [bad, cites]))) == [("retraction_lifted", "1")]


def test_a_paper_that_cites_itself_is_not_reached_by_its_own_retraction() -> None:
    own = paper(1, cites=["pmid:1"])
    found = _alerts(lake([], [mention(own, A)], [own]), lake([], [mention(own, A)], [{**own, "is_retracted": True}]))
    assert [(a.kind, a.related) for a in found] == [("retraction", ())]


def test_a_deletion_is_told_apart_from_what_no_longer_fits() -> None:
    p1, p2, p3 = paper(1), paper(2), paper(3, cites=["pmid:1"])
    before = lake([], [mention(p1, A), mention(p2, A)], [p1, p2, p3])
    found = _alerts(before, lake([], [], [p2, p3], deletions=["pmid:1"]))
    assert [(a.kind, a.doc_id, a.related) for a in found] == [
        ("deletion", "pmid:1", ("pmid:3",)),
        ("out_of_sight", "pmid:2", ()),
    ]


def test_words_are_whole_and_phrases_are_phrases() -> None:
    papers = [
        paper(1, "A bispecific antibody against TIGIT", abstract="Solid tumours."),
        paper(2, "Bispecificity of anti-TIGIT", abstract="Solid tumours."),
        paper(3, "TIGIT-antibody, bispecific", abstract=None),
        paper(4, "Bispecific antibodies and TIGITX"),
    ]
    seen = sight(lake([], [], papers), Watch("words", query='"bispecific antibod*" tigit'))
    assert sorted(seen.papers) == ["pmid:1"]
    seen = sight(lake([], [], papers), Watch("words", query="bispecific* tigit"))
    assert sorted(seen.papers) == ["pmid:1", "pmid:2", "pmid:3"]


def test_together_means_all_of_them() -> None:
    p1, p2 = paper(1), paper(2)
    both = lake([], [mention(p1, A), mention(p1, B), mention(p2, A)], [p1, p2])
    assert list(sight(both, Watch("pair", (A, B), together=True)).papers) == ["pmid:1"]
    assert list(sight(both, WATCH).papers) == ["pmid:1", "pmid:2"]


def test_identifiers_of_alerts_differ_by_run_and_by_nothing_that_is_told_later() -> None:
    one = Alert("w", "new_trial", "nct:NCT00000001", run=1, title="a")
    assert one.alert_id == Alert("w", "new_trial", "nct:NCT00000001", run=1, title="b").alert_id
    assert one.alert_id != Alert("w", "new_trial", "nct:NCT00000001", run=2, title="a").alert_id


def test_an_empty_sighting_makes_everything_new() -> None:
    one = trial(1)
    now = lake([one], [mention(one, A)])
    found = find_alerts(now, WATCH, before=Sighting(), now=sight(now, WATCH))
    assert _told(found) == [("new_trial", "NCT00000001")]
