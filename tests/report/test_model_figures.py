from __future__ import annotations

from dataclasses import replace

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
