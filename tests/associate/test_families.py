from __future__ import annotations

import numpy as np
import pandas as pd

from tmescope.associate.families import adjust_families


def test_families_do_not_mix_cohorts_endpoints_or_effects():
    answers = pd.DataFrame(
        [
            ("a", "r", "auc", "", 0.01),
            ("a", "r", "auc", "", 0.04),
            ("a", "r", "auc", "", np.nan),
            ("b", "r", "auc", "", 0.04),
            ("a", "r", "odds_ratio", "", 0.04),
            ("a", "r", "odds_ratio", "site", 0.03),
        ],
        columns=["cohort_id", "endpoint", "effect_name", "adjusted_for", "p_value"],
    ).assign(question_id="response:r")
    found = adjust_families(answers)
    np.testing.assert_allclose(found["q_value"], [0.02, 0.04, np.nan, 0.04, 0.04, 0.03])
    assert found["family_size"].tolist() == [2, 2, 2, 1, 1, 1]
    assert found["family"].tolist()[0] == "a | r | auc"
    assert "q_value" not in answers


def test_a_question_with_a_name_and_an_adjustment_are_families_of_their_own():
    rows = [("response:r", "", 0.01), ("q1", "", 0.02), ("q1", "site", 0.03), ("q2", "", 0.04)]
    answers = pd.DataFrame(rows, columns=["question_id", "adjusted_for", "p_value"])
    found = adjust_families(answers.assign(cohort_id="a", endpoint="r", effect_name="auc"))
    assert found["q_value"].tolist() == answers["p_value"].tolist()
    assert found["family"].tolist() == [
        "a | r | auc", "q1 | a | r | auc", "q1 | a | r | auc | adjusted for site", "q2 | a | r | auc"
    ]  # fmt: skip
