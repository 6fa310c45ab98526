from __future__ import annotations

import numpy as np
import pandas as pd
from tests.study import tiny

from tmescope.associate.features import collect_features
from tmescope.study.asked_levels import ask_levels
from tmescope.study.running import run
from tmescope.study.schema_questions import Question

IDS = [f"s{i}" for i in range(5)]
EXTRA = pd.DataFrame(
    {
        "sample_id": IDS,
        "feature": "braf",
        "kind": "categorical",
        "value": np.nan,
        "category": ["WT", "V600E", "WT", "V600E", "V600E"],
    }
)


def _asked(**question) -> dict[str, list[float]]:
    features = collect_features(
        pd.DataFrame(columns=["sample_id", "method", "feature", "value"]), EXTRA, sample_ids=IDS, methods=[]
    )
    asked = Question.model_validate({"id": "q", "kind": "response", "endpoint": "e", **question})
    return {f.name: f.values.tolist() for f in ask_levels(asked, features, EXTRA)}


def test_the_level_that_is_named_or_pooled_is_asked():
    wild, mutant = [1.0, 0.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 1.0, 1.0]
    assert _asked() == {"braf=WT": wild}  # the rarer one
    assert _asked(pool={}) == {"braf=WT": wild}
    assert _asked(features=["braf=V600E"]) == {"braf=V600E": mutant}
    assert _asked(features=["table:braf=V600E"], pool={}) == {"braf=V600E": mutant}
    assert _asked(features=["braf=V600E", "braf=WT"]) == {"braf=V600E": mutant, "braf=WT": wild}


def test_cohorts_whose_rarer_levels_differ_are_pooled(tmp_path):
    tiny.write_files(tmp_path)
    for name, rarer, common in (("a", "WT", "V600E"), ("b", "V600E", "WT")):
        samples = pd.read_csv(tmp_path / f"{name}_samples.csv")
        samples["braf"] = np.where(np.arange(len(samples)) % 3 == 0, rarer, common)
        samples.to_csv(tmp_path / f"{name}_samples.csv", index=False)
    data = tiny.study_dict()
    data["question"] = [
        {"id": "q", "kind": "survival", "endpoint": "os", "features": ["braf"], "pool": {}},
        {"id": "named", "kind": "survival", "endpoint": "os", "features": ["braf=V600E"], "pool": {}},
    ]
    outcome = run(tiny.write_study(tmp_path, data), tmp_path / "out")
    pooled = outcome.table("pooled").set_index("question_id")
    assert pooled["feature"].to_dict() == {"q": "braf=WT", "named": "braf=V600E"}
    assert (pooled["k"] == 2).all()
    np.testing.assert_allclose(pooled.loc["q", "effect"] * pooled.loc["named", "effect"], 1.0)
