from __future__ import annotations

import pytest
from pydantic import ValidationError

from tmescope.study.schema_carry import Carry
from tmescope.study.schema_questions import Question

CUT = {"id": "q", "kind": "cutpoint", "endpoint": "os"}


def test_cohorts_are_named_once_and_at_least_one():
    with pytest.raises(ValidationError, match="'b' stands here more than once"):
        Carry(to=["b", "b"])
    with pytest.raises(ValidationError):
        Carry(to=[])


def test_only_a_cut_is_carried_and_files_bring_their_own_features():
    assert Question(**CUT, carry={"to": ["b"]}).carry.files == []
    with pytest.raises(ValidationError, match="carry is no option of kind"):
        Question(id="q", kind="survival", endpoint="os", carry={"to": ["b"]})
    with pytest.raises(ValidationError, match="come from the files"):
        Question(**CUT, features=["cyt"], carry={"to": ["b"], "files": ["cut.json"]})
