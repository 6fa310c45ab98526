from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.report.contents_maker import simulate_expression, without

from tmescope.report.cohort_effects import draw_cohort_effects
from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, spec_of


@pytest.fixture(scope="module")
def drawn(contents: ReportContents) -> dict[str, Figure]:
    return {f.id: f for f in draw_cohort_effects(contents)}


def _explained(contents: ReportContents, shift: float) -> int:
    expression = simulate_expression(contents.table("samples"), seed=3, shift=shift)
    figure = draw_cohort_effects(replace(contents, expression=expression))[-1]
    return int(figure.caption.split("Cohort explains ")[1].split("%")[0].replace("< ", ""))


def test_scores_and_expression_each_have_a_figure_of_every_sample(drawn: dict[str, Figure]) -> None:
    assert list(drawn) == ["cohort-effects-scores", "cohort-effects-expression"]
    for figure in drawn.values():
        for name in ("before", "after"):
            points = figure.datasets[name]
            assert len(points) == 185
            assert np.isfinite(points[["x", "y"]].to_numpy()).all()


def test_a_planted_shift_shows_before_and_is_gone_after(contents: ReportContents, drawn: dict[str, Figure]) -> None:
    points = drawn["cohort-effects-expression"].datasets["after"]
    assert points.groupby("cohort")[["x", "y"]].mean().abs().max().max() < 0.01
    assert _explained(contents, 3.0) > 60
    assert _explained(contents, 0.0) < 6
    assert "and 0% after: scaling takes every cohort's mean away" in drawn["cohort-effects-expression"].caption


def test_axes_tell_the_share_of_variance_and_of_cohort(drawn: dict[str, Figure]) -> None:
    text = str(spec_of(drawn["cohort-effects-expression"], with_data=False))
    assert "PC1 (" in text
    assert "R² of cohort" in text
    assert drawn["cohort-effects-expression"].numbers is not None
    assert len(drawn["cohort-effects-expression"].numbers) == 10


def test_what_is_left_out_is_told(contents: ReportContents, drawn: dict[str, Figure]) -> None:
    # the tertiary lymphoid structures have no value in one cohort
    assert "Left out, with fewer than half of the values: 1 feature." in drawn["cohort-effects-scores"].caption
    assert "set to the mean" in drawn["cohort-effects-scores"].caption
    scores = contents.table("scores")
    infinite = scores.assign(value=scores["value"].where(scores["feature"] != "cyt", np.inf))
    figure = draw_cohort_effects(replace(contents, tables={**contents.tables, "scores": infinite}))[0]
    assert "fewer than half of the values: 2 features." in figure.caption


def test_a_method_that_scales_by_cohort_says_so(drawn: dict[str, Figure]) -> None:
    assert "zscore looks at the whole cohort" in drawn["cohort-effects-scores"].caption


def test_one_cohort_separates_nothing(contents: ReportContents) -> None:
    one = contents.table("scores").query("cohort_id == 'bladder_pdl1'")
    (figure,) = draw_cohort_effects(replace(contents, tables={"scores": one}, expression=None))
    assert "There is one cohort" in figure.caption


def test_nothing_gives_nothing(contents: ReportContents) -> None:
    assert draw_cohort_effects(replace(without(contents, "scores"), expression=None)) == []
