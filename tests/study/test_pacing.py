from __future__ import annotations

from tests.study import tiny

from tmescope.study.loading import load_study
from tmescope.study.pacing import pace_of_reading, pace_of_run
from tmescope.study.running import run


def test_the_plan_names_the_steps_that_a_run_makes(study_folder):
    paced = pace_of_run(load_study(study_folder / "study.toml"))
    outcome = run(study_folder / "study.toml", study_folder / "out")
    assert list(paced) == list(outcome.redone)
    assert all(weight > 0 for weight in paced.values())


def test_larger_files_take_longer_and_absent_ones_nothing(study_folder):
    study = load_study(study_folder / "study.toml")
    before = pace_of_reading(study)
    (study_folder / "a.tsv").write_bytes(b"x" * 30_000_000)
    (study_folder / "b.tsv.gz").unlink()
    after = pace_of_reading(study)
    assert after["cohort-a"] > before["cohort-a"] + 1
    assert after["cohort-b"] == 0.5


def test_a_report_adds_its_steps(study_folder):
    data = tiny.study_dict() | {"output": {"report": True}}
    study = load_study(tiny.write_study(study_folder, data))
    assert list(pace_of_run(study))[-2:] == ["figures", "report"]
