from __future__ import annotations

import pandas as pd
import pytest
from tests.study import paired, tiny

from tmescope.study.running import run


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("told")
    paired.write_files(folder)
    data = paired.study_dict(axis="zscore:ifng6")
    del data["question"][0]["endpoint"]
    data["question"].append(
        {"id": "cut", "kind": "cutpoint", "endpoint": "os", "features": [], "genes": ["BG001"], "carry": {"to": ["b"]}}
    )
    data["answers"] = {"response": []}
    data["output"] = {"report": True}
    outcome = run(tiny.write_study(folder, data), folder / "out")
    return (folder / "out" / "methods.md").read_text(encoding="utf-8"), outcome


def test_visits_and_pairs_are_counted_as_the_table_has_them(told):
    text, outcome = told
    visits = outcome.table("visits").drop_duplicates("sample_id")
    pairs = int(visits.duplicated(["cohort_id", "patient_id"]).sum())
    assert pairs == 20 + 14
    assert f"of 42 patients were compared, {pairs} of them with a complete pair" in text
    assert "given the patient's change of zscore:ifng6" in text
    assert "random intercept for each patient [@laird1982; @giesbrecht1985]" in text


def test_a_carried_cut_names_where_it_went(told):
    text, _ = told
    assert "cut-offs from the cohort that chose them were frozen and applied unchanged in b" in text


def test_a_change_without_an_endpoint_reads_as_one(told):
    text, outcome = told
    assert "Tested were" in text
    assert " and  " not in text
    assert "against os, in each cohort apart" in text
    page = (outcome.folder / "report.html").read_text(encoding="utf-8")
    assert "before and on treatment, a" in page
    answers = outcome.table("answers").query("question_id == 'rise'")
    assert (answers["endpoint"] == "").all()
    assert isinstance(answers, pd.DataFrame)
