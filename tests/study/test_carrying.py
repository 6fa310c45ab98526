from __future__ import annotations

import json

import pandas as pd
import pytest
from tests.study import tiny

from tmescope.associate.cutoff_files import read_cutoff
from tmescope.foundation.errors import ManyProblems
from tmescope.stats.cox import hazard_ratio_of_group
from tmescope.study.loading import load_study
from tmescope.study.running import run

QUESTION = {
    "id": "cut",
    "kind": "cutpoint",
    "endpoint": "os",
    "features": ["cyt", "tmb"],
    "methods": ["zscore"],
    "genes": ["BG001"],
    "corrected_by": "lau94",
    "carry": {"to": ["b"]},
}


def _run(folder, *questions):
    data = tiny.study_dict()
    data["question"] = list(questions)
    return run(tiny.write_study(folder, data), folder / "out")


@pytest.fixture(scope="module")
def carried(tmp_path_factory):
    folder = tmp_path_factory.mktemp("carried")
    tiny.write_files(folder)
    return _run(folder, QUESTION), folder


def test_the_cut_of_the_first_is_frozen_in_a_file_and_tried_in_the_other(carried):
    outcome, folder = carried
    files = sorted((folder / "out" / "cutoffs").glob("cut~*.json"))
    assert [f.name for f in files] == ["cut~gene-BG001.json", "cut~table-tmb.json", "cut~zscore-cyt.json"]
    page = json.loads(files[0].read_text(encoding="utf-8"))
    assert (page["format"], page["version"]) == ("tmescope frozen cut-off", 1)
    assert {read_cutoff(f).unit for f in files} == {"log2(tpm + 1)", "mutations/Mb", "combined z from log2(tpm + 1)"}
    cuts = outcome.table("cuts")
    assert set(cuts["cohort_id"]) == {"a"}
    answers = outcome.table("answers").query("question_id == 'cut' and cohort_id == 'b'")
    assert list(answers["effect_name"].unique()) == ["hazard_ratio_at_frozen_cut"]
    assert set(answers["feature"]) == {"cyt", "tmb", "BG001"}
    assert answers["q_value"].notna().all()
    crate = json.loads((folder / "out" / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    assert {"cutoffs/cut~table-tmb.json"} <= {e.get("name") and e["@id"].replace("%7E", "~") for e in crate["@graph"]}


def test_the_effect_elsewhere_is_that_of_the_frozen_number(carried):
    outcome, folder = carried
    cut = outcome.table("cuts").set_index("feature").loc["tmb", "cut"]
    samples = pd.read_csv(folder / "b_samples.csv")
    expected = hazard_ratio_of_group(samples["os_days"], samples["dead"] == 1, samples["tmb"] > cut)
    row = outcome.table("answers").query("question_id == 'cut' and cohort_id == 'b' and feature == 'tmb'").iloc[0]
    assert row["effect"] == pytest.approx(expected.hazard_ratio, rel=1e-9)
    assert f"cut {cut:.6g} frozen on a" in row["checks"]


def test_scores_that_depend_on_their_cohort_are_pointed_out(carried):
    outcome, _ = carried
    warnings = outcome.table("warnings").query("code == 'cutpoints.relative_scores'")
    assert warnings["examples"].tolist() == ["cyt"]
    answers = outcome.table("answers").query("question_id == 'cut' and cohort_id == 'b'").set_index("feature")
    relative = answers["checks"].str.contains("relative to their cohort")
    assert relative.to_dict() == {"cyt": True, "tmb": False, "BG001": False}


def test_remark_tells_of_the_split_at_the_frozen_number(carried):
    told = carried[0].table("remark").set_index("item").loc[11, "text"]
    assert "3 features above and below a cut-off that was frozen beforehand in other patients" in told
    assert "3 cut-points were optimised" in told


def test_nothing_is_done_again_and_nothing_stays_behind(carried):
    _, folder = carried
    assert _run(folder, QUESTION).redone == ()
    plain = {k: v for k, v in QUESTION.items() if k != "carry"}
    _run(folder, plain)
    assert not (folder / "out" / "cutoffs").exists()


def test_a_file_is_carried_without_a_search_and_a_shared_patient_tests_nothing(tmp_path):
    tiny.write_files(tmp_path)
    _run(tmp_path, QUESTION)
    (tmp_path / "kept.json").write_bytes((tmp_path / "out" / "cutoffs" / "cut~table-tmb.json").read_bytes())
    told = {k: v for k, v in QUESTION.items() if k not in {"features", "genes", "methods", "corrected_by"}}
    outcome = _run(tmp_path, {**told, "carry": {"to": ["b"], "files": ["kept.json"]}})
    assert len(outcome.table("cuts")) == 0
    answers = outcome.table("answers").query("question_id == 'cut'")
    assert list(answers[["cohort_id", "feature"]].itertuples(index=False, name=None)) == [("b", "tmb")]
    with pytest.raises(ManyProblems, match="was chosen in a, which is to test it"):
        _run(tmp_path, {**told, "carry": {"to": ["a"], "files": ["kept.json"]}})
    (tmp_path / "kept.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ManyProblems, match="no frozen cut-off, or is damaged"):
        _run(tmp_path, {**told, "carry": {"to": ["b"], "files": ["kept.json"]}})


def test_a_patient_of_the_choosing_cohort_is_left_out_elsewhere(tmp_path):
    tiny.write_files(tmp_path)
    for name in "ab":
        samples = pd.read_csv(tmp_path / f"{name}_samples.csv")
        samples.loc[2, "patient_id"] = "TRIAL-123456-7"
        samples.to_csv(tmp_path / f"{name}_samples.csv", index=False)
    answers = _run(tmp_path, QUESTION).table("answers").query("question_id == 'cut' and cohort_id == 'b'")
    assert answers["left_out"].str.contains("1 whose patient another cohort has").all()
    assert (answers["n"] == 17).all()


def _share(folder, *rows, name):
    """Give the patient in each (cohort, row) the same name; write the sample tables."""
    for cohort_id, row in rows:
        samples = pd.read_csv(folder / f"{cohort_id}_samples.csv")
        samples.loc[row, "patient_id"] = name
        samples.to_csv(folder / f"{cohort_id}_samples.csv", index=False)


def _third(folder, data):
    expression, samples = tiny.cohort_frames(7, 20)
    expression.to_csv(folder / "c.tsv", sep="\t")
    samples.to_csv(folder / "c_samples.csv", index=False)
    data["cohorts"].append({**data["cohorts"][1], "id": "c", "expression": "c.tsv", "samples": "c_samples.csv"})


def test_cut_offs_in_files_leave_out_the_patients_of_their_own_choosing_cohort(tmp_path):
    tiny.write_files(tmp_path)
    data = tiny.study_dict()
    _third(tmp_path, data)
    _share(tmp_path, ("a", 2), ("b", 2), name="TRIAL-123456-7")
    asked = {k: v for k, v in QUESTION.items() if k not in {"features", "genes", "methods"}}
    chosen_in_c = {**asked, "id": "other", "features": [], "genes": ["BG001"], "cohorts": ["c"]}
    data["question"] = [QUESTION, chosen_in_c]
    run(tiny.write_study(tmp_path, data), tmp_path / "out")
    names = ("cut~table-tmb.json", "other~gene-BG001.json")
    for name in names:
        (tmp_path / name).write_bytes((tmp_path / "out" / "cutoffs" / name).read_bytes())
    del asked["corrected_by"]
    data["question"] = [{**asked, "carry": {"to": ["b"], "files": list(names)}}]
    outcome = run(tiny.write_study(tmp_path, data), tmp_path / "out2")
    answers = outcome.table("answers").query("question_id == 'cut'").set_index("feature")
    assert answers["n"].to_dict() == {"tmb": 17, "BG001": 18}
    assert "1 whose patient another cohort has" in answers.loc["tmb", "left_out"]


def test_a_patient_whose_endpoint_the_first_lacks_is_tested_in_the_next(tmp_path):
    tiny.write_files(tmp_path)
    data = tiny.study_dict()
    _third(tmp_path, data)
    _share(tmp_path, ("b", 2), ("c", 3), name="TRIAL-123456-7")
    samples = pd.read_csv(tmp_path / "b_samples.csv")
    samples.loc[2, "os_days"] = None
    samples.to_csv(tmp_path / "b_samples.csv", index=False)
    data["question"] = [{**QUESTION, "features": [], "carry": {"to": ["b", "c"]}}]
    outcome = run(tiny.write_study(tmp_path, data), tmp_path / "out")
    answers = outcome.table("answers").query("question_id == 'cut'").set_index("cohort_id")
    frozen = answers[answers["effect_name"] == "hazard_ratio_at_frozen_cut"]
    assert frozen["n"].to_dict() == {"b": 17, "c": 20}


def test_units_and_cohorts_that_cannot_be_are_refused(tmp_path):
    tiny.write_files(tmp_path)
    data = tiny.study_dict()
    data["question"] = [QUESTION]
    data["cohorts"][1]["scale"] = "log2_array"
    with pytest.raises(ManyProblems, match="the cut is chosen on tpm in a; b has array"):
        load_study(tiny.write_study(tmp_path, data))
    for to, words in (
        (["a"], "a would choose the cut and test it"),
        (["c"], "cohort"),
        (["a", "b"], "no cohort is left"),
    ):
        data = tiny.study_dict()
        data["question"] = [{**QUESTION, "carry": {"to": to}, **({"cohorts": ["a"]} if to == ["a"] else {})}]
        with pytest.raises(ManyProblems, match=words):
            load_study(tiny.write_study(tmp_path, data))


def test_the_effect_is_pooled_over_cohorts_that_did_not_choose(tmp_path):
    tiny.write_files(tmp_path)
    data = tiny.study_dict()
    third = {**data["cohorts"][1], "id": "c", "expression": "c.tsv", "samples": "c_samples.csv"}
    expression, samples = tiny.cohort_frames(7, 20)
    expression.to_csv(tmp_path / "c.tsv", sep="\t")
    samples.to_csv(tmp_path / "c_samples.csv", index=False)
    data["cohorts"].append(third)
    data["question"] = [{**QUESTION, "features": [], "carry": {"to": ["b", "c"]}, "pool": {}}]
    outcome = run(tiny.write_study(tmp_path, data), tmp_path / "out")
    pooled = outcome.table("pooled")
    assert list(pooled["effect_name"]) == ["hazard_ratio_at_frozen_cut"]
    assert pooled["cohorts"].tolist() == ["b, c"]
