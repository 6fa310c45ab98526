from __future__ import annotations

from dataclasses import replace

import pandas as pd
from tests.report.modelled import contents

from tmescope.report.model_tables import model_measures, tripod, verdicts


def test_the_verdict_is_one_sentence_a_model() -> None:
    assert verdicts(contents()) == ["Model resp does not beat TMB out of cohort."]
    assert verdicts(contents(empty=True)) == []


def test_measures_say_who_judged_what() -> None:
    table = model_measures(contents())
    assert table is not None
    rows = [[c.text for c in r] for r in table.rows]
    assert [
        "resp",
        "model",
        "out of cohort",
        "all",
        "auc",
        "40",
        "16",
        "0.700 [0.600, 0.800]",
        "random effects",
    ] in rows
    assert ["resp", "model against TMB", "out of cohort", "all", "auc difference"] in [r[:5] for r in rows]
    assert [
        "resp",
        "model",
        "apparent",
        "all",
        "auc",
        "40",
        "16",
        "0.800",
        "in the patients that made the model",
    ] in rows
    assert model_measures(contents(empty=True)) is None
    assert "Intervals of differences out of fold take the averaged predictions as given" in table.note


def test_rankings_of_survival_say_over_which_time() -> None:
    found = contents()
    rows = found.table("model_performance")
    both = pd.concat([rows.assign(measure=m) for m in ("c_index", "c_index_to_horizon", "c_index_difference")])
    table = model_measures(replace(found, tables={**found.tables, "model_performance": both}))
    assert table is not None
    assert {r[4].text for r in table.rows} == {
        "C over all follow-up", "C to the horizon", "difference of C over all follow-up",
    }  # fmt: skip


def test_the_checklist_is_there_only_for_models() -> None:
    table = tripod(contents())
    assert table is not None
    assert [c.text for c in table.rows[0]] == [
        "22",
        "resp",
        "the model in full",
        "filled by the run",
        "models/resp.json",
    ]
    assert "BMJ 2024" in table.note
    assert tripod(contents(empty=True)) is None
