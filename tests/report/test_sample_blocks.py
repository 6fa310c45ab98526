from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from tests.report.contents_maker import without

from tmescope.report.contents import ReportContents
from tmescope.report.palette import MISSING_COLOUR
from tmescope.report.sample_blocks import blocks, plan_samples


def test_blocks_follow_each_other_and_hold_all_samples(contents: ReportContents) -> None:
    plan = plan_samples(contents)
    assert plan is not None
    placed = blocks(plan.layout)
    assert [(name, n) for name, _, _, n in placed] == [
        ("melanoma_pd1_a", 98), ("bladder_pdl1", 62), ("melanoma_ctla4_pilot", 25),
    ]  # fmt: skip
    for (_, left, width, _), (_, after, _, _) in pairwise(placed):
        np.testing.assert_allclose(after, left + width + 8)
    last = placed[-1]
    np.testing.assert_allclose(last[1] + last[2], plan.layout.width)


def test_what_is_not_finite_is_missing(contents: ReportContents) -> None:
    scores = contents.table("scores")
    wrong = scores.assign(value=scores["value"].where(scores["feature"] != "cyt", np.inf))
    plan = plan_samples(replace(contents, tables={**contents.tables, "scores": wrong}))
    assert plan is not None
    cyt = plan.scores[plan.scores["feature"] == "cyt"]
    assert cyt["z"].isna().all()
    assert np.isfinite(plan.scores["z"].dropna()).all()


def test_a_feature_that_a_cohort_lacks_is_missing_in_the_legend(contents: ReportContents) -> None:
    features = contents.table("features")
    partly = features[features["cohort_id"] != "bladder_pdl1"]
    plan = plan_samples(replace(contents, tables={**contents.tables, "features": partly}))
    assert plan is not None
    tmb = next(t for t in plan.tracks if t.title.startswith("TMB"))
    assert tmb.legend["missing"] == MISSING_COLOUR


def test_without_scores_there_is_no_plan(contents: ReportContents) -> None:
    assert plan_samples(without(contents, "scores")) is None
