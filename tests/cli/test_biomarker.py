from __future__ import annotations

import json

import pytest


@pytest.fixture
def locked(tmescope, folder):
    options = ("--cohort", "a", "-s", "cyt", "-e", "response", "-o", folder / "lock.json", "-q")
    said = tmescope("biomarker", "lock", folder / "study.toml", *options)
    assert said.code == 0, said.err
    assert "cyt by zscore, per training SD, on response; 24 patients" in said.out
    return folder / "lock.json"


def test_a_biomarker_is_locked_on_one_cohort_and_validated_in_another(tmescope, folder, locked):
    command = ("biomarker", "validate", locked, folder / "study.toml", "-q")
    said = tmescope(*command, "--cohort", "b", "-o", folder / "result.json")
    assert said.code == 0, said.err
    result = json.loads((folder / "result.json").read_text())
    assert result["lock_sha256"] == json.loads(locked.read_text())["sha256"]
    assert result["estimate"]["n"] == 18
    assert result["verdict"] in said.out
    assert "(95% " in said.out
    said = tmescope(*command, "--cohort", "b", "-o", folder / "result.json")
    assert said.code == 2
    assert "there already" in said.err


def test_the_cohort_of_training_is_refused(tmescope, folder, locked):
    options = (locked, folder / "study.toml", "-q", "--cohort", "a", "-o", folder / "r.json")
    said = tmescope("biomarker", "validate", *options)
    assert said.code == 2
    assert "24 of 24 samples" in said.err
    assert not (folder / "r.json").exists()


def test_deviations_are_refused_until_they_are_declared(tmescope, folder, locked):
    options = (locked, folder / "study.toml", "-q", "--cohort", "b", "--cut-off", "0.5", "-o", folder / "r.json")
    said = tmescope("biomarker", "validate", *options)
    assert said.code == 2
    assert "--deviation 'cut_off=REASON'" in said.err
    said = tmescope("biomarker", "validate", *options, "--deviation", "cut_off=asked for")
    assert said.code == 0, said.err
    assert "reason: asked for" in said.out


def test_an_edited_lock_and_senseless_options_are_refused(tmescope, folder, locked):
    study = folder / "study.toml"
    locked.write_text(locked.read_text().replace('"alpha": 0.05', '"alpha": 0.5'))
    said = tmescope("biomarker", "validate", locked, study, "-q", "--cohort", "b", "-o", folder / "r.json")
    assert said.code == 2
    assert "changed after it was written" in said.err
    options = ("--cohort", "a", "-e", "response", "-o", folder / "l2.json", "-q")
    said = tmescope("biomarker", "lock", study, "-s", "tis18", *options)
    assert said.code == 2
    assert "does not score 'tis18'" in said.err
    said = tmescope("biomarker", "lock", study, "-s", "cyt", *options, "--cut-off", "best")
    assert said.code == 2
    assert "'best'" in said.err
