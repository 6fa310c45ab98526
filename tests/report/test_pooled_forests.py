from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.report.contents import ReportContents
from tmescope.report.figure import spec_of
from tmescope.report.pooled_forests import draw_pooled
from tmescope.report.static import draw_svg

COHORTS = ["first", "second", "third"]
KEY = {"question_id": "tcell", "source": "zscore", "endpoint": "response", "effect_name": "odds_ratio_per_sd"}


def _row(effect: float, half: float, **more: object) -> dict[str, object]:
    clear = half < 0.3
    return {
        "effect": effect,
        "std_error": half / 1.96,
        "ci_low": effect * np.exp(-half),
        "ci_high": effect * np.exp(half),
        "p_value": 0.001 if clear else 0.4,
        "q_value": 0.01 if clear else 0.5,
        **more,
    }


def make_pooled() -> tuple[pd.DataFrame, pd.DataFrame]:
    answers, pooled = [], []
    for i, feature in enumerate(["cyt", "tis18", "emt"]):
        for adjusted in ("", "axis immune"):
            effect = 1.8 - 0.5 * i - (0.3 if adjusted else 0.0)
            head = {**KEY, "feature": feature, "adjusted_for": adjusted}
            answers += [
                {**head, **_row(effect * (1 + 0.2 * j), 0.5), "cohort_id": c, "n": 40, "n_events": 15}
                for j, c in enumerate(COHORTS)
            ]
            numbers = {"k": 3, "n": 120, "n_events": 45, "method": "REML, Hartung-Knapp", "tau2": 0.01, "i2": 20.0}
            for stratum, half in (("", 0.25 if i == 0 else 0.4), ("anti-PD1", 0.5)):
                wide = {"prediction_low": effect * np.exp(-2 * half), "prediction_high": effect * np.exp(2 * half)}
                pooled.append({**head, **_row(effect, half), **numbers, **wide, "stratum": stratum,
                               "narrower_than_fixed": i == 2, "ci_low_max1": 0.5, "ci_high_max1": 4.0,
                               "p_value_max1": 0.6})  # fmt: skip
    return pd.DataFrame(answers), pd.DataFrame(pooled)


@pytest.fixture
def contents() -> ReportContents:
    answers, pooled = make_pooled()
    tables = {"answers": answers, "pooled": pooled, "cohorts": pd.DataFrame({"cohort_id": COHORTS})}
    return ReportContents("s", "title", "", tables, "zscore")


def test_every_feature_is_drawn_with_and_without_adjustment(contents):
    overview, _ = draw_pooled(contents)
    rows = overview.datasets["rows"]
    assert sorted(set(rows["adjusted"])) == ["adjusted for axis immune", "unadjusted"]
    assert len(rows) == 6  # strata are in the second figure
    assert rows.set_index(["label", "adjusted"]).loc[("cyt", "unadjusted"), "words"] == "1.80 [1.40, 2.31]"
    assert "REML, Hartung-Knapp" in overview.caption
    assert "In 4 rows (†) the interval is narrower than that of a fixed effect" in overview.caption
    assert overview.alt.startswith("Pooled effects of 3 features. The smallest p: cyt, 1.80 [1.40, 2.31]")


def test_cohorts_stand_above_strata_and_all_of_them(contents):
    _, cohorts = draw_pooled(contents)
    rows = cohorts.datasets["rows"]
    lines = rows[rows["label"] == "cyt"].sort_values("place")["line"].tolist()
    assert lines == ["first (15/40)", "second (15/40)", "third (15/40)", "all of anti-PD1 (3)", "all cohorts (3)"]
    weights = rows[(rows["label"] == "cyt") & (rows["kind"] == "cohort")]["weight"]
    assert weights.sum() == pytest.approx(1.0)
    assert np.isfinite(rows["at"]).all()


def test_enormous_intervals_are_cut_at_the_axis_and_missing_estimates_are_not_drawn(contents):
    pooled = contents.tables["pooled"].copy()
    pooled.loc[0, ["prediction_low", "prediction_high"]] = [1e-9, 1e9]
    pooled.loc[1, "effect"] = np.nan
    tables = {**contents.tables, "pooled": pooled}
    overview, _ = draw_pooled(ReportContents("s", "t", "", tables, "zscore"))
    rows = overview.datasets["rows"]
    assert rows["wide_to"].max() == pytest.approx(8.0)
    assert rows["at"].notna().all()


def test_both_figures_can_be_drawn(contents):
    for figure in draw_pooled(contents):
        assert "<svg" in draw_svg(figure)
        assert spec_of(figure)["datasets"]["rows"]


def test_nothing_is_drawn_where_nothing_was_pooled(contents):
    assert draw_pooled(ReportContents("s", "t", "", {"answers": contents.tables["answers"]}, "zscore")) == []
