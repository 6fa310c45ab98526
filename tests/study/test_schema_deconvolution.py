from __future__ import annotations

import pytest
from pydantic import ValidationError

from tmescope.study.schema_deconvolution import Deconvolution


def test_nothing_is_estimated_unless_asked():
    assert Deconvolution().methods == []
    assert Deconvolution().reference is None
    assert Deconvolution().min_coverage == 0.5


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"methods": ["a", "b", "a"]}, "'a' stands here more than once"),
        ({"min_coverage": 1.5}, "less than or equal to 1"),
        ({"method": ["a"]}, "Extra inputs are not permitted"),
        ({"reference": " "}, "is not the path of a file"),
    ],
)
def test_what_cannot_be_is_refused(given, told):
    with pytest.raises(ValidationError, match=told):
        Deconvolution(**given)
