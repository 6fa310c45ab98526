from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.study import modelled
from tests.study.test_model_profiles import PREDICTORS, _saved

from tmescope.associate.prediction_files import write_prediction
from tmescope.foundation.errors import StudyFileError
from tmescope.store.tables import read_table
from tmescope.study.loading import parse_study
from tmescope.study.predicting import APPLIED, predict_problems, read_applied
from tmescope.study.running import run
from tmescope.study.schema import Study

SAVED = replace(_saved(PREDICTORS[0], PREDICTORS[2]), scales=("tpm",))


def _study(folder: Path, *files: str) -> Study:
    data = modelled.study_dict()
    return parse_study(data | {"model": [], "predict": list(files)}, folder=folder)


def test_models_are_applied_to_every_cohort(tmp_path: Path) -> None:
    modelled.write_files(tmp_path)
    write_prediction(SAVED, tmp_path / "m.json")
    study = _study(tmp_path, "m.json")
    assert list(read_applied(study)) == ["m.json"]
    assert list(predict_problems(study)) == []
    outcome = run(study, tmp_path / "out")
    found = outcome.table("predictions")
    assert set(found["scheme"]) == {APPLIED}
    assert found.groupby("cohort_id").size().to_dict() == modelled.COHORTS
    scores = read_table(tmp_path / "out" / "tables" / "scores.parquet")
    cyt = scores[scores["feature"] == "cyt"].set_index("sample_id")["value"]
    tmb = outcome.table("features").query("feature == 'tmb'").set_index("sample_id")["value"]
    ids = found["sample_id"]
    assert np.allclose(found["linear"], (cyt[ids].to_numpy() + tmb[ids].to_numpy()))


def test_another_definition_of_a_signature_is_refused(tmp_path: Path) -> None:
    modelled.write_files(tmp_path)
    write_prediction(replace(_saved(replace(PREDICTORS[0], sha256="2" * 64)), scales=("tpm",)), tmp_path / "m.json")
    with pytest.raises(StudyFileError, match="cyt has other genes here"):
        run(_study(tmp_path, "m.json"), tmp_path / "out")


def test_what_is_wrong_is_said_before_a_cohort_is_read(tmp_path: Path) -> None:
    write_prediction(SAVED, tmp_path / "m.json")
    write_prediction(_saved(PREDICTORS[1]), tmp_path / "other.json")
    (tmp_path / "bad.json").write_text("{}", encoding="utf-8")
    told = [str(e) for e in predict_problems(_study(tmp_path, "m.json", "bad.json", "none.json", "other.json"))]
    assert "no prediction model" in told[0]
    assert "there is no model 'none.json'" in told[1]
    assert "stands in m.json too" in told[2]
    assert "needs scores by ssgsea" in told[3]
