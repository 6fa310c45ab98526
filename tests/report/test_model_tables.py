from __future__ import annotations

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
