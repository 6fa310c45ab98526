from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.associate.planted import planted

from tmescope.associate.prediction_columns import learn_preparation


def test_a_missing_number_becomes_the_training_median_and_says_so() -> None:
    data = planted(3, (40, 40), missing=0.3)
    learnt = learn_preparation(data, missing="median")
    names = [c.name for c in learnt.columns]
    assert "f1 is missing" in names
    assert sum(n.endswith("is missing") for n in names) == 1
    known = data.values["score:f1"].dropna()
    column = learnt.columns[names.index("f1")]
    assert column.fill == pytest.approx(np.median(known))
    found = learnt.apply(data.values)
    absent = data.values["score:f1"].isna().to_numpy()
    assert [f == "f1" for f in found.filled] == list(absent)
    assert not any(found.reasons)
    filled = data.values["score:f1"].fillna(np.median(known)).to_numpy()
    expected = (filled - filled.mean()) / filled.std(ddof=1)
    assert np.allclose(found.matrix[:, names.index("f1")], expected)


def test_complete_cases_get_a_reason_instead() -> None:
    data = planted(3, (40, 40), missing=0.3)
    complete = data.take(data.complete())
    learnt = learn_preparation(complete, missing="complete")
    found = learnt.apply(data.values)
    absent = data.values["score:f1"].isna().to_numpy()
    assert [r == "no value of f1" for r in found.reasons] == list(absent)
    assert np.isnan(found.matrix[absent]).all()
    assert np.isfinite(found.matrix[~absent]).all()


def test_levels_are_compared_with_the_commonest_and_a_strange_one_has_no_prediction() -> None:
    data = planted(4, (50,))
    learnt = learn_preparation(data, missing="median")
    commonest = data.values["table:site"].value_counts().idxmax()
    levels = {c.level for c in learnt.columns if c.kind == "level"}
    assert levels == {"lung", "node", "skin"} - {commonest}
    new = data.values.iloc[:2].copy()
    new["table:site"] = ["brain", commonest]
    found = learnt.apply(new)
    assert found.reasons == ("site has a level that no training patient had", "")


def test_values_beyond_the_training_range_are_told_but_predicted() -> None:
    data = planted(4, (50,))
    learnt = learn_preparation(data, missing="median")
    new = data.values.iloc[:2].copy()
    new["score:f2"] = [1e6, float(data.values["score:f2"].max())]
    found = learnt.apply(new)
    assert found.outside == ("f2", "")
    assert np.isfinite(found.matrix).all()


def test_what_does_not_vary_gives_no_column() -> None:
    data = planted(4, (50,))
    flat = data.values.assign(**{"score:f3": 2.0})
    learnt = learn_preparation(replace(data, values=flat), missing="median")
    assert "f3" not in [c.name for c in learnt.columns]


def test_values_that_are_missing_together_share_one_column() -> None:
    data = planted(3, (40, 40), missing=0.3)
    together = data.values["score:f2"].where(data.values["score:f1"].notna())
    learnt = learn_preparation(replace(data, values=data.values.assign(**{"score:f2": together})), missing="median")
    assert [c.name for c in learnt.columns if c.kind == "missing"] == ["f1 is missing"]


def test_a_value_that_a_whole_cohort_lacks_does_not_name_the_cohort() -> None:
    data = planted(3, (40, 40), missing=0.3)
    values = data.values.copy()
    values.loc[data.cohorts == np.unique(data.cohorts)[0], "score:f1"] = np.nan
    learnt = learn_preparation(replace(data, values=values), missing="median")
    assert "f1 is missing" not in [c.name for c in learnt.columns]
    few = data.values.assign(**{"score:f1": data.values["score:f1"].fillna(0.0)})
    few.loc[few.index[0], "score:f1"] = np.nan
    learnt = learn_preparation(replace(data, values=few), missing="median")
    assert "f1 is missing" not in [c.name for c in learnt.columns]  # one patient tells nothing
