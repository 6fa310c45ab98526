from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from tests.report.modelled import contents

from tmescope.report.model_figures import draw_models
from tmescope.report.static import draw_svg


def test_each_model_has_its_figures_and_each_can_be_drawn() -> None:
    figures = {f.id: f for f in draw_models(contents())}
    assert list(figures) == [
        "model-performance-resp", "model-gain-resp", "model-roc-resp", "model-calibration-resp", "model-decision-resp",
        "model-coefficients-resp",
    ]  # fmt: skip
    for figure in figures.values():
        assert figure.section == "models"
        assert draw_svg(figure).startswith("<svg")
    assert draw_models(contents(empty=True)) == []


def test_a_cohort_has_a_roc_curve_of_its_own() -> None:
    figure = next(f for f in draw_models(contents()) if f.id == "model-roc-resp")
    assert set(figure.datasets["rows"]["panel"]) == {"a", "b"}
    one = replace(figure, datasets={"rows": figure.datasets["rows"].query("panel == 'a'")})
    assert draw_svg(one).count("<path") < draw_svg(figure).count("<path")


def test_pooled_numbers_are_told_in_words() -> None:
    figure = next(f for f in draw_models(contents()) if f.id == "model-gain-resp")
    assert "over TMB: 0.10 [−0.05, 0.25] (2 cohorts)" in figure.alt
    assert "above 0 the model is better" in figure.caption


def test_coefficients_that_are_zero_are_not_drawn() -> None:
    figure = next(f for f in draw_models(contents()) if f.id == "model-coefficients-resp")
    assert set(figure.datasets["rows"]["label"]) == {"cyt (mean)", "ifng6 (mean)"}
    assert "2 coefficients" in figure.alt
    assert figure.datasets["rows"]["coefficient"].abs().max() == pytest.approx(0.8)


def _survival(**more: object):
    found = contents()
    table = found.table("model_performance").assign(**more)
    names = {"auc": "c_index", "auc_difference": "c_index_difference"}
    table["measure"] = table["measure"].replace(names)
    horizon = table[table["measure"] == "c_index"].assign(measure="c_index_to_horizon")
    return replace(found, tables={**found.tables, "model_performance": pd.concat([table, horizon])})


def test_ranking_over_all_follow_up_and_to_the_horizon_are_figures_of_their_own() -> None:
    titles = {f.id: f.title for f in draw_models(_survival()) if f.id.endswith("resp")}
    assert titles["model-performance-resp"] == "resp: C over all follow-up out of cohort"
    assert titles["model-horizon-resp"] == "resp: C to the horizon out of cohort"
    assert titles["model-gain-resp"] == "resp: difference of C over all follow-up out of cohort"


def test_differences_out_of_fold_say_what_their_intervals_leave_out() -> None:
    told = {s: {f.id: f.caption for f in draw_models(_survival(scheme=s))} for s in ("out_of_fold", "out_of_cohort")}
    assert "predictions are taken as given" in told["out_of_fold"]["model-gain-resp"]
    assert "taken as given" not in told["out_of_cohort"]["model-gain-resp"]
    assert "taken as given" not in told["out_of_fold"]["model-performance-resp"]
