"""Every method keeps the contract; and the contract can be broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tmescope.bulk.methods.means import METHOD as MEAN
from tmescope.bulk.methods.registry import METHODS
from tmescope.foundation.errors import MethodError
from tmescope.foundation.method import Method
from tmescope.testing import CHECKS, check_method


@pytest.mark.parametrize("check", CHECKS.values(), ids=list(CHECKS))
@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.spec.name)
def test_contract(method: Method, check: Callable[[Method], None]) -> None:
    check(method)


def _breaks(run: Callable[..., np.ndarray], **spec: object) -> Method:
    return Method(replace(MEAN.spec, name="broken", **spec), run)


def _centred(values, sets, parameters):
    scores = MEAN.run(values, sets, parameters)
    return scores - np.nansum(scores, axis=0) / len(scores)


def _by_position(values, sets, parameters):
    return MEAN.run(values, sets, parameters) + values[:, :1]


def _writes(values, sets, parameters):
    scores = MEAN.run(values, sets, parameters)
    values[:] = 0
    return scores


@pytest.mark.parametrize(
    ("method", "name"),
    [
        (_breaks(_centred), "another sample"),
        (_breaks(_by_position), "gene order"),
        (_breaks(_writes), "run changed its input"),
        (_breaks(MEAN.run, high=0.5), "declared range"),
        (_breaks(lambda v, s, p: MEAN.run(v, s, p)[:, :1]), "n_samples x n_sets"),
    ],
    ids=["cohort-dependent", "position", "writes", "range", "shape"],
)
def test_a_broken_method_is_found(method: Method, name: str) -> None:
    with pytest.raises((AssertionError, MethodError), match=name):
        check_method(method)
