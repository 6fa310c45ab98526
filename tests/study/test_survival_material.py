from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import StudyFileError
from tmescope.study.schema_questions import Question
from tmescope.study.survival_material import SurvivalMaterial, gather_survival

IDS = pd.Index(["s1", "s2", "s3"])
COLUMNS = {
    "site": pd.Series(["skin", "node", None], index=IDS, dtype="str"),
    "batch": pd.Series([1.0, 2.0, 2.0], index=IDS),
    "w": pd.Series([1.0, np.nan, 2.0], index=IDS),
    "biopsy": pd.Series([30.4375, 0.0, np.nan], index=IDS),
}


def gather(**options) -> SurvivalMaterial:
    question = Question.model_validate({"id": "q", "kind": "survival", "endpoint": "os", "survival": options})
    return gather_survival(question, COLUMNS.get)


def test_columns_become_strata_weights_and_months():
    found = gather(strata=["site", "batch"], weights="w", late_entry={"feature": "biopsy", "unit": "days"})
    assert found.strata is not None
    assert found.strata.name == "site, batch"
    assert found.strata.tolist()[:2] == ["skin | 1", "node | 2"]
    assert found.strata.isna().tolist() == [False, False, True]
    assert found.weights is not None
    np.testing.assert_array_equal(found.weights, COLUMNS["w"])
    assert found.sampled_months is not None
    np.testing.assert_allclose(found.sampled_months, [1.0, 0.0, np.nan])


def test_nothing_asked_gives_nothing_and_what_a_cohort_lacks_is_refused():
    plain = Question(id="q", kind="survival", endpoint="os")
    assert gather_survival(plain, COLUMNS.get) == SurvivalMaterial()
    with pytest.raises(StudyFileError, match="the cohort has no 'centre'") as caught:
        gather(strata=["centre"])
    assert caught.value.where == "question q: survival.strata"


def test_numbers_that_are_no_weights_are_refused_where_they_stand():
    question = Question.model_validate({"id": "q", "kind": "survival", "endpoint": "os", "survival": {"weights": "w"}})
    for wrong, told in ((-1.5, r"1 of 3 values of 'w' are no weights: .*s3 \(-1.5\)"), (np.inf, r"s3 \(inf\)")):
        values = pd.Series([1.0, np.nan, wrong], index=IDS)
        with pytest.raises(StudyFileError, match=told) as caught:
            gather_survival(question, {"w": values}.get, where="a: question q")
        assert caught.value.where == "a: question q: survival.weights"
