from __future__ import annotations

import numpy as np
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.static import draw_svg
from tmescope.report.volcanoes import draw_volcanoes


def make_screens(n: int = 3000) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    slope = rng.normal(0.0, 0.2, n)
    slope[:5] += 1.2
    slope[-1] = np.nan
    p = np.exp(-0.5 * (slope / 0.2) ** 2)
    return pd.DataFrame(
        {
            "question_id": "genes", "cohort_id": "a", "feature": [f"G{i}" for i in range(n)], "source": "gene",
            "endpoint": "os", "n": 100, "n_events": 50, "effect": np.exp(slope), "effect_name": "hazard_ratio_per_sd",
            "adjusted_for": "", "ci_low": np.exp(slope - 0.4), "ci_high": np.exp(slope + 0.4), "p_value": p,
            "q_value": np.minimum(p * n, 1.0), "shrunk_effect": np.exp(slope / 2), "log2_effect": slope / np.log(2.0),
            "neg_log10_p": -np.log10(p),
        }
    )  # fmt: skip


def _contents(**tables: pd.DataFrame) -> ReportContents:
    return ReportContents("s", "title", "", tables, "zscore")


def test_every_gene_is_a_point_or_counted_in_a_bin_and_the_leading_ones_are_named():
    table = make_screens()
    (figure,) = draw_volcanoes(_contents(screens=table))
    bins, points = figure.datasets["bins"], figure.datasets["points"]
    assert int(bins["genes"].sum()) + len(points) == int(table["effect"].notna().sum()) == 2999
    assert len(bins) < 1600
    assert set(figure.datasets["named"]["gene"]) >= {f"G{i}" for i in range(5)}
    assert "5 have q of at most 0.1" in figure.alt
    assert "G0" in draw_svg(figure)


def test_few_genes_need_no_bins_and_no_screen_no_figure():
    (figure,) = draw_volcanoes(_contents(screens=make_screens(20)))
    assert not len(figure.datasets["bins"])
    assert draw_svg(figure)
    assert draw_volcanoes(_contents()) == []


def test_an_adjusted_screen_is_a_figure_of_its_own():
    table = make_screens(50)
    both = pd.concat([table, table.assign(adjusted_for="axis")])
    assert [f.id for f in draw_volcanoes(_contents(screens=both))] == ["volcano-genes-a", "volcano-genes-a-adjusted"]


def test_one_run_away_gene_does_not_press_the_others_together():
    table = make_screens()
    table.loc[100, ["log2_effect", "neg_log10_p"]] = [25.0, 0.2]
    table.loc[101, ["log2_effect", "neg_log10_p"]] = [-14.0, 9.0]
    (figure,) = draw_volcanoes(_contents(screens=table))
    bins, points, edge = (figure.datasets[n] for n in ("bins", "points", "edge"))
    assert int(bins["genes"].sum()) + len(points) + len(edge) == 2999
    assert dict(zip(edge["gene"], edge["side"], strict=True)) == {"G101": "left", "G100": "right"}
    assert list(edge["effect"]) == [-14.0, 25.0]
    usual = np.percentile(table["log2_effect"].abs().dropna(), 99)
    assert edge["x"].abs().max() <= 3.01 * usual
    assert "2 genes beyond it are arrows at the edge" in figure.caption
    assert "G101" in set(figure.datasets["named"]["gene"])


def test_without_outliers_the_caption_speaks_of_no_edge():
    (figure,) = draw_volcanoes(_contents(screens=make_screens()))
    assert not len(figure.datasets["edge"])
    assert "edge" not in figure.caption
