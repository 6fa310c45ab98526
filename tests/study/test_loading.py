from __future__ import annotations

import pytest

from tmescope.foundation.errors import ManyProblems, MissingFileError, StudyFileError
from tmescope.study.loading import load_study, parse_study


def problems(tiny, change, folder):
    data = tiny.study_dict()
    change(data)
    with pytest.raises(ManyProblems) as caught:
        parse_study(data, folder=folder)
    return [str(p) for p in caught.value.problems]


def test_a_study_file_loads_and_paths_start_at_it(study_folder):
    study = load_study(study_folder / "study.toml")
    assert [c.id for c in study.cohorts] == ["a", "b"]
    assert study.resolve("a.tsv") == (study_folder / "a.tsv").resolve()


@pytest.mark.parametrize(
    ("place", "key", "step"),
    [
        ((), "cohort", "did you mean 'cohorts'?"),
        (("study",), "titel", "did you mean 'title'?"),
        (("cohorts", 0), "expresion", "did you mean 'expression'?"),
        (("cohorts", 0, "columns"), "patient", "did you mean 'patient_id'?"),
        (("cohorts", 0, "select"), "one_patient", "did you mean 'one_per_patient'?"),
        (("cohorts", 0, "features", 0), "numerics", "did you mean 'numeric'?"),
        (("endpoints", "response"), "responders", "did you mean 'responder'?"),
        (("endpoints", "os"), "units", "did you mean 'unit'?"),
        (("profile",), "method", "did you mean 'methods'?"),
        (("answers",), "survial", "did you mean 'survival'?"),
        (("output",), "figure", "did you mean 'figures'?"),
    ],
)
def test_unknown_keys_are_errors_with_did_you_mean(tiny, tmp_path, place, key, step):
    def change(data):
        node = data
        for part in place:
            node = node[part]
        node[key] = "x"

    found = problems(tiny, change, tmp_path)
    assert any(f"unknown key {key!r}" in p and step in p for p in found), found


def test_every_problem_is_listed_with_its_place(tiny, tmp_path):
    def change(data):
        data["study"]["id"] = "a/b"
        data["cohorts"][0]["scale"] = "log2"
        data["cohorts"][1]["orientation"] = "sideways"
        data["cohorts"][1]["id"] = "../x"
        del data["endpoints"]["os"]["unit"]
        data["endpoints"]["response"]["responder"] = ["CR", "PR", "SD"]
        data["profile"]["max_unmapped"] = 2.0

    text = "\n".join(problems(tiny, change, tmp_path))
    for expected in (
        "study.toml: study.id",
        "cohorts[1].scale",
        "cohorts[2].orientation",
        "cohorts[2].id",
        "'unit' is missing",
        "SD stands in more than one of",
        "profile.max_unmapped",
    ):
        assert expected in text, text


def test_stable_disease_must_be_placed(tiny, tmp_path):
    found = problems(tiny, lambda d: d["endpoints"]["response"].update(non_responder=["PD"]), tmp_path)
    assert "must place SD" in found[0]
    assert "endpoints.response" in found[0]


def test_names_must_exist(tiny, tmp_path):
    def change(data):
        data["cohorts"][1]["id"] = "a"
        data["endpoints"]["response"]["not_in"] = ["c"]
        data["answers"] = {"survival": "oss", "response": ["respons"], "methods": ["mean"]}
        data["profile"]["parameters"] = {"zscor": {}}

    text = "\n".join(problems(tiny, change, tmp_path))
    for expected in (
        "not unique: 'a'",
        "no cohort is named 'c'",
        "did you mean 'os'",
        "did you mean 'response'",
        "'mean'",
        "'zscor'",
    ):
        assert expected in text, text


def test_what_is_undecided_is_listed(tiny, tmp_path):
    def change(data):
        data["cohorts"][0]["scale"] = "DECIDE"
        data["endpoints"]["os"]["unit"] = "DECIDE"
        data["cohorts"][1]["treatment"] = "DECIDE"

    found = problems(tiny, change, tmp_path)
    assert len(found) == 3
    assert all("still to be decided" in p for p in found)
    assert "cohorts[a].scale" in found[0]


def test_absent_broken_and_oversized_files(tmp_path):
    with pytest.raises(MissingFileError, match="tmescope init"):
        load_study(tmp_path / "study.toml")
    path = tmp_path / "study.toml"
    path.write_text("format = = 1")
    with pytest.raises(StudyFileError, match="not TOML"):
        load_study(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(StudyFileError, match="not TOML"):
        load_study(path)
    path.write_text("#" * (5 << 20))
    with pytest.raises(StudyFileError, match="bytes long"):
        load_study(path)
