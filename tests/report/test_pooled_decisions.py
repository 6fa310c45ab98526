from __future__ import annotations

import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.forests import EFFECTS
from tmescope.report.pooled_decisions import LUCKY, deciding_p, find_clear, is_narrow, tell_bounded
from tmescope.report.pooled_forests import draw_pooled

HEAD = {"question_id": "q", "source": "zscore", "endpoint": "response", "effect_name": "odds_ratio_per_sd",
        "adjusted_for": "", "stratum": "", "k": 2, "n": 80, "n_events": 30, "method": "REML, Hartung-Knapp",
        "tau2": 0.0, "i2": 0.0, "effect": 1.5, "std_error": 1e-9, "ci_low": 1.5, "ci_high": 1.5, "prediction_low": 1.5,
        "prediction_high": 1.5}  # fmt: skip
ROWS = pd.DataFrame(
    [
        {**HEAD, "feature": "lucky", "narrower_than_fixed": True, "p_value": 1e-9, "q_value": 1e-8,
         "ci_low_max1": 0.3, "ci_high_max1": 7.5, "p_value_max1": 0.4},
        {**HEAD, "feature": "sure", "narrower_than_fixed": True, "p_value": 1e-9, "q_value": 1e-8,
         "ci_low_max1": 1.2, "ci_high_max1": 1.9, "p_value_max1": 0.01},
        {**HEAD, "feature": "usual", "narrower_than_fixed": False, "p_value": 0.02, "q_value": 0.03,
         "ci_low_max1": 0.9, "ci_high_max1": 2.5, "p_value_max1": 0.2},
        {**HEAD, "feature": "nothing", "narrower_than_fixed": None, "p_value": 0.5, "q_value": 0.5,
         "ci_low_max1": 0.9, "ci_high_max1": 2.5, "p_value_max1": 0.5},
    ]
)  # fmt: skip


def test_cohorts_that_agree_by_luck_are_ranked_and_called_clear_by_the_bounded_interval():
    assert list(is_narrow(ROWS)) == [True, True, False, False]
    assert list(deciding_p(ROWS)) == [0.4, 0.01, 0.02, 0.5]
    assert list(find_clear(ROWS, EFFECTS["odds_ratio_per_sd"])) == [False, True, True, False]
    assert tell_bounded(ROWS.iloc[0].to_dict(), "odds_ratio_per_sd").startswith("not below one: [0.30, 7.5")


def test_such_a_row_is_neither_filled_nor_first_in_the_figure_and_both_limits_are_told():
    answers = pd.DataFrame([{**HEAD, "feature": f, "cohort_id": c, "std_error": 0.3, "q_value": 0.5, "p_value": 0.5}
                            for f in ROWS["feature"] for c in ("a", "b")])  # fmt: skip
    tables = {"answers": answers, "pooled": ROWS, "cohorts": pd.DataFrame({"cohort_id": ["a", "b"]})}
    overview, _ = draw_pooled(ReportContents("s", "t", "", tables, "zscore"))
    rows = overview.datasets["rows"].set_index("label")
    assert list(rows.index[rows["passes"]]) == ["sure", "usual"]
    assert rows.loc["lucky", "words"].endswith(LUCKY)
    assert "not below one: [0.30, 7.5" in rows.loc["lucky", "more"]
    assert "not below one" not in rows.loc["usual", "more"]
    assert "The smallest p: sure" in overview.alt
    assert "filled only where Hartung-Knapp not below one agrees" in overview.caption
