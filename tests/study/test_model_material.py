from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.study import modelled
from tests.study.contexts import do, opened

from tmescope.associate.prediction_data import Predictor
from tmescope.foundation.errors import UnknownNameError
from tmescope.study.context import Context
from tmescope.study.model_material import cohort_values, gather_model_material, model_cohorts, named_predictors


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """Yield a study whose cohorts are profiled."""
    folder: Path = tmp_path_factory.mktemp("material")
    modelled.write_files(folder)
    with opened(folder, modelled.study_dict()) as found:
        do(found, "profile")
        yield found


def test_predictors_carry_what_they_are_and_patients_their_outcome(context: Context) -> None:
    model = context.study.model[0]
    assert [c.id for c in model_cohorts(context, model)] == ["a", "b", "c"]
    found = gather_model_material(context, model)
    by_key = {p.key: p for p in found.data.predictors}
    assert set(found.predictors) == {
        "mean:cyt",
        "mean:ifng6",
        "mean:pan_f_tbrs",
        "table:tmb",
        "table:braf",
        "gene:GZMA",
    }
    assert by_key["mean:cyt"].genes
    assert len(by_key["mean:cyt"].sha256) == 64
    assert by_key["table:tmb"].unit == "mutations/Mb"
    assert by_key["table:braf"].kind == "categorical"
    assert found.baselines == {"TMB": ("table:tmb",)}
    assert found.data.n == sum(modelled.COHORTS.values())
    assert found.data.values["gene:GZMA"].notna().all()
    assert found.warnings == ()


def test_a_survival_model_has_times(context: Context) -> None:
    model = context.study.model[0].model_copy(
        update={"endpoint": "os", "horizon_months": 12.0, "features": ["tmb"], "genes": []}
    )
    data = gather_model_material(context, model).data
    assert data.time is not None
    assert (data.time > 0).all()
    assert found_keys(data.predictors) == ["table:tmb"]


def found_keys(predictors: tuple[Predictor, ...]) -> list[str]:
    return [p.key for p in predictors]


def test_names_that_nothing_bears_are_errors(context: Context) -> None:
    model = context.study.model[0]
    for change, told in (({"features": ["tis18"]}, "tis18"), ({"genes": ["NOGENE"]}, "NOGENE")):
        with pytest.raises(UnknownNameError, match=told):
            gather_model_material(context, model.model_copy(update=change))
    assert named_predictors(["cyt", "x"], [Predictor(name="cyt", source="mean")]) == (["mean:cyt"], ["x"])


def test_what_a_cohort_measured_stands_by_sample(context: Context) -> None:
    found = cohort_values(context, "c", methods=["mean"], genes=["GZMA", "NOGENE"])
    assert len(found.values) == modelled.COHORTS["c"]
    assert "gene:NOGENE" not in found.values
    assert np.isfinite(found.values["mean:cyt"].astype(float)).all()
