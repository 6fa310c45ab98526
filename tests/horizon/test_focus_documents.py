"""Documents of a focus area."""

from __future__ import annotations

from dataclasses import replace

from tests.horizon.small_lake import lake, mention, paper, trial

from tmescope.facts.focus import FocusTerm, load_focus
from tmescope.horizon.focus_documents import find_focus_documents, focus_entities


def test_words_headings_and_entities_count_and_what_is_watched_does_not() -> None:
    area = load_focus("ageing")
    heading = [{"ui": "D000375", "name": "Aging", "major": False, "qualifiers": []}]
    papers = [
        paper(1, "Senolytics clear cells"),
        paper(2, mesh=heading),
        paper(3, "About age", mesh=[{**heading[0], "ui": "D000368"}]),
        paper(4),
        paper(5),
        paper(6, abstract="The life-span of mice"),
    ]
    mentions = [mention(papers[3], "modality:senolytic"), mention(papers[4], area.watch[0].id)]
    assert find_focus_documents(lake([], mentions, papers), area) == ["pmid:1", "pmid:2", "pmid:4", "pmid:6"]


def test_trials_count_by_what_is_above_their_conditions() -> None:
    area = load_focus("oncology")
    lung = trial(1, condition_mesh=[("D008175", "Lung Neoplasms")], condition_ancestors=[("D009369", "Neoplasms")])
    other = trial(2, condition_mesh=[("D003863", "Depression")])
    assert find_focus_documents(lake([lung, other]), area) == [lung["doc_id"]]


def test_diseases_below_count_where_they_are_given() -> None:
    area = replace(load_focus("neurology"), words=(), headings=(), entities=(FocusTerm("modality:x", "x"),))
    one = paper(1)
    small = lake([], [mention(one, "DOID:332")], [one])
    assert find_focus_documents(small, area) == []
    assert find_focus_documents(small, area, below=["DOID:332"]) == ["pmid:1"]
    assert focus_entities(area, below=["DOID:332", "DOID:1"]) == ["DOID:863", "modality:x", "DOID:1", "DOID:332"]
