from __future__ import annotations

import pandas as pd
import pytest

from tmescope.study.asked_question import AskedQuestion
from tmescope.study.question_material import QuestionMaterial
from tmescope.study.schema_questions import Question


@pytest.mark.parametrize("endpoint, is_response", [("recist", True), ("os", False)])
def test_a_question_knows_its_place_and_the_form_of_its_endpoint(endpoint, is_response):
    kind = "response" if is_response else "survival"
    samples = pd.DataFrame({"recist": ["responder"], "os_time_months": [3.0], "os_event": [True]}, index=["s1"])
    material = QuestionMaterial((), None, pd.DataFrame(index=samples.index), None, samples, 0)
    asked = AskedQuestion(Question(id="q", kind=kind, endpoint=endpoint), material, "trial", 1)
    assert asked.where == f"trial: {endpoint}"
    assert asked.is_response is is_response
    if not is_response:
        assert asked.outcome.loc["s1"].to_dict() == {"time_months": 3.0, "event": True}
