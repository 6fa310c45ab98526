"""What deconvolution methods are given and return."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tmescope.bulk.mixtures import Estimates, Mixture


def test_they_cannot_be_reassigned() -> None:
    mixture = Mixture(np.ones((1, 2)), ("A", "B"))
    found = Estimates(("x",), np.ones((1, 1)), np.ones(1))
    for one in (mixture, found):
        with pytest.raises(dataclasses.FrozenInstanceError):
            one.values = np.zeros((1, 1))  # type: ignore[misc]
    assert not mixture.is_array
    assert found.warnings == ()
