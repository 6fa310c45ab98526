from __future__ import annotations

import pandas as pd
from tests.study import tiny
from tests.study.written import write

from tmescope.study.describing_pooled import describe_pooled
from tmescope.study.material import Material

QUESTION = {"id": "tcell", "kind": "response", "endpoint": "response", "features": ["cyt"], "pool": {}}


def test_what_was_pooled_is_told_with_its_method_and_papers(tmp_path):
    text, sections, _ = write(tmp_path, lambda data: data.update(question=[QUESTION]))
    told = sections["Statistical analysis"]
    assert "Answers to tcell were pooled over cohorts (random effects: REML, Hartung-Knapp" in told
    assert "2 to 2 cohorts" in told
    assert "t with k - 1 degrees of freedom" in told
    assert {"hartung2001", "viechtbauer2007", "higgins2009"} <= {r.key for r in text.references}


def test_strata_and_narrow_intervals_are_told():
    row = {"question_id": "q", "k": 5, "stratum": "PD1", "method": "fixed effect, normal theory",
           "narrower_than_fixed": True, "prediction_df": float("nan")}  # fmt: skip
    material = Material(None, None, {"pooled": pd.DataFrame([row])}, {})
    [told] = describe_pooled(material)
    assert "stated in the study file beforehand: PD1" in told
    assert "1 interval is narrower than those of a fixed effect" in told


def test_nothing_is_told_where_nothing_was_pooled(tmp_path):
    assert tiny.study_dict().get("question") is None
    assert list(describe_pooled(Material(None, None, {}, {}))) == []
