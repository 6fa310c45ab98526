"""The lake of a study."""

from __future__ import annotations

import pytest
from tests.store.lakes import table
from tests.study import lake_study

from tmescope.foundation.errors import InputError
from tmescope.store.lake import create_lake
from tmescope.store.lake_schemas import mention_schema
from tmescope.study.checking import check
from tmescope.study.loading import load_study
from tmescope.study.running import run
from tmescope.study.study_lake import horizon_of, open_study_lake


def test_a_lake_that_was_never_tagged_is_refused_with_the_command(tmp_path):
    lake_study.fill(tmp_path / "horizon", years=1, tagged=False)
    study = load_study(lake_study.write_study(tmp_path))
    with pytest.raises(InputError, match="has been looked through") as caught:
        open_study_lake(study)
    assert "tmescope horizon tag" in caught.value.next_step


def test_the_day_and_the_dictionary_decide_its_state(lake_run, tmp_path):
    folder, _, _ = lake_run
    now = open_study_lake(load_study(folder / "study.toml"))
    then = open_study_lake(load_study(lake_study.write_study(tmp_path, lake=str(folder / "horizon"), as_of="2020-06")))
    assert now.state[:2] == then.state[:2]
    assert now.state != then.state
    assert set(now.index.coverage) == {"paper", "review", "preprint", "trial"}
    assert then.index.coverage["paper"].updated_on.isoformat() <= "2020-06-30"


def test_a_study_of_cohorts_asks_no_lake(tiny, study_folder):
    with pytest.raises(InputError, match="asks no lake"):
        horizon_of(load_study(study_folder / "study.toml"))


@pytest.fixture(scope="module")
def half_tagged(tmp_path_factory):
    """A study of a lake of which one year was tagged by the dictionary that is shown, one by another, one by none."""
    folder = tmp_path_factory.mktemp("half")
    lake_study.fill(folder / "horizon", years=4, tagged=False)
    lake = create_lake(folder / "horizon")
    rows = {"entity_id": "drug:x", "entity_type": "drug", "part": "title", "text": "x", "n": 1}
    by_size = sorted(lake.parts, key=lambda p: p.name)
    for part, digest in zip(by_size[:3], ("cd" * 8, "ab" * 8, "ab" * 8), strict=True):
        ids = [i for t in lake.documents_of(part, columns=("doc_id",)) for i in t["doc_id"].to_pylist()]
        lake.add_mentions(part, digest, table(({**rows, "doc_id": i} for i in ids), mention_schema()))
    lake.close()
    return folder, [p.n_rows("documents") for p in by_size]


def test_a_lake_that_is_tagged_in_part_or_by_several_dictionaries_is_told(half_tagged):
    folder, n = half_tagged
    study = lake_study.write_study(folder)
    message = (
        f"{n[0] + n[3]:,} of the documents, in 2 of the files, are not tagged yet and not counted; "
        "1 other dictionary was looked for in the lake, and what it found is not shown"
    )
    (told,) = open_study_lake(load_study(study)).warnings
    assert (told.code, told.message, told.count) == ("horizon.untagged", message, n[0] + n[3])
    assert [w.message for w in check(study, facts_home=folder).warnings] == [message]
    outcome = run(study, folder / "out")
    found = outcome.table("warnings")
    assert found.loc[found["code"] == "horizon.untagged", "message"].tolist() == [message]
    assert message in (folder / "out/methods.md").read_text()


def test_what_was_tagged_since_changes_the_state(half_tagged):
    folder, _ = half_tagged
    before = open_study_lake(load_study(lake_study.write_study(folder))).state
    lake = create_lake(folder / "horizon")
    last = max(lake.parts, key=lambda p: p.name)
    lake.add_mentions(last, "ab" * 8, mention_schema().empty_table())
    lake.close()
    assert open_study_lake(load_study(lake_study.write_study(folder))).state != before


def test_a_lake_that_is_tagged_throughout_warns_of_nothing(lake_run):
    assert open_study_lake(load_study(lake_run[0] / "study.toml")).warnings == []
