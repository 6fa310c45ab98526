from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from tests.report.contents_maker import HUGE, POPULATIONS, TINY, make_contents, with_populations
from tests.report.test_raster import decode

from tmescope.report import composition
from tmescope.report.composition import draw_composition
from tmescope.report.contents import ReportContents
from tmescope.report.landscape import draw_landscape
from tmescope.report.static import draw_svg


@pytest.fixture(scope="module")
def scored(contents: ReportContents) -> ReportContents:
    return with_populations(contents)


def test_scores_that_are_no_fractions_are_never_stacked(scored: ReportContents) -> None:
    (figure,) = draw_composition(scored)
    bars = figure.datasets["bars"]
    assert len(bars) == 185 * len(POPULATIONS)
    assert "This is no fraction" in figure.caption
    assert "unit: mean linear expression of the markers" in figure.caption
    table = scored.table("scores").query("method == 'mcp_counter' and cohort_id == 'bladder_pdl1'")
    wide = table.pivot(index="sample_id", columns="feature", values="value")["B lineage"]
    z = (wide - wide.mean()) / wide.std()
    found = bars[(bars["cohort"] == "bladder_pdl1") & (bars["population"] == "B lineage")].set_index("sample")
    np.testing.assert_allclose(found["z"], z[found.index], atol=0.0051)
    rises = (found["y2"] < found["y"]).to_numpy()
    assert (rises == (found["z"] > 0).to_numpy())[found["z"].abs() > 0.02].all()


def test_fractions_are_stacked_up_to_what_they_sum_to(contents: ReportContents) -> None:
    (figure,) = draw_composition(with_populations(contents, unit="fraction"))
    bars = figure.datasets["bars"]
    height = (bars["y"] - bars["y2"]).groupby([bars["cohort"], bars["sample"]]).sum()
    np.testing.assert_allclose(height, 0.9 * 260, atol=0.06)
    assert "stacked" in figure.caption
    assert set(figure.datasets["legend_text"]["text"]) >= set(POPULATIONS)


def test_fractions_that_sum_to_more_than_one_are_not_stacked(contents: ReportContents) -> None:
    made = with_populations(contents, unit="fraction")
    scores = made.table("scores")
    wrong = scores.assign(value=scores["value"].where(scores["unit"] != "fraction", scores["value"] * 2))
    (figure,) = draw_composition(replace(made, tables={**made.tables, "scores": wrong}))
    assert "185 samples with a sum above 1, so nothing is stacked" in figure.caption
    assert figure.datasets["bars"]["z"].notna().all()


def test_samples_stand_where_the_landscape_has_them(scored: ReportContents) -> None:
    (landscape,) = draw_landscape(scored)
    (figure,) = draw_composition(scored)
    cells = landscape.datasets["cells"].drop_duplicates(["cohort", "sample"]).set_index(["cohort", "sample"])["x"]
    bars = figure.datasets["bars"].drop_duplicates(["cohort", "sample"]).set_index(["cohort", "sample"])["x"]
    assert (bars == cells[bars.index]).all()


def test_missing_and_infinite_values_are_grey_and_counted(scored: ReportContents) -> None:
    scores = scored.table("scores")
    places = scores.index[scores["method"] == "mcp_counter"][:3]
    values = scores["value"].copy()
    values[places] = [np.nan, np.inf, -np.inf]
    (figure,) = draw_composition(replace(scored, tables={**scored.tables, "scores": scores.assign(value=values)}))
    assert "3 values missing" in figure.caption
    assert int(figure.datasets["bars"]["z"].isna().sum()) == 3
    assert not re.search("NaN|Infinity", draw_svg(figure))


def test_many_bars_become_a_picture_of_the_same_bars(scored: ReportContents, monkeypatch: pytest.MonkeyPatch) -> None:
    (vector,) = draw_composition(scored)
    monkeypatch.setattr(composition, "MOST_BARS", 10)
    (figure,) = draw_composition(scored)
    tile = figure.datasets["tiles"].iloc[0]
    filled = (decode(tile["address"])[:, :, 3] > 0).sum(axis=0)
    bars = vector.datasets["bars"]
    first = bars[bars["cohort"] == "melanoma_pd1_a"]
    expected = 2 * (first["y"] - first["y2"]).abs().groupby(first["x"]).sum()
    assert filled.shape == (98,)
    np.testing.assert_allclose(filled, expected, atol=2 * len(POPULATIONS))
    assert len(figure.datasets["columns"]) == 185


def test_without_populations_there_is_none(contents: ReportContents) -> None:
    assert draw_composition(contents) == []
    assert len(HUGE.cohorts) == 6
    assert draw_composition(make_contents(TINY)) == []


def test_what_a_reference_does_not_know_stands_on_top_in_a_colour_of_its_own(contents: ReportContents) -> None:
    made = with_populations(contents, unit="fraction")
    scores = made.table("scores")
    renamed = scores["feature"].where((scores["unit"] != "fraction") | (scores["feature"] != POPULATIONS[0]), "Other")
    (figure,) = draw_composition(replace(made, tables={**made.tables, "scores": scores.assign(feature=renamed)}))
    assert "uncharacterised cells" in set(figure.datasets["legend_text"]["text"])
    bars = figure.datasets["bars"]
    mine = bars[bars["population"] == "uncharacterised cells"]
    assert len(mine) == 185
    assert mine["colour"].nunique() == 1
    top = bars.groupby(["cohort", "sample"])["y2"].min()
    np.testing.assert_allclose(mine.set_index(["cohort", "sample"])["y2"].reindex(top.index), top)


def test_the_consensus_of_methods_is_drawn_though_it_is_no_fraction(contents: ReportContents) -> None:
    made = with_populations(contents)
    scores = made.table("scores")
    mine = scores["method"] == "mcp_counter"
    unit = "weighted mean z within the cohort"
    fractions = scores[mine].assign(method="consensus", feature="x " + scores["feature"], unit=unit)
    tables = {**made.tables, "fractions": fractions}
    found = draw_composition(replace(made, tables=tables))
    assert [f.id for f in found] == ["composition-mcp-counter", "composition-consensus"]
    assert "This is no fraction" in found[1].caption
