"""The lake of a study."""

from __future__ import annotations

import pytest
from tests.study import lake_study

from tmescope.foundation.errors import InputError
from tmescope.study.loading import load_study
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
