from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from tests.report.contents_maker import without

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure
from tmescope.report.quality_panel import draw_quality


@pytest.fixture(scope="module")
def panels(figures: list[Figure]) -> list[Figure]:
    return [f for f in figures if f.section in ("quality", "cohorts")]


def _one(found: list[Figure], name: str) -> Figure:
    return next(f for f in found if f.id == name)


def test_the_panel_counts_each_status_and_names_the_problems(contents: ReportContents, panels: list[Figure]) -> None:
    figure = _one(panels, "quality-checks")
    assert "15 ok, 1 notice, 2 problems" in figure.caption
    assert "melanoma_ctla4_pilot: genes needed and found 82%" in figure.alt
    assert len(figure.datasets["checks"]) == 18


def test_the_mapping_counts_needed_genes_only(contents: ReportContents) -> None:
    mapping = contents.table("gene_mapping").copy()
    mapping["needed"] = mapping["input_id"] < "GENE2"
    figure = _one(draw_quality(replace(contents, tables={**contents.tables, "gene_mapping": mapping})), "gene-mapping")
    rows = figure.datasets["mapping"]
    assert rows.groupby("cohort")["n"].sum().tolist() == [int((mapping["needed"]).sum() / 3)] * 3
    assert (rows.groupby("cohort")["share"].sum() - 1).abs().max() < 0.001


def test_lost_genes_are_in_words(contents: ReportContents, panels: list[Figure]) -> None:
    mapping = contents.table("gene_mapping")
    pilot = mapping[mapping["cohort_id"] == "melanoma_ctla4_pilot"]
    lost = int(pilot["reason"].isin(["missing", "ambiguous"]).sum())
    assert f"melanoma_ctla4_pilot {lost} of 312" in _one(panels, "gene-mapping").alt


def test_the_flow_ends_with_what_is_selected(contents: ReportContents, panels: list[Figure]) -> None:
    figure = _one(panels, "sample-flow")
    flow = figure.datasets["flow"]
    assert flow[flow["last"]]["n"].tolist() == [98, 62, 25]
    assert "185 samples are selected" in figure.alt
    assert figure.section == "cohorts"


def test_counts_that_are_unknown_are_left_out(contents: ReportContents) -> None:
    cohorts = contents.table("cohorts").assign(n_table=pd.NA)
    flow = _one(
        draw_quality(replace(contents, tables={**contents.tables, "cohorts": cohorts})), "sample-flow"
    ).datasets["flow"]
    assert "sample table" not in set(flow["stage"])


def test_absent_tables_and_no_needed_gene_give_no_figure(contents: ReportContents) -> None:
    assert draw_quality(without(contents, "quality", "gene_mapping", "cohorts")) == []
    unneeded = contents.table("gene_mapping").assign(needed=False)
    found = draw_quality(replace(contents, tables={**contents.tables, "gene_mapping": unneeded}))
    assert "gene-mapping" not in {f.id for f in found}
