from __future__ import annotations

import numpy as np
import pandas as pd

from tmescope.associate.families import adjust_families


def test_families_do_not_mix_cohorts_endpoints_or_effects():
    answers = pd.DataFrame(
        [
            ("a", "r", "auc", 0.01),
            ("a", "r", "auc", 0.04),
            ("a", "r", "auc", np.nan),
            ("b", "r", "auc", 0.04),
            ("a", "r", "odds_ratio", 0.04),
        ],
        columns=["cohort_id", "endpoint", "effect_name", "p_value"],
    )
    found = adjust_families(answers)
    np.testing.assert_allclose(found["q_value"], [0.02, 0.04, np.nan, 0.04, 0.04])
    assert found["family_size"].tolist() == [2, 2, 2, 1, 1]
    assert found["family"].tolist()[0] == "a | r | auc"
    assert "q_value" not in answers
