from __future__ import annotations

import pytest
from tests.report.contents_maker import make_contents
from tests.report.expression_maker import with_expression

from tmescope.report.expression_tables import comparisons, set_directions, top_genes
from tmescope.report.page import render_report


@pytest.fixture(scope="module")
def contents():
    return with_expression(genes=300, combat=True)


def _texts(table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_a_comparison_says_its_model_and_what_combat_did(contents) -> None:
    table = comparisons(contents)
    rows = _texts(table)
    assert [r[1] for r in rows] == ["alpha", "beta"]
    assert rows[0][4] == "limma: moderated t with trend on log2_array, after ComBat"
    assert "x (12), y (12)" in rows[0][13]
    assert "passed through: GENE7" in rows[0][13]
    assert "not used" in _texts(comparisons(with_expression(genes=100)))[0][13]


def test_the_genes_with_the_smallest_p_stand_first_in_each_comparison(contents) -> None:
    rows = _texts(top_genes(contents))
    assert len(rows) == 60
    best = contents.table("expression").query("cohort_id == 'alpha'").sort_values("p_value").iloc[0]
    assert rows[0][0] == best["feature"]
    assert "[" in rows[0][3]


def test_sets_carry_their_inflation_and_the_caveat(contents) -> None:
    table = set_directions(contents)
    assert all(r[8].startswith("× ") for r in _texts(table))
    assert "inflated by the correlation" in table.note.replace("\n", " ")


def test_the_page_holds_them_with_names_escaped(contents) -> None:
    page = render_report(contents, [])
    assert "Comparisons of expression" in page
    assert "&lt;b&gt;own" in page
    assert "<b>own" not in page


def test_nothing_where_nothing_was_compared() -> None:
    assert [t(make_contents()) for t in (comparisons, top_genes, set_directions)] == [None, None, None]
