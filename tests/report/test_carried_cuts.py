from __future__ import annotations

import pandas as pd
from tests.report import paired_maker as maker

from tmescope.report.carried_cuts import draw_carried_cuts
from tmescope.report.static import draw_svg


def _answers(ratio: str = "hazard_ratio") -> pd.DataFrame:
    rows = [
        maker.answer("cut", "a", f"{ratio}_at_cut_naive", 9.0),
        maker.answer("cut", "a", f"{ratio}_at_cut_held_out", 2.0),
        maker.answer("cut", "b", f"{ratio}_at_frozen_cut", 1.8),
        maker.answer("cut", "c", f"{ratio}_at_frozen_cut", 90.0, p_value=0.2),
    ]
    return pd.DataFrame(rows)


def test_the_held_out_half_stands_before_the_cohorts_that_did_not_choose():
    row = maker.answer("cut", "", "hazard_ratio_at_frozen_cut", 1.9, stratum="", k=2)
    pooled = pd.DataFrame([row]).drop(columns=["cohort_id"])
    [figure] = draw_carried_cuts(maker.contents(answers=_answers(), pooled=pooled))
    rows = figure.datasets["rows"]
    assert list(rows["line"]) == ["a, held-out half (40)", "b (40)", "c (40)", "all (2)"]
    assert list(rows["kind"]) == ["held out", "frozen", "frozen", "pooled"]
    assert rows["at"].max() == 16.0
    assert figure.section == "survival"
    assert "b (40), 1.80 [1.26, 2.52]" in figure.alt
    assert "9.0" not in rows["words"].str.cat()
    assert "<svg" in draw_svg(figure)


def test_without_a_carried_cut_there_is_no_figure():
    answers = _answers("odds_ratio")
    assert draw_carried_cuts(maker.contents(answers=answers))[0].section == "answers"
    assert draw_carried_cuts(maker.contents(answers=answers.iloc[:2])) == []


def test_long_names_stand_in_lines_above_their_panel():
    name = "HALLMARK_EPITHELIAL_MESENCHYMAL_TRANSITION_EXTENDED_BY_FIBROBLASTS"
    [figure] = draw_carried_cuts(maker.contents(answers=_answers().assign(feature=name)))
    assert name in figure.alt
    lines = figure.datasets["rows"]["head"].iloc[0].split("\n")
    assert "".join(lines) == name
    assert max(map(len, lines)) <= 45
    drawn = draw_svg(figure)
    assert "…" not in drawn
    assert all(line in drawn for line in lines)


def test_two_methods_with_a_feature_of_one_name_have_a_panel_each():
    both = pd.concat([_answers(), _answers().assign(source="ssgsea")])
    [figure] = draw_carried_cuts(maker.contents(answers=both))
    assert list(dict.fromkeys(figure.datasets["rows"]["head"])) == ["cyt (zscore)", "cyt (ssgsea)"]
