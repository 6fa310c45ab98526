from __future__ import annotations

import pytest
from pydantic import ValidationError

from tmescope.study.schema_subtypes import EACH, Subtypes


def test_nothing_is_placed_unless_asked():
    asked = Subtypes()
    assert asked.models == []
    assert asked.fit == ""
    assert asked.kind == "axes"
    assert EACH == "each"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"models": ["a", "a"]}, "'a' stands here more than once"),
        ({"kind": "other"}, "'axes' or 'clusters'"),
        ({"model": "a"}, "Extra inputs are not permitted"),
        ({"models": [" "]}, "is not the path of a file"),
    ],
)
def test_what_cannot_be_is_refused(given, told):
    with pytest.raises(ValidationError, match=told):
        Subtypes(**given)
