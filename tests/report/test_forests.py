from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.report.contents_maker import without

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure
from tmescope.report.forests import EFFECTS, draw_forests


@pytest.fixture(scope="module")
def forests(figures: list[Figure]) -> list[Figure]:
    return [f for f in figures if f.id.startswith("forest")]


def _of(contents: ReportContents, rows: pd.DataFrame) -> list[Figure]:
    return draw_forests(replace(contents, tables={**contents.tables, "answers": rows}))


def test_there_is_one_for_each_kind_of_effect_and_endpoint(forests: list[Figure]) -> None:
    assert [f.id for f in forests] == [
        "forest-auc-response",
        "forest-odds-ratio-per-sd-response",
        "forest-hazard-ratio-high-vs-low-os",
    ]


def test_rows_carry_the_numbers_of_the_table(contents: ReportContents, forests: list[Figure]) -> None:
    rows = forests[0].datasets["rows"]
    answers = contents.shown_answers().query("effect_name == 'auc'")
    assert len(rows) == len(answers) == 66
    assert int(rows["passes"].sum()) == int((answers["q_value"] < 0.05).sum()) > 0
    best = answers.sort_values("q_value").iloc[0]
    drawn = rows[rows["q"] == best["q_value"]].iloc[0]
    assert drawn["effect"] == best["effect"]
    assert drawn["label"] == f"{best['effect']:.2f} [{best['ci_low']:.2f}, {best['ci_high']:.2f}]"


def test_features_are_ordered_by_their_mean_weighted_by_n(forests: list[Figure]) -> None:
    rows = forests[0].datasets["rows"]
    known = rows.dropna(subset=["effect"])
    mean = known.groupby("row").apply(lambda g: np.average(g["effect"], weights=g["n"]), include_groups=False)
    assert mean.is_monotonic_decreasing


def test_heads_say_n_and_events_and_flag_few(forests: list[Figure]) -> None:
    heads = forests[0].datasets["rows"]["cohort"].unique()
    assert any(h.startswith("melanoma_ctla4_pilot · n = 23–24, 7 responders (few)") for h in heads), heads
    assert not any("(few)" in h for h in heads if not h.startswith("melanoma_ctla4_pilot"))
    assert "fewer than 10 responders (few)" in forests[0].caption


def test_what_cannot_be_estimated_stays_as_an_empty_row_and_is_counted(forests: list[Figure]) -> None:
    figure = forests[0]
    empty = figure.datasets["rows"].query("label == 'not estimable'")
    assert empty["feature"].tolist() == ["Tertiary lymphoid structures"]
    assert "1 row could not be estimated" in figure.caption


def test_huge_intervals_are_cut_and_marked(contents: ReportContents) -> None:
    rows = contents.table("answers").query("effect_name == 'odds_ratio_per_sd' and source == 'zscore'").copy()
    rows.loc[rows.index[0], ["effect", "ci_low", "ci_high"]] = [40.0, 0.001, np.inf]
    (figure,) = _of(contents, rows)
    cut = figure.datasets["rows"].query("effect == 40")
    assert cut[["from_", "at", "to"]].to_numpy()[0] == pytest.approx([1 / 16, 16, 16])
    assert cut[["beyond_low", "beyond_high"]].to_numpy().tolist() == [[True, True]]
    assert cut["label"].tolist() == ["40.0 [< 0.01, ∞]"]


def test_the_axis_is_symmetric_on_the_log_scale(forests: list[Figure]) -> None:
    figure = forests[1]
    text = str(figure.chart.to_dict())
    assert "'type': 'log'" in text
    assert EFFECTS["odds_ratio_per_sd"].axis in text


def test_many_features_and_cohorts_are_split_so_that_a_page_can_hold_each(large_contents: ReportContents) -> None:
    figures = [f for f in draw_forests(large_contents) if f.id.startswith("forest-auc")]
    assert len(figures) == 3
    rows = pd.concat([f.datasets["rows"] for f in figures])
    assert len(rows) == 61 * 6
    assert figures[1].title.endswith("(2 of 3)")
    orders = [f.datasets["rows"].drop_duplicates("feature").sort_values("row")["feature"].tolist() for f in figures]
    assert orders[0] == orders[1] == orders[2]


def test_the_words_say_what_passes(forests: list[Figure]) -> None:
    passing = int(forests[0].datasets["rows"]["passes"].sum())
    assert f"{passing} of 66 estimates pass q below 0.05" in forests[0].alt


@pytest.mark.parametrize("how", ["absent", "all missing"])
def test_nothing_to_draw(contents: ReportContents, how: str) -> None:
    if how == "absent":
        assert draw_forests(without(contents, "answers")) == []
    else:
        assert _of(contents, contents.table("answers").assign(effect=np.nan)) == []
