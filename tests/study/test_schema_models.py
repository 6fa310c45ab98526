from __future__ import annotations

import pytest
from pydantic import ValidationError

from tmescope.study.schema_models import PredictionModel


def _model(**more: object) -> PredictionModel:
    return PredictionModel.model_validate({"id": "m", "endpoint": "response", **more})


def test_the_defaults_are_the_calm_ones() -> None:
    model = _model()
    assert (model.missing, model.standardise, model.folds) == ("median", "training", 5)
    assert model.pool.test == "hartung_knapp_max1"
    assert model.baselines == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"id": "../m"}, "cannot become a file name"),
        ({"l1_ratios": [0.5, 0.5]}, "more than once"),
        ({"l1_ratios": []}, "at least 1 item"),
        ({"threshold": 1.0}, "less than 1"),
        ({"pool": {"strata": {"a": "x"}}}, "leave pool.strata out"),
        ({"baselines": [{"name": "x", "features": ["a"]}, {"name": "x", "features": ["b"]}]}, "is taken"),
        ({"unknown": 1}, "Extra inputs"),
    ],
)
def test_what_makes_no_sense_is_refused(more: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        _model(**more)
