from __future__ import annotations

import numpy as np
import pandas as pd

from tmescope.associate.features import collect_features

SCORES = pd.DataFrame(
    [("s2", "zscore", "cyt", 1.0), ("s1", "zscore", "cyt", 2.0), ("s1", "mean", "cyt", 9.0)],
    columns=["sample_id", "method", "feature", "value"],
)
EXTRA = pd.DataFrame(
    [
        ("s1", "tmb", "numeric", 5.0, None),
        ("s1", "braf", "categorical", np.nan, "V600E"),
        ("s2", "braf", "categorical", np.nan, "WT"),
        ("s3", "braf", "categorical", np.nan, "WT"),
    ],
    columns=["sample_id", "feature", "kind", "value", "category"],
)


def test_scores_and_measurements_come_in_one_form():
    found = {
        f.name: f for f in collect_features(SCORES, EXTRA, sample_ids=["s1", "s2", "s3", "s4"], methods=["zscore"])
    }
    assert list(found) == ["cyt", "tmb", "braf=V600E"]
    assert found["cyt"].values.tolist()[:2] == [2.0, 1.0]
    assert found["cyt"].values.isna().tolist() == [False, False, True, True]
    assert found["tmb"].source == "table"
    assert found["braf=V600E"].is_group
    assert found["braf=V600E"].values.tolist()[:3] == [1.0, 0.0, 0.0]
    assert np.isnan(found["braf=V600E"].values.tolist()[3])


def test_three_levels_are_three_questions():
    extra = EXTRA[EXTRA["feature"] == "braf"].assign(category=["a", "b", "c"])
    names = [f.name for f in collect_features(SCORES.iloc[:0], extra, sample_ids=["s1", "s2", "s3"], methods=[])]
    assert names == ["braf=a", "braf=b", "braf=c"]
