from __future__ import annotations

import numpy as np
import pytest

from tmescope.associate.expression_scales import MODELS, check_model, check_values
from tmescope.foundation.errors import ScaleError, UnknownNameError
from tmescope.foundation.scale import Scale

VALUES = np.array([[0.0, 12.0], [3.5, 900.0]])


@pytest.mark.parametrize(
    ("scale", "model", "expected"),
    [
        ("counts", "auto", "voom"), ("counts", "voom", "voom"), ("counts", "deseq2", "deseq2"),
        ("log2(tpm+1)", "auto", "limma"), ("log2_array", "limma", "limma"), ("ln(fpkm+0.5)", "auto", "limma"),
    ],
)  # fmt: skip
def test_the_scale_chooses_unless_the_user_does(scale: str, model: str, expected: str) -> None:
    assert check_model(Scale.parse(scale), model, values=VALUES) == expected


@pytest.mark.parametrize("scale", ["tpm", "fpkm", "cpm", "array", "log2(tpm+1)", "log2_array", "log2(counts+1)"])
@pytest.mark.parametrize("model", ["voom", "deseq2"])
def test_models_of_counts_take_nothing_else(scale: str, model: str) -> None:
    with pytest.raises(ScaleError, match=r"values from 0 to 900, 75\.0% whole"):
        check_model(Scale.parse(scale), model, values=VALUES)


@pytest.mark.parametrize("scale", ["counts", "tpm", "array", "log2(counts+1)"])
def test_limma_takes_no_linear_values_and_no_logarithms_of_counts(scale: str) -> None:
    with pytest.raises(ScaleError) as caught:
        check_model(Scale.parse(scale), "limma", values=VALUES)
    assert caught.value.next_step


def test_unknown_models_are_refused_with_those_that_there_are() -> None:
    with pytest.raises(UnknownNameError, match="edger"):
        check_model(Scale("counts"), "edger", values=VALUES)
    assert MODELS == ("limma", "voom", "deseq2")


def test_values_are_held_against_the_declaration() -> None:
    check_values(Scale("counts"), VALUES)
    check_values(Scale.parse("log2(tpm+1)"), np.array([[np.nan, 14.0]]))
    with pytest.raises(ScaleError, match=r"25\.0% of its values are negative"):
        check_values(Scale("counts"), VALUES - 1.0)
    with pytest.raises(ScaleError, match="no logarithm"):
        check_values(Scale.parse("log2(tpm+1)"), VALUES)
