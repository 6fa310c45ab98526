from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from tests.report.contents_maker import without

from tmescope.report.contents import ReportContents
from tmescope.report.molecular_tracks import MOST_FEATURES, find_molecular_tracks, find_quality_tracks
from tmescope.report.palette import MISSING_COLOUR, STATUS


def test_numbers_are_cut_at_quartiles_and_categories_keep_their_levels(contents: ReportContents) -> None:
    (tmb, pdl1), beyond = find_molecular_tracks(contents)
    assert (tmb.title, pdl1.title, beyond) == ("TMB (mutations/Mb)", "PD-L1 level", [])
    assert len(tmb.legend) == 4
    sizes = tmb.values["level"].value_counts()
    assert sizes.min() > 185 / 4 - 12
    values = contents.table("features").query("feature == 'TMB'")["value"]
    top = next(name for name in tmb.legend if name.endswith("and above"))
    assert sizes[top] == (values >= float(top.split()[0])).sum()
    assert list(pdl1.legend) == ["IC0", "IC1", "IC2+"]


def test_missing_levels_are_grey(contents: ReportContents) -> None:
    features = contents.table("features").copy()
    features.loc[:4, "value"] = [np.nan, np.inf, -np.inf, np.nan, np.nan]
    (tmb, _), _ = find_molecular_tracks(replace(contents, tables={**contents.tables, "features": features}))
    assert tmb.values["level"].isna().sum() == 5
    assert tmb.legend["missing"] == MISSING_COLOUR


def test_features_beyond_the_room_are_named(contents: ReportContents) -> None:
    tmb = contents.table("features").query("feature == 'TMB'")
    many = pd.concat([tmb.assign(feature=f"f{i}") for i in range(MOST_FEATURES + 2)])
    tracks, beyond = find_molecular_tracks(replace(contents, tables={**contents.tables, "features": many}))
    assert len(tracks) == MOST_FEATURES
    assert beyond == [f"f{MOST_FEATURES}", f"f{MOST_FEATURES + 1}"]


def test_checks_of_the_cohort_and_coverage(contents: ReportContents) -> None:
    assert find_quality_tracks(contents) == []  # all cohorts have one light, and every sample the same coverage
    cohorts, mapping = contents.table("cohorts").copy(), contents.table("gene_mapping")
    sound = cohorts["cohort_id"] == "melanoma_pd1_a"
    for column in ("n_expression", "n_table", "n_joined"):
        cohorts[column] = cohorts[column].where(~sound, cohorts["n_selected"])
    found = mapping[(mapping["cohort_id"] != "melanoma_pd1_a") | ~mapping["reason"].isin(["missing", "ambiguous"])]
    tables = {**contents.tables, "cohorts": cohorts, "gene_mapping": found}
    (checks,) = find_quality_tracks(replace(contents, tables=tables))
    level = checks.values.drop_duplicates("cohort_id").set_index("cohort_id")["level"]
    assert level.to_dict() == {
        "melanoma_pd1_a": "not checked",
        "bladder_pdl1": "notice",
        "melanoma_ctla4_pilot": "notice",
    }
    assert checks.legend["notice"] == STATUS["notice"]
    scores = contents.table("scores")
    poor = scores.assign(coverage=scores["coverage"].where(scores["cohort_id"] != "bladder_pdl1", 0.5))
    tracks = find_quality_tracks(replace(contents, tables={**contents.tables, "scores": poor}))
    assert list(tracks[-1].legend) == ["below 80%", "80 to 95%"]


def test_without_tables_there_are_none(contents: ReportContents) -> None:
    assert find_molecular_tracks(without(contents, "features")) == ([], [])
    assert find_quality_tracks(without(contents, "scores")) == []
