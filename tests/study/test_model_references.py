from __future__ import annotations

from pathlib import Path

import pytest
from tests.study import modelled

from tmescope.foundation.errors import ManyProblems
from tmescope.study.loading import parse_study
from tmescope.study.model_references import model_references


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"endpoint": "nothing"}, "nothing"),
        ({"endpoint": "os"}, "needs horizon_months"),
        ({"horizon_months": 6.0}, "response has no horizon"),
        ({"cohorts": ["z"]}, "'z'"),
        ({"methods": ["plage"]}, "'plage'"),
    ],
)
def test_what_a_model_cannot_be_is_said_before_a_run(tmp_path: Path, change: dict[str, object], told: str) -> None:
    with pytest.raises(ManyProblems, match=told):
        parse_study(modelled.study_dict(**change), folder=tmp_path)


def test_two_models_of_one_name_are_refused(tmp_path: Path) -> None:
    data = modelled.study_dict()
    data["model"] *= 2
    with pytest.raises(ManyProblems, match="ids of models are not unique"):
        parse_study(data, folder=tmp_path)


def test_a_right_study_has_no_problem(tmp_path: Path) -> None:
    study = parse_study(modelled.study_dict(), folder=tmp_path)
    assert list(model_references(study, "study.toml")) == []
