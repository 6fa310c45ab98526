from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from tests.report.contents_maker import make_contents
from tests.report.expression_maker import with_expression

from tmescope.report.expression_figures import draw_expression
from tmescope.report.figure import spec_of
from tmescope.report.static import draw_svg


@pytest.fixture(scope="module")
def contents():
    return with_expression()


def test_each_comparison_has_one_figure_with_its_numbers(contents) -> None:
    figures = draw_expression(contents)
    assert [f.id for f in figures] == ["expression-who-alpha", "expression-who-beta"]
    rows = contents.table("expression")
    mine = rows[rows["cohort_id"] == "alpha"]
    n_up = int(((mine["q_value"] < 0.05) & (mine["effect"] > 0)).sum())
    assert figures[0].alt.startswith(f"{n_up} genes higher")
    best = mine.sort_values("p_value").iloc[0]
    assert best["feature"] in figures[0].alt
    assert "limma: moderated t" in figures[0].caption
    assert "<svg" in draw_svg(figures[0])


def test_every_gene_is_counted_once_and_the_page_stays_small(contents) -> None:
    figure = draw_expression(contents)[0]
    for name in ("volcano", "means"):
        assert figure.datasets[name]["genes"].sum() + len(figure.datasets["points"]) == 2000
    assert len(json.dumps(spec_of(figure))) < 250_000
    assert len(figure.datasets["points"]) == 60
    assert figure.datasets["points"]["p_value"].is_monotonic_increasing


def test_names_do_not_lie_on_each_other(contents) -> None:
    figure = draw_expression(contents)[0]
    named = figure.datasets["volcano-names"]
    assert 1 <= len(named) <= 12
    assert not named.duplicated(["x", "y"]).any()


def test_genes_without_p_are_said_and_p_of_zero_is_drawn(contents) -> None:
    rows = contents.table("expression").copy()
    rows.loc[0, "p_value"], rows.loc[1:3, "p_value"] = 0.0, np.nan
    changed = make_contents()
    changed = type(changed)(**{**changed.__dict__, "tables": {**changed.tables, "expression": rows}})
    figure = draw_expression(changed)[0]
    assert "3 genes without p are not shown" in figure.caption
    assert np.isfinite(figure.datasets["points"]["height"]).all()


def test_no_comparison_no_figure() -> None:
    assert draw_expression(make_contents()) == []
    nothing = make_contents()
    empty = pd.DataFrame(columns=nothing.table("expression").columns)
    assert draw_expression(type(nothing)(**{**nothing.__dict__, "tables": {"expression": empty}})) == []
