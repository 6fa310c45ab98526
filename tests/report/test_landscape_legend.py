from __future__ import annotations

from tmescope.report.contents import ReportContents
from tmescope.report.landscape_legend import legend_below
from tmescope.report.sample_blocks import plan_samples


def test_every_level_has_a_swatch_and_a_word_inside_the_figure(contents: ReportContents) -> None:
    plan = plan_samples(contents)
    assert plan is not None
    swatches, words = legend_below(plan.tracks, plan.layout)
    levels = [level for track in plan.tracks for level in track.legend]
    assert len(swatches) == len(levels)
    assert set(levels) <= set(words.loc[~words["title"].astype(bool), "text"])
    assert words["x"].max() < plan.layout.width
    assert words["y"].min() > plan.layout.bottom
    assert not words.duplicated(["x", "y"]).any()


def test_no_tracks_and_wide_blocks_need_no_legend(contents: ReportContents) -> None:
    alone = contents.table("scores").query("cohort_id == 'bladder_pdl1'")
    plan = plan_samples(ReportContents("s", "T", "", {"scores": alone}, "zscore"))
    assert plan is not None
    swatches, words = legend_below([], plan.layout)
    assert len(swatches) == len(words) == 0
