from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.report.figure import spec_of
from tmescope.report.forests import EFFECTS
from tmescope.report.funnels import FEWEST, draw_funnel
from tmescope.report.static import draw_svg

EFFECT = EFFECTS["odds_ratio_per_sd"]


def _single(label: str, k: int) -> pd.DataFrame:
    errors = np.linspace(0.1, 0.6, k)
    return pd.DataFrame({"label": label, "cohort_id": [f"c{i}" for i in range(k)], "n": 40, "std_error": errors,
                         "effect": np.exp(0.3 + errors * np.where(np.arange(k) % 2, 1, -1))})  # fmt: skip


def test_each_feature_of_enough_cohorts_has_its_funnel_around_the_pooled_effect():
    single = pd.concat([_single("cyt", 6), _single("tis", FEWEST - 1)])
    pooled = pd.DataFrame({"label": ["cyt", "tis"], "effect": [1.35, 1.1], "egger_p": [0.2, 0.4]})
    [figure] = draw_funnel(single, pooled, effect=EFFECT, slug="q", title="t")
    rows = figure.datasets["rows"]
    assert set(rows["label"]) == {"cyt"}
    assert (rows["kind"] == "cohort").sum() == 6
    top = rows[rows["kind"] == "high"].sort_values("std_error")
    assert top["effect"].iloc[0] == pytest.approx(1.35)
    assert np.log(top["effect"].iloc[-1] / 1.35) == pytest.approx(1.96 * top["std_error"].iloc[-1], rel=1e-3)
    assert "cyt p 0.20" in figure.caption
    assert "<svg" in draw_svg(figure)
    assert spec_of(figure)["columns"] == 3


def test_few_cohorts_give_no_funnel():
    pooled = pd.DataFrame({"label": ["tis"], "effect": [1.1], "egger_p": [0.4]})
    assert draw_funnel(_single("tis", FEWEST - 1), pooled, effect=EFFECT, slug="q", title="t") == []
