from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.features import Feature
from tmescope.foundation.errors import SampleError
from tmescope.study.asked_question import AskedQuestion
from tmescope.study.changes import answer_change
from tmescope.study.question_material import QuestionMaterial
from tmescope.study.schema_questions import Question


def _asked(samples: pd.DataFrame, *, on=("on",)) -> AskedQuestion:
    question = Question(id="q", kind="change", endpoint="r", visits={"before": ["pre"], "on": list(on)})
    rng = np.random.default_rng(1)
    values = pd.Series(rng.normal(size=len(samples)), index=samples.index)
    group = Feature("g=1", "table", pd.Series(1.0, index=samples.index), is_group=True)
    material = QuestionMaterial(
        (Feature("f", "m", values), group), None, pd.DataFrame(index=samples.index), None, samples, 0
    )
    return AskedQuestion(question, material, "c", 0)


def _samples(n: int = 6) -> pd.DataFrame:
    rows = [
        {
            "sample_id": f"p{i}-{t}",
            "patient_id": f"p{i}",
            "timepoint": t,
            "r": "responder" if i % 2 else "non_responder",
        }
        for i in range(n)
        for t in ("pre", "on")
    ]
    return pd.DataFrame(rows).set_index("sample_id")


def test_values_and_answers_are_of_numeric_features_and_both_visits():
    found = answer_change(_asked(_samples()))
    assert set(found.answers["feature"]) == {"f"}
    assert found.visits["visit"].value_counts().to_dict() == {"before": 6, "on": 6}
    rows = found.answers.set_index("effect_name")
    assert (rows.loc["change_per_sd", "n"], rows.loc["change_per_sd", "n_events"]) == (6, 6)
    before = found.visits[found.visits["visit"] == "before"]["value"]
    after = found.visits[found.visits["visit"] == "on"]["value"]
    mean = (after.to_numpy() - before.to_numpy()).mean() / before.std(ddof=1)
    assert rows.loc["change_per_sd", "effect"] == pytest.approx(mean, rel=1e-8)


def test_two_samples_at_one_time_point_are_refused():
    samples = _samples()
    samples.loc["p1-on", "patient_id"] = "p0"
    with pytest.raises(SampleError, match="1 patients have several samples at one time point: 'p0'"):
        answer_change(_asked(samples))


def test_the_time_point_that_is_named_first_is_taken():
    samples = _samples()
    samples.loc["p1-on", ["patient_id", "timepoint"]] = ["p0", "late"]
    found = answer_change(_asked(samples, on=("late", "on")))
    mine = found.visits[found.visits["patient_id"] == "p0"]
    assert set(mine["sample_id"]) == {"p0-pre", "p1-on"}
    assert [w.examples for w in found.warnings if w.code == "change.passed_over"] == [("p0-on",)]


def test_a_response_that_contradicts_itself_is_not_known():
    samples = _samples()
    samples.loc["p1-on", "r"] = "non_responder"
    found = answer_change(_asked(samples))
    assert "change.contradicted_response" in {w.code for w in found.warnings}
    assert found.visits.loc[found.visits["patient_id"] == "p1", "response"].isna().all()
    row = found.answers.set_index("effect_name").loc["change_difference_per_sd"]
    assert (row["n"], row["left_out"]) == (5, "2 without response")
