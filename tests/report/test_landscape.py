from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.report.contents_maker import without
from tests.report.test_raster import decode

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure
from tmescope.report.landscape import CLAMP, draw_landscape
from tmescope.report.palette import MISSING_COLOUR
from tmescope.report.raster import colour_grid
from tmescope.report.sample_blocks import within_cohort_z


@pytest.fixture(scope="module")
def landscape(figures: list[Figure]) -> list[Figure]:
    return [f for f in figures if f.id == "landscape"]


def _scores(values: dict[str, list[float]], *, feature: str = "f") -> pd.DataFrame:
    rows = [
        {"cohort_id": c, "sample_id": f"{c}{i}", "method": "zscore", "feature": feature, "value": v, "unit": "SD"}
        for c, part in values.items()
        for i, v in enumerate(part)
    ]
    return pd.DataFrame(rows)


def test_z_is_within_cohort_with_n_minus_1() -> None:
    z = within_cohort_z(_scores({"a": [1.0, 2.0, 3.0], "b": [10.0, np.nan, 30.0]}))["z"]
    assert z[:3].tolist() == [-1.0, 0.0, 1.0]
    assert z[[3, 5]].tolist() == pytest.approx([-np.sqrt(0.5), np.sqrt(0.5)])
    assert np.isnan(z[4])


def test_constant_and_single_values_have_no_z() -> None:
    z = within_cohort_z(_scores({"a": [2.0, 2.0, 2.0], "b": [5.0]}))["z"]
    assert z.isna().all()


def test_every_sample_and_feature_has_one_cell(contents: ReportContents, landscape: list[Figure]) -> None:
    (figure,) = landscape
    cells = figure.datasets["cells"]
    assert len(cells) == 185 * 21
    assert not cells.duplicated(["x", "y"]).any()
    wide = within_cohort_z(contents.primary_scores())
    expected = wide.set_index(["sample_id", "cohort_id", "feature"])["z"]
    found = cells[cells["feature"] == "Hypoxia"].set_index(["sample", "cohort"])["z"]
    hypoxia = expected.xs("hypoxia", level="feature").reindex(found.index)
    np.testing.assert_allclose(found, hypoxia, atol=0.0051)


def test_samples_stay_in_their_cohort_and_cohorts_in_order(contents: ReportContents, landscape: list[Figure]) -> None:
    (figure,) = landscape
    columns = figure.datasets["cells"].drop_duplicates("x").sort_values("x")["cohort"]
    assert list(dict.fromkeys(columns)) == contents.cohort_ids()
    assert np.count_nonzero(columns.ne(columns.shift())) == 3


def test_related_signatures_end_up_as_neighbours(landscape: list[Figure]) -> None:
    (figure,) = landscape
    order = figure.datasets["cells"].drop_duplicates("feature").sort_values("y")["feature"].tolist()
    stroma = [order.index(f) for f in ("Fibroblasts", "Angiogenesis", "Epithelial-mesenchymal transition")]
    assert max(stroma) - min(stroma) <= 3


def test_the_still_picture_has_the_colours_of_the_live_cells(contents: ReportContents, landscape: list[Figure]) -> None:
    (figure,) = landscape
    assert figure.still is not None
    assert figure.heavy
    cells = figure.datasets["cells"].sort_values(["y", "x"])
    tile = figure.still.datasets["tiles"].iloc[0]
    first = cells[cells["cohort"] == contents.cohort_ids()[0]]
    live = colour_grid(first["z"].to_numpy(dtype=float).reshape(21, -1), limit=CLAMP)
    still = decode(tile["address"]).astype(int)
    assert still.shape == live.shape
    assert np.abs(still - live).max() <= 2  # the cells are rounded to two decimals


def test_missing_values_are_grey_and_counted(landscape: list[Figure]) -> None:
    (figure,) = landscape
    missing = int(figure.datasets["cells"]["z"].isna().sum())
    assert missing >= 25
    assert f"Grey: {missing} values missing" in figure.caption
    assert MISSING_COLOUR in str(figure.chart.to_dict())


def test_narrow_cohorts_get_letters_and_wide_ones_names(contents: ReportContents, landscape: list[Figure]) -> None:
    (figure,) = landscape
    assert figure.datasets["headers"]["text"].tolist() == ["A", "B", "C"]
    assert "C  melanoma_ctla4_pilot · n = 25" in figure.datasets["legend_text"]["text"].tolist()
    one = replace(contents, tables={"scores": contents.table("scores").query("cohort_id == 'bladder_pdl1'")})
    (alone,) = draw_landscape(one)
    assert alone.datasets["headers"]["text"].tolist() == ["bladder_pdl1 · n = 62"]


def test_the_caption_says_how_the_colours_are_scaled(landscape: list[Figure]) -> None:
    (figure,) = landscape
    assert "standardised within each cohort" in figure.caption
    assert f"±{CLAMP} SD" in figure.caption
    assert "correlation" in figure.alt


def test_without_scores_there_is_no_landscape(contents: ReportContents) -> None:
    assert draw_landscape(without(contents, "scores")) == []
    assert draw_landscape(replace(contents, primary_method="gsva")) == []


def test_one_sample_and_one_feature_can_be_drawn() -> None:
    one = ReportContents("s", "T", "", {"scores": _scores({"a": [1.0]})}, "zscore")
    (figure,) = draw_landscape(one)
    assert figure.datasets["cells"]["z"].isna().all()


def test_600_samples_and_60_signatures_are_drawn_with_a_small_still_picture(
    large_contents: ReportContents,
) -> None:
    (figure,) = draw_landscape(large_contents)
    assert "cells" not in figure.datasets  # above MOST_CELLS a picture, with the numbers beside it
    grid, columns = figure.datasets["grid"], figure.datasets["columns"]
    assert (len(grid), len(columns)) == (60, 600)
    z = within_cohort_z(large_contents.primary_scores()).set_index(["cohort_id", "sample_id", "feature"])["z"]
    packed = np.frombuffer(base64.b64decode(grid["z"].iloc[0]), dtype=np.int8)
    name = next(f for f, label in large_contents.short_labels().items() if label == grid["feature"].iloc[0])
    expected = np.array([z[c, s, name] for c, s in zip(columns["cohort"], columns["sample"], strict=True)])
    known = ~np.isnan(expected)
    assert (packed[~known] == -128).all()
    np.testing.assert_allclose(packed[known] / 50, np.clip(expected[known], -CLAMP, CLAMP), atol=0.0101)
    assert figure.still is not None
    assert sum(len(t) for t in figure.still.datasets["tiles"]["address"]) < 200_000
