from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.report.contents_maker import without

from tmescope.report.contents import ReportContents
from tmescope.report.distributions import PANELS, draw_distributions
from tmescope.report.figure import Figure


@pytest.fixture(scope="module")
def distributions(figures: list[Figure]) -> list[Figure]:
    return [f for f in figures if f.section == "distributions"]


def test_every_feature_has_a_panel_once_in_the_order_of_the_table(distributions: list[Figure]) -> None:
    figures = [f for f in distributions if not f.id.endswith("features")]
    panels = [f.datasets["panels"].drop_duplicates("feature")["feature"].tolist() for f in figures]
    assert [len(p) for p in panels] == [PANELS, 21 - PANELS]
    assert panels[0][:2] == ["Cytolytic activity", "IFN-γ response"]


def test_boxes_are_quartiles_and_n_counts_what_is_there(contents: ReportContents, distributions: list[Figure]) -> None:
    panels = distributions[0].datasets["panels"]
    row = panels[
        (panels["kind"] == "box")
        & (panels["feature"] == "Cytolytic activity")
        & (panels["cohort"] == "bladder_pdl1")
        & (panels["group"] == "responder")
    ].iloc[0]
    scores = contents.primary_scores().merge(contents.table("samples"), on=["cohort_id", "sample_id"])
    values = scores.query("feature == 'cyt' and cohort_id == 'bladder_pdl1' and response == 'responder'")["value"]
    assert row["n"] == values.notna().sum()
    np.testing.assert_allclose(row[["q1", "median", "q3"]].astype(float), values.quantile([0.25, 0.5, 0.75]), rtol=1e-3)


def test_missing_values_are_counted_not_drawn(contents: ReportContents, distributions: list[Figure]) -> None:
    figure = distributions[0]
    scores = contents.primary_scores()
    scores = scores[scores["feature"].isin(scores["feature"].unique()[:PANELS])]
    missing = int(scores["value"].isna().sum())
    assert missing >= 25
    assert f"{missing} values missing and not drawn" in figure.caption
    assert (figure.datasets["panels"]["kind"] == "point").sum() == scores["value"].notna().sum()


def test_points_stay_in_the_row_of_their_group(distributions: list[Figure]) -> None:
    panels = distributions[0].datasets["panels"].query("kind == 'point'")
    assert (panels["offset"] - panels["slot"]).abs().max() < 0.32


def test_without_an_endpoint_all_samples_of_a_cohort_are_one_group(contents: ReportContents) -> None:
    figure = draw_distributions(replace(contents, primary_endpoint=None))[0]
    assert set(figure.datasets["panels"]["group"]) == {"all"}
    assert "in each cohort," in figure.caption


def test_extra_features_name_their_units(distributions: list[Figure]) -> None:
    figure = distributions[-1]
    assert figure.id == "distributions-features"
    assert figure.datasets["panels"]["feature"].unique().tolist() == ["TMB (mutations/Mb)"]
    assert figure.table_name == "features"


@pytest.mark.parametrize("absent", [("scores",), ("features",), ("scores", "features")])
def test_absent_tables_give_no_figure(contents: ReportContents, absent: tuple[str, ...]) -> None:
    found = {f.table_name for f in draw_distributions(without(contents, *absent))}
    assert found == {"scores", "features"} - set(absent)
