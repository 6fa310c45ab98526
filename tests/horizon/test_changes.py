"""What is new since a day, from the lake alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.store.lakes import batch, day, mentions, paper, source_file, trial

from tmescope.horizon.changes import find_changes
from tmescope.horizon.watches import Watch
from tmescope.store.lake import Lake, create_lake

A = "HGNC:1"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    folder: Path = tmp_path_factory.mktemp("changes")
    made = create_lake(folder / "horizon")
    bad = paper(1, revised_on=day("2020-02-01"), is_retracted=False)
    files = {
        "a.json": batch([bad], trials=[trial(1, "2021-01-01")]),
        "b.json": batch(
            [{**bad, "revised_on": day("2022-02-01"), "is_retracted": True}],
            trials=[trial(1, "2021-06-01", status="SUSPENDED"), trial(2, "2023-01-01", status="RECRUITING")],
        ),
        "c.json": batch(trials=[trial(1, "2022-01-01", status="TERMINATED")]),
    }
    for name, content in files.items():
        part = made.add(source_file(folder, name), [content], source="pubmed").part
        named = [doc for doc in content.documents["doc_id"].to_pylist()]
        made.add_mentions(part, "d" * 16, mentions({"doc_id": one, "entity_id": A, "text": "A"} for one in named))
    return made


def test_each_version_since_the_day_is_told(small: Lake) -> None:
    found = find_changes(small, [Watch("mine", (A,))], since=day("2021-02-01"))
    rows = found[["kind", "doc_id", "on", "before", "after"]].astype(object)
    assert rows.where(rows.notna(), None).values.tolist() == [
        ["retraction", "pmid:1", "2022-02-01", None, None],
        ["status_change", "nct:NCT00000001", "2021-06-01", "RECRUITING", "SUSPENDED"],
        ["status_change", "nct:NCT00000001", "2022-01-01", "SUSPENDED", "TERMINATED"],
    ]
    assert set(found["watch"]) == {"mine"}


def test_a_trial_is_new_from_its_first_posting_not_from_the_oldest_version_that_is_kept(small: Lake) -> None:
    earlier = find_changes(small, [Watch("mine", (A,))], since=day("2020-02-15"))
    assert list(earlier.loc[earlier["kind"] == "new_trial", "doc_id"]) == ["nct:NCT00000001", "nct:NCT00000002"]


def test_a_trial_without_a_day_is_not_told_as_new(tmp_path: Path) -> None:
    made = create_lake(tmp_path / "horizon")
    (document, row), dated = trial(1, "2024-01-01"), trial(2, "2024-01-01")
    undated = (
        {**document, "entered_on": None, "revised_on": None},
        {**row, "first_posted_on": None, "last_update_posted_on": None},
    )
    later = ({**dated[0], "entered_on": day("2024-01-01")}, {**dated[1], "first_posted_on": day("2024-01-01")})
    part = made.add(source_file(tmp_path, "a.json"), [batch(trials=[undated, later])], source="trials").part
    made.add_mentions(
        part, "d" * 16, mentions({"doc_id": one[0]["doc_id"], "entity_id": A, "text": "A"} for one in (undated, later))
    )
    found = find_changes(made, [Watch("mine", (A,))], since=day("2023-01-01"))
    assert list(found["doc_id"]) == ["nct:NCT00000002"]


def test_nothing_is_new_after_the_last_day_and_a_later_day_is_not_looked_into(small: Lake) -> None:
    assert len(find_changes(small, [Watch("mine", (A,))], since=day("2024-01-01"))) == 0
    until = find_changes(small, [Watch("mine", (A,))], since=day("2021-02-01"), until=day("2021-07-01"))
    assert list(until["kind"]) == ["status_change"]
