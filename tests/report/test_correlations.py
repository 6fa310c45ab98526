from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from tests.report.contents_maker import without

from tmescope.report.contents import ReportContents
from tmescope.report.correlations import draw_correlations
from tmescope.report.figure import Figure


@pytest.fixture(scope="module")
def figure(contents: ReportContents) -> Figure:
    (drawn,) = draw_correlations(contents)
    return drawn


def _simulated(first: float, second: float, n: int = 80) -> ReportContents:
    rng = np.random.default_rng(8)
    rows = []
    for cohort, r in (("a", first), ("b", second)):
        x = rng.normal(size=n)
        y = r * x + np.sqrt(1 - r**2) * rng.normal(size=n)
        z = rng.normal(size=n)
        rows += [
            {"cohort_id": cohort, "sample_id": f"{cohort}{i}", "method": "m", "feature": f, "value": v[i], "unit": ""}
            for i in range(n)
            for f, v in (("x", x), ("y", y), ("z", z))
        ]
    return ReportContents("s", "T", "", {"scores": pd.DataFrame(rows)}, "m")


def test_cells_are_spearman_correlations_with_their_n(contents: ReportContents, figure: Figure) -> None:
    cells = figure.datasets["cells"]
    assert len(cells) == 4 * 21 * 21
    wide = contents.primary_scores().query("cohort_id == 'bladder_pdl1'").pivot(
        index="sample_id", columns="feature", values="value"
    )  # fmt: skip
    both = wide[["hypoxia", "proliferation"]].dropna()
    cell = cells.query("panel == 'bladder_pdl1' and first == 'Hypoxia' and second == 'Proliferation'").iloc[0]
    assert cell["rho"] == pytest.approx(spearmanr(both["hypoxia"], both["proliferation"]).statistic, abs=0.0051)
    assert cell["n"] == len(both)


def test_a_planted_difference_is_flagged_and_nothing_else() -> None:
    (figure,) = draw_correlations(_simulated(0.9, -0.5))
    flagged = figure.datasets["cells"].query("panel == 'difference between cohorts' and differs == 'yes'")
    assert set(zip(flagged["first"], flagged["second"], strict=True)) == {("x", "y"), ("y", "x")}
    assert "1 of 3 pairs differ" in figure.caption
    assert figure.numbers is not None
    assert list(figure.numbers["Feature"]) in (["x"], ["y"])


def test_equal_cohorts_have_no_flag() -> None:
    (figure,) = draw_correlations(_simulated(0.6, 0.6))
    assert "0 of 3 pairs differ" in figure.caption
    assert figure.numbers is None


def test_missing_pairs_are_grey_counted_and_never_numbers(figure: Figure) -> None:
    cells = figure.datasets["cells"]
    tls = cells.query("panel == 'melanoma_ctla4_pilot' and first == 'Tertiary lymphoid structures'")
    assert tls["rho"].isna().all()
    assert (tls["colour"] == "#8b929c").all()
    assert "Grey: 20 pairs" in figure.caption


def test_small_cohorts_are_named_not_drawn(contents: ReportContents) -> None:
    few = contents.table("scores").groupby("cohort_id").head(9 * 21)
    small = few[few["cohort_id"] == "bladder_pdl1"].drop_duplicates(["sample_id", "feature"])
    small = small[small["sample_id"].isin(small["sample_id"].unique()[:9])]
    rest = contents.table("scores").query("cohort_id == 'melanoma_pd1_a'")
    (figure,) = draw_correlations(replace(contents, tables={"scores": pd.concat([rest, small])}))
    assert "Fewer than 10 samples, not drawn: bladder_pdl1" in figure.caption
    assert "nothing is compared" in figure.caption


def test_60_signatures_are_a_picture(large_contents: ReportContents) -> None:
    (figure,) = draw_correlations(large_contents)
    assert figure.still is None
    assert "cells" not in figure.datasets
    assert len(figure.datasets["tiles"]) == 7


def test_without_scores_there_is_none(contents: ReportContents) -> None:
    assert draw_correlations(without(contents, "scores")) == []
