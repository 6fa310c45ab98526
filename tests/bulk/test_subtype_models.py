"""What a model of subtypes holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tmescope.bulk.subtype_models import SUBTYPES, SubtypeModel, SubtypeOptions, subtype_hash
from tmescope.foundation.errors import MethodError


def test_the_hash_knows_all_that_decides() -> None:
    model = SubtypeModel(
        axes={"immune": ("A",), "stromal": ("B",)},
        scale="tpm",
        genes=("A", "B"),
        min_coverage=0.5,
        lowest_likeness=0.7,
        state={"cuts": np.zeros((2, 2))},
        facts={},
        cohort="c",
        n_samples=10,
        provenance={},
    )
    assert subtype_hash(replace(model, cohort="d", n_samples=11)) == subtype_hash(model)
    changes: list[dict[str, Any]] = [
        {"axes": {"immune": ("B",), "stromal": ("A",)}},
        {"genes": ("B", "A")},
        {"lowest_likeness": 0.71},
        {"state": {"cuts": np.full((2, 2), 1e-12)}},
    ]
    assert all(subtype_hash(replace(model, **change)) != subtype_hash(model) for change in changes)


@pytest.mark.parametrize(
    "wrong", [{"n_resamples": 0}, {"min_coverage": 1.1}, {"lowest_likeness": -2.0}, {"cut": "mode"}]
)
def test_options_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(MethodError, match=f"{name} = .* cannot be"):
        SubtypeOptions(**wrong)


def test_there_are_four_names() -> None:
    assert len(set(SUBTYPES)) == 4
