from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.study import modelled, tiny

from tmescope.associate.prediction_files import read_prediction
from tmescope.foundation.errors import ManyProblems, ScaleError, UnknownNameError
from tmescope.study.loading import parse_study
from tmescope.study.running import run
from tmescope.study.single import MeasuredTable, prediction_study
from tmescope.study.tripod import AUTHOR


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a study that has run; its results lie in ``out``."""
    folder = tmp_path_factory.mktemp("modelled")
    modelled.write_files(folder)
    run(tiny.write_study(folder, modelled.study_dict()), folder / "out")
    return folder


def _table(folder: Path, name: str, results: str = "out") -> pd.DataFrame:
    return pd.read_parquet(folder / results / "tables" / f"{name}.parquet")


def test_every_patient_is_predicted_once_by_a_model_that_did_not_see_the_cohort(done: Path) -> None:
    found = _table(done, "predictions")
    own = found[found["predictor"] == "model"]
    assert own.groupby("cohort_id").size().to_dict() == modelled.COHORTS
    assert set(own["scheme"]) == {"out_of_cohort"}
    assert own["predicted"].between(0, 1).all()
    pooled = _table(done, "model_performance").query("measure == 'auc_difference' and cohort_id == ''")
    assert pooled["verdict"].str.contains("TMB out of cohort").all()
    assert set(_table(done, "model_coefficients")["left_out"]) == {"", "a", "b", "c"}


def test_the_saved_model_predicts_new_patients_as_its_numbers_say(done: Path) -> None:
    saved = read_prediction(done / "out" / "models" / "resp.json")
    assert [t["cohort_id"] for t in saved.training] == ["a", "b", "c"]
    assert not saved.needs_cohort
    study = prediction_study(
        done / "a.tsv", done / "out" / "models" / "resp.json", scale="tpm",
        measured=MeasuredTable(done / "a_samples.csv"),
    )  # fmt: skip
    run(study, done / "applied")
    found = _table(done, "predictions", "applied").set_index("sample_id")
    assert set(found["scheme"]) == {"applied"}
    scores = (
        _table(done, "scores").query("cohort_id == 'a'").pivot(index="sample_id", columns="feature", values="value")
    )
    samples = pd.read_csv(done / "a_samples.csv").set_index("sample_id")
    expression = pd.read_csv(done / "a.tsv", sep="\t", index_col=0)
    linear = saved.fitted.intercept
    for column, coefficient in zip(saved.fitted.preparation.columns, saved.fitted.coefficients, strict=True):
        source, name = column.predictor.split(":")
        values = {
            "mean": lambda name=name: scores[name],
            "gene": lambda name=name: np.log2(expression.loc[name] + 1.0),
            "table": lambda name=name, level=column.level: samples[name] if not level else samples[name] == level,
        }[source]()
        linear = linear + coefficient * (values.astype(float) - column.centre) / column.spread
    assert np.allclose(found["linear"], linear.reindex(found.index))


def test_without_the_table_the_values_are_filled_and_said_to_be(done: Path) -> None:
    study = prediction_study(done / "b.tsv", done / "out" / "models" / "resp.json", scale="tpm")
    run(study, done / "bare")
    found = _table(done, "predictions", "bare")
    assert found["filled"].str.contains("tmb").all()
    assert "model.filled" in set(_table(done, "warnings", "bare")["code"])


def test_another_scale_is_refused(done: Path) -> None:
    path = done / "logged.tsv"
    np.log2(pd.read_csv(done / "a.tsv", sep="\t", index_col=0) + 1.0).to_csv(path, sep="\t")
    study = prediction_study(path, done / "out" / "models" / "resp.json", scale="log2(tpm+1)")
    with pytest.raises(ScaleError, match="was learnt on tpm"):
        run(study, done / "refused")


def test_a_model_that_was_changed_is_refused_before_anything_is_read(done: Path, tmp_path: Path) -> None:
    page = json.loads((done / "out" / "models" / "resp.json").read_text(encoding="utf-8"))
    page["model"]["intercept"] = 5.0
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(page), encoding="utf-8")
    data = modelled.study_dict()
    data |= {"model": [], "predict": [str(bad)]}
    with pytest.raises(ManyProblems, match="another sha256"):
        run(parse_study(data, folder=done), tmp_path / "out")


def test_a_second_run_redoes_nothing_and_a_study_without_models_withdraws_them(tmp_path: Path, done: Path) -> None:
    again = run(done / "study.toml", done / "out")
    assert again.redone == ()
    copy = tmp_path / "copy"
    first = run(done / "study.toml", copy)
    assert (copy / "models" / "resp.json").read_bytes() == (done / "out" / "models" / "resp.json").read_bytes()
    assert "model-resp" in first.redone
    data = modelled.study_dict()
    data["model"] = []
    run(parse_study(data, folder=done), copy)
    assert not (copy / "models").exists()


def test_tripod_says_what_the_run_can_say_and_leaves_the_rest_to_authors(done: Path) -> None:
    table = _table(done, "tripod").set_index("item")
    assert len(table) == 52
    assert table.loc["22", "status"] == "filled by the run"
    assert table.loc["17", "status"] == AUTHOR
    assert "TMB" in table.loc["23a", "text"]
    assert "a: 40 patients" in table.loc["21", "text"]


def test_a_feature_that_no_cohort_has_is_an_error(done: Path, tmp_path: Path) -> None:
    study = parse_study(modelled.study_dict(features=["tis18"]), folder=done)
    with pytest.raises(UnknownNameError, match="tis18"):
        run(study, tmp_path / "out")
