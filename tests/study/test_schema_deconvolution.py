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
        ({"truth": {"a": " "}}, "is not the path of a file"),
        ({"truth": {"a": {"file": "t", "cell_type": "type"}}}, "share is not"),
        ({"truth": {"a": {"file": "t", "share": "sample"}}}, "two of them have one name"),
    ],
)
def test_what_cannot_be_is_refused(given, told):
    with pytest.raises(ValidationError, match=told):
        Deconvolution(**given)


def test_a_path_alone_names_a_wide_table():
    truth = Deconvolution(truth={"a": "t.tsv", "b": {"file": "u.tsv", "share": "counted"}}).truth
    assert (truth["a"].file, truth["a"].share) == ("t.tsv", "")
    assert (truth["b"].sample, truth["b"].cell_type, truth["b"].share) == ("sample", "cell_type", "counted")
    described = Deconvolution.model_json_schema()["properties"]["truth"]["additionalProperties"]["anyOf"]
    assert described[0] == {"type": "string"}
