from __future__ import annotations

from pathlib import Path

import pandas as pd
from tests.study import modelled

from tmescope.facts.checklists import load_tripod_ai
from tmescope.study.loading import parse_study
from tmescope.study.tripod import AUTHOR, tripod_table


def _tables() -> dict[str, pd.DataFrame]:
    head = {"model": "resp", "predictor": "model"}
    predictions = [
        {**head, "cohort_id": c, "observed": float(i % 2), "predicted": 0.4, "scheme": "out_of_cohort",
         "filled": "tmb" if i == 0 else "", "outside": ""}
        for c in "ab" for i in range(6)
    ]  # fmt: skip
    performance = [{**head, "measure": "auc", "verdict": "does not beat TMB out of cohort"}]
    coefficients = [
        {"model": "resp", "left_out": o, "predictor": "mean:cyt", "n": 12, "n_events": 6} for o in ("", "a", "b")
    ]
    return {
        "predictions": pd.DataFrame(predictions),
        "model_performance": pd.DataFrame(performance),
        "model_coefficients": pd.DataFrame(coefficients),
    }


def test_every_item_has_a_row_and_what_the_run_cannot_know_is_left_to_authors(tmp_path: Path) -> None:
    table = tripod_table(parse_study(modelled.study_dict(), folder=tmp_path), _tables()).set_index("item")
    assert len(table) == len(load_tripod_ai().items) == 52
    for item in ("1", "2", "3a", "14", "17", "18a", "18d", "19", "25", "26"):
        assert table.loc[item, "status"] == AUTHOR
    assert "2 patients had such a value" in table.loc["11", "text"]
    assert "does not beat TMB out of cohort" in table.loc["23a", "text"]
    assert table.loc["24", "status"] == "not applicable"
    assert "a: 6 patients, 3 with the outcome" in table.loc["21", "text"]


def test_no_item_that_needs_an_author_is_called_filled(tmp_path: Path) -> None:
    table = tripod_table(parse_study(modelled.study_dict(), folder=tmp_path), _tables())
    asks = table["text"].str.contains(r"\bState\b")
    assert (table.loc[asks, "status"] == "partly filled by the run").all()
