from __future__ import annotations

from dataclasses import replace

import pandas as pd
from tests.report.contents_maker import without

from tmescope.report.contents import ReportContents
from tmescope.report.palette import MISSING_COLOUR, RESPONSE
from tmescope.report.tracks import find_tracks


def _with(contents: ReportContents, **columns: object) -> ReportContents:
    samples = contents.table("samples").assign(**columns)  # type: ignore[arg-type]
    return replace(contents, tables={**contents.tables, "samples": samples})


def test_response_comes_first_with_its_own_colours(contents: ReportContents) -> None:
    track = find_tracks(contents)[0]
    assert track.title == "Response"
    assert track.legend == {
        "responder": RESPONSE["responder"],
        "non-responder": RESPONSE["non_responder"],
        "not evaluable": RESPONSE["not evaluable"],
    }
    counts = track.values["level"].value_counts()
    samples = contents.table("samples")["response"]
    assert counts["responder"] == (samples == "responder").sum()
    assert counts["not evaluable"] == samples.isna().sum()


def test_columns_with_one_level_are_left_out(contents: ReportContents) -> None:
    titles = [t.title for t in find_tracks(contents)]
    assert titles == ["Response", "Treatment", "Cancer type", "Time point", "Sex", "Age (years)"]
    same = _with(contents, treatment="anti-PD-1", cancer_type=pd.NA)
    assert [t.title for t in find_tracks(same)] == ["Response", "Time point", "Sex", "Age (years)"]


def test_missing_levels_are_named(contents: ReportContents) -> None:
    sex = next(t for t in find_tracks(contents) if t.title == "Sex")
    assert sex.legend["missing"] == MISSING_COLOUR
    assert len(set(sex.legend.values())) == 3


def test_rare_levels_share_one_colour(contents: ReportContents) -> None:
    many = [f"drug {i % 11}" for i in range(185)]
    track = next(t for t in find_tracks(_with(contents, treatment=many)) if t.title == "Treatment")
    assert len(track.legend) == 9
    assert track.legend["other"] == MISSING_COLOUR
    assert (track.values["level"] == "other").sum() == sum(m in {"drug 8", "drug 9", "drug 10"} for m in many)


def test_ages_fall_into_decades(contents: ReportContents) -> None:
    ages = [49.9, 50, 59.9, 60, 69, 70, 90] + [55.0] * 178
    track = find_tracks(_with(contents, age_years=ages))[-1]
    assert track.values["level"].tolist()[:7] == [
        "below 50", "50 to 59", "50 to 59", "60 to 69", "60 to 69", "70 and above", "70 and above",
    ]  # fmt: skip


def test_no_samples_no_tracks(contents: ReportContents) -> None:
    assert find_tracks(without(contents, "samples")) == []
