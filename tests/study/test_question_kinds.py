from __future__ import annotations

from typing import get_args

from tests.study import tiny
from tests.study.contexts import do, opened

from tmescope.store.tables import read_table
from tmescope.study.question_kinds import ANSWERERS
from tmescope.study.schema_questions import Question


def test_every_kind_that_a_study_may_ask_is_answered():
    assert set(ANSWERERS) == set(get_args(Question.model_fields["kind"].annotation))


def test_a_cut_never_stands_without_its_corrected_p(tmp_path):
    data = tiny.study_dict()
    data["question"] = [
        {"id": "cut", "kind": "cutpoint", "endpoint": "os", "features": ["cyt"], "corrected_by": "lau94"},
        {"id": "cut2", "kind": "cutpoint", "endpoint": "response", "features": ["cyt"]},
    ]
    with opened(tmp_path, data) as context:
        do(context, "answers")
        folder = context.ledger.folder("answers-a")
        answers, cuts = (read_table(folder / f"{n}.parquet") for n in ("answers", "cuts"))
    assert list(cuts["question_id"]) == ["cut", "cut2"]
    assert (cuts["n_low"] + cuts["n_high"] == 24).all()
    assert (cuts["p_lau94"] >= cuts["p_naive"] - 1e-12).all()
    rows = answers[answers["question_id"] == "cut"].set_index("effect_name")
    assert set(rows.index) == {"hazard_ratio_at_cut_naive", "hazard_ratio_at_cut", "hazard_ratio_at_cut_held_out"}
    assert rows.loc["hazard_ratio_at_cut", "p_value"] == cuts.loc[0, "p_lau94"]
    assert rows.loc["hazard_ratio_at_cut_naive", "p_value"] == cuts.loc[0, "p_naive"]
