from __future__ import annotations

import numpy as np
import pandas as pd
from tests.study import tiny

from tmescope.study.moderating import moderate, pooling_options
from tmescope.study.running import run
from tmescope.study.schema_questions import Question

POOL = {"moderators": {"year": {"a": 2015, "b": 2017, "c": 2021}, "drug": {"a": "PD1", "b": "PD1", "c": "CTLA4"}}}
QUESTION = {"id": "q", "kind": "response", "endpoint": "response", "features": ["zscore:cyt"], "pool": POOL}


def test_nothing_is_made_of_nothing():
    tables = moderate([Question(**{**QUESTION, "pool": {}})], pd.DataFrame({"question_id": []}))
    assert {name: len(t) for name, t in tables.items()} == {"meta_regression": 0, "moderators": 0}
    assert pooling_options(Question(**{**QUESTION, "pool": {"method": "dl", "test": "z"}}).pool).tau2 == "dl"


def test_a_run_writes_slopes_bubbles_and_a_table(tmp_path):
    tiny.write_files(tmp_path)
    data = tiny.study_dict()
    expression, samples = tiny.cohort_frames(9, 22)
    expression.to_csv(tmp_path / "c.tsv", sep="\t")
    samples.to_csv(tmp_path / "c_samples.csv", index=False)
    data["cohorts"].append({**data["cohorts"][0], "id": "c", "expression": "c.tsv", "samples": "c_samples.csv"})
    data["question"] = [QUESTION]
    data["output"] = {"report": True}
    outcome = run(tiny.write_study(tmp_path, data), tmp_path / "out")
    slopes = outcome.table("meta_regression")
    assert set(slopes["moderator"]) == {"year", "drug"}
    assert (slopes["k"] == 3).all()
    assert slopes.query("moderator == 'drug'")[["level", "reference"]].drop_duplicates().values.tolist() == [
        ["CTLA4", "PD1"]
    ]
    row = slopes.query("moderator == 'drug' and effect_name == 'odds_ratio_per_sd'").iloc[0]
    odds = outcome.table("answers").query("question_id == 'q' and effect_name == 'odds_ratio_per_sd'")
    odds = odds.set_index("cohort_id")
    weights = 1.0 / (odds["std_error"] ** 2 + row["tau2"])
    kept = odds.loc[["a", "b"]]
    base = np.average(np.log(kept["effect"].astype(float)), weights=weights.loc[["a", "b"]].astype(float))
    assert abs(row["coefficient"] - (np.log(odds.loc["c", "effect"]) - base)) < 1e-8
    assert outcome.table("moderators").query("moderator == 'year'")["value"].tolist() == [2015.0, 2017.0, 2021.0]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "What effects go with across cohorts" in page
    assert (tmp_path / "out" / "figures" / "moderation-q-odds-ratio-per-sd-year.svg").is_file()
