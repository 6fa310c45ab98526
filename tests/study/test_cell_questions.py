"""There is no way to ask a test over cells across patients."""

from __future__ import annotations

import pytest
from tests.study import celled

from tmescope.foundation.errors import ManyProblems
from tmescope.study.checking import check
from tmescope.study.loading import parse_study

BASE = {"id": "q", "kind": "response", "endpoint": "response"}


@pytest.fixture(scope="module")
def told(celled_folder):
    folder, atlas = celled_folder
    questions = [
        {**BASE, "id": "a", "features": ["depth", "planted"]},
        {**BASE, "id": "c", "axis": "depth"},
        {**BASE, "id": "d", "features": ["planted"]},
    ]
    data = celled.study_dict(atlas) | {"question": questions}
    return [str(p) for p in check(parse_study(data, folder=folder)).problems]


@pytest.mark.parametrize("place", ["question[a].features", "question[c].axis"])
def test_a_column_of_cells_is_refused_with_the_reason(told, place):
    (mine,) = [t for t in told if place in t]
    for words in ("no independent observations", "pseudo-bulk", "SIGNATURE@LABEL"):
        assert words in mine


@pytest.mark.parametrize("asked", [{"features": ["table:cell_type"]}, {"confounders": ["depth"]}])
def test_it_is_refused_as_a_table_s_feature_too(celled_folder, asked):
    folder, atlas = celled_folder
    with pytest.raises(ManyProblems) as error:
        parse_study(celled.study_dict(atlas) | {"question": [BASE | asked]}, folder=folder)
    assert "pseudo-bulk" in str(error.value)


def test_features_of_samples_are_not(told):
    assert not any("question[d]" in t for t in told)
    assert not any("'planted'" in t for t in told)
