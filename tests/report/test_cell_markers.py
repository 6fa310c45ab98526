"""The dot plot shows the best genes of each group and says that it tests nothing of patients."""

from __future__ import annotations

from dataclasses import replace

from tests.report.celled import contents_with_cells

from tmescope.report.cell_markers import draw_markers


def test_the_best_genes_of_each_group_are_shown_with_all_their_values():
    contents = contents_with_cells()
    (figure,) = draw_markers(contents)
    dots = figure.datasets["dots"]
    assert sorted(dots["gene"]) == sorted(f"{t}{i}" for t in "ABCD" for i in range(4))
    assert dots.set_index("gene").loc["B2", "fraction_in"] == 0.7
    assert "tests nothing of patients" in figure.caption
    assert figure.title.startswith(f"Markers of {contents.cells[0].labels} of ")
    assert "A0 of type A (AUC 0.95)" in figure.alt
    assert draw_markers(replace(contents, tables={})) == []
