from __future__ import annotations

from tests.study.written import write

from tmescope.study.remark import FILLED, PARTLY


def test_a_study_that_only_asks_every_gene_says_so(tmp_path):
    def change(data):
        data["answers"] = {"response": []}
        data["question"] = [
            {"id": "genes", "kind": "screen", "endpoint": "os", "confounders": ["tmb"], "pool": {"test": "z"}},
        ]

    _, sections, remark = write(tmp_path, change)
    text = sections["Statistical analysis"]
    assert "No feature was tested" not in text
    assert "genes of 2 cohorts were each related to os by a Cox model" in text
    assert "alone and adjusted for tmb in the same patients" in text
    assert "were pooled over cohorts" in text
    assert "asked one by one" in remark.loc[8, "text"]
    assert remark.loc[8, "status"] == PARTLY
    assert remark.loc[10, "status"] == PARTLY
    assert remark.loc[11, "status"] == FILLED
    assert remark.loc[15, "status"] == FILLED
