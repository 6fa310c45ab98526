from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tmescope.associate.prediction_columns import Column, Preparation
from tmescope.associate.prediction_data import Predictor
from tmescope.associate.prediction_models import FittedModel
from tmescope.associate.prediction_saved import SavedModel
from tmescope.facts.signatures import load_signature
from tmescope.foundation.errors import StudyFileError
from tmescope.study.model_profiles import profile_of_model

CYT = load_signature("cyt")
PREDICTORS = (
    Predictor(name="cyt", source="mean", sha256=CYT.sha256, genes=CYT.genes),
    Predictor(name="mine", source="ssgsea", sha256="1" * 64, genes=("CD8A", "GZMB")),
    Predictor(name="tmb", source="table"),
    Predictor(name="CD274", source="gene"),
)


def _saved(*predictors: Predictor) -> SavedModel:
    columns = tuple(Column(predictor=p.key, name=p.name, kind="value", fill=0.0) for p in predictors)
    preparation = Preparation(predictors=predictors, columns=columns)
    return SavedModel(model_id="m", endpoint="r", kind="response",
                      fitted=FittedModel(preparation=preparation, coefficients=np.ones(len(columns)), l1_ratio=0.5,
                                         strength=0.1, n=20, n_events=8))  # fmt: skip


def test_methods_and_gene_sets_are_those_of_the_model() -> None:
    assert profile_of_model(_saved(*PREDICTORS)) == {
        "methods": ["mean", "ssgsea"],
        "signatures": ["cyt"],
        "own_signatures": {"mine": ["CD8A", "GZMB"]},
    }


def test_a_signature_that_changed_and_a_method_that_needs_more_are_refused() -> None:
    with pytest.raises(StudyFileError, match="other genes in this release"):
        profile_of_model(_saved(replace(PREDICTORS[0], sha256="0" * 64)))
    with pytest.raises(StudyFileError, match="need more than the model's file"):
        profile_of_model(_saved(Predictor(name="cyt", source="zscore_frozen")))
